"""What a PostgreSQL database keeps beside the log. Numbers and positions come from sequences."""

from application.storage.shared.derived_records import DerivedTables

NUMBERS = "orders_numbers"
POSITIONS = "orders_events_notification_id_seq"
LEAP = 1000
"""How far beyond the log a sequence is set: other sessions may take values from it at this very
moment, and what they get must not come again."""


class PostgresDerivedRecords(DerivedTables):
    """The port `DerivedRecords` (`application/ports/derived_records.py`) on PostgreSQL."""

    def last_number(self) -> int | None:
        return self._last(NUMBERS)

    def raise_number(self, number: int) -> None:
        self._raise(NUMBERS, number)

    def positions(self) -> tuple[int, int]:
        """The last assigned position, and the position of the last event, which is read first."""
        [(last,)] = self._database.rows(
            "SELECT coalesce(max(notification_id), 0) FROM orders_events"
        )
        return self._last(POSITIONS), last

    def raise_assigned(self, position: int) -> None:
        self._raise(POSITIONS, position)

    def _last(self, sequence: str) -> int:
        rows = self._database.rows(
            "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END"  # noqa: S608 - our own names
            f" FROM {sequence}"
        )
        return int(rows[0][0])

    def _raise(self, sequence: str, value: int) -> None:
        if self._last(sequence) < value:
            self._database.rows("SELECT setval(?::regclass, ?)", (sequence, value + LEAP))
