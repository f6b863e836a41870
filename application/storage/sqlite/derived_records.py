"""What the embedded store keeps beside the log: order numbers come from a counter."""

from application.storage.shared.derived_records import DerivedTables

RAISE = (
    "INSERT INTO counters VALUES ('number', ?)"
    " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
)


class SqliteDerivedRecords(DerivedTables):
    """The port `DerivedRecords` (`application/ports/derived_records.py`) on an SQLite file."""

    def last_number(self) -> int | None:
        return self._counter("number")

    def raise_number(self, number: int) -> None:
        with self._database.transaction() as session:
            session.run(RAISE, (number,))

    def positions(self) -> tuple[int, int]:
        """The last position, twice: the next one is the one after it, assigned by no counter."""
        [(last,)] = self._database.rows("SELECT coalesce(max(rowid), 0) FROM orders_events")
        return last, last

    def raise_assigned(self, position: int) -> None:
        """Nothing to raise."""
