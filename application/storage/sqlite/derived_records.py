"""What the embedded store keeps beside the log and could make again from it."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager

from application.ports.derived_records import RecordRow
from application.ports.ticket_lists import Listed
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import from_ms, to_ms
from application.storage.sqlite.catalog import read_documents
from application.storage.sqlite.connections import connect
from application.storage.sqlite.log_tables import PROVEN_FROM

LAST = "SELECT coalesce(max(rowid), 0) FROM orders_events"
BY_ORDER = (
    "SELECT CASE typeof(order_id) WHEN 'text' THEN order_id ELSE hex(order_id) END AS of_order,"
    " CAST(version AS INTEGER), CASE typeof(digest) WHEN 'blob' THEN digest END,"
    " CAST(fingerprint AS BLOB), CAST(at AS INTEGER) FROM requests ORDER BY of_order"
)
"""SQLite keeps values of any type in any column: whoever changes them need not keep to ours."""

COLUMNS = "digest, fingerprint, order_id, version, at"
FOUND = "digest, CAST(fingerprint AS BLOB), CAST(order_id AS TEXT), CAST(version AS INTEGER), at"
COUNTER = "SELECT value FROM counters WHERE name = ?"
RAISE = (
    "INSERT INTO counters VALUES ('number', ?)"
    " ON CONFLICT DO UPDATE SET value = max(value, excluded.value)"
)


def _answered(row: tuple[bytes, bytes, str, int, int]) -> IdempotencyRecord:
    return IdempotencyRecord(*row[:4], from_ms(row[4]))


class SqliteDerivedRecords:
    """The port `BesideLog` (`application/ports/derived_records.py`) on an SQLite file."""

    def __init__(
        self,
        path: str,
        reader: Callable[[], sqlite3.Connection],
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
    ) -> None:
        """Read the log at `path`; `reader` is this thread's connection to it."""
        self._path = path
        self._reader = reader
        self._transaction = transaction

    @contextmanager
    def records_by_order(self) -> Iterator[tuple[int, Iterator[RecordRow]]]:
        """The last position of the log, and all records by order, as they are at this moment."""
        with closing(connect(self._path, "FULL")) as connection:
            connection.execute("BEGIN")
            (position,) = connection.execute(LAST).fetchone()
            yield position, connection.execute(BY_ORDER)

    @contextmanager
    def catalog_moment(self) -> Iterator["SqliteCatalogMoment"]:
        """The catalogue with its tickets, as all of it is at this moment."""
        with closing(connect(self._path, "FULL")) as connection:
            connection.execute("BEGIN")
            yield SqliteCatalogMoment(connection)

    def records(self, digests: Sequence[bytes]) -> Mapping[bytes, IdempotencyRecord]:
        """The records with these digests."""
        statement = f"SELECT {FOUND} FROM requests WHERE digest = ?"  # noqa: S608 - our own words
        rows = (self._reader().execute(statement, (each,)).fetchone() for each in digests)
        return {row[0]: _answered(row) for row in rows if row is not None}

    def records_after(self, digest: bytes, limit: int) -> Sequence[IdempotencyRecord]:
        """Records by digest."""
        rows = self._reader().execute(
            f"SELECT {FOUND} FROM requests WHERE digest > ? ORDER BY digest LIMIT ?",  # noqa: S608 - our own words
            (digest, limit),
        )
        return [_answered(row) for row in rows]

    def put_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Write records."""
        with self._transaction() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO requests ({COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - our own words
                [(r.digest, r.fingerprint, r.order, r.version, to_ms(r.at)) for r in records],
            )

    def remove_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Remove records, as they were found."""
        with self._transaction() as connection:
            connection.executemany(
                "DELETE FROM requests WHERE digest = ? AND order_id = ? AND version = ?",
                [(each.digest, each.order, each.version) for each in records],
            )

    def proven_from(self) -> int:
        """The position up to which events do not say by which Idempotency-Key they came."""
        return self._counter(PROVEN_FROM) or 0

    def last_number(self) -> int | None:
        """The last order number that was drawn."""
        return self._counter("number")

    def raise_number(self, number: int) -> None:
        """See that the next order number is beyond `number`."""
        with self._transaction() as connection:
            connection.execute(RAISE, (number,))

    def positions(self) -> tuple[int, int]:
        """The last position, twice: the next one is the one after it, drawn by no counter."""
        last = int(self._reader().execute(LAST).fetchone()[0])
        return last, last

    def raise_assigned(self, position: int) -> None:
        """Nothing to raise."""

    def _counter(self, name: str) -> int | None:
        row = self._reader().execute(COUNTER, (name,)).fetchone()
        return None if row is None else int(row[0])


class SqliteCatalogMoment:
    """The port `CatalogMoment` in a transaction that only reads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def documents(self) -> Mapping[tuple[str, str], bytes]:
        """The documents by kind and id."""
        return read_documents(self._connection)

    def ticket_lists(self) -> Iterator[tuple[str, bytes]]:
        """The lists as they are stored."""
        yield from self._connection.execute(
            "SELECT show_id, CAST(tickets AS BLOB) FROM ticket_lists"
        )

    def shows(self) -> Sequence[str]:
        """The shows that have rows of tickets."""
        return [row[0] for row in self._connection.execute("SELECT DISTINCT show_id FROM tickets")]

    def rows(self, show: str) -> Sequence[Listed]:
        """A show's rows of tickets."""
        return self._connection.execute(
            "SELECT id, set_id, number, seat FROM tickets WHERE show_id = ? ORDER BY number, id",
            (show,),
        ).fetchall()
