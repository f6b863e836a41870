"""What a PostgreSQL database keeps beside the log and could make again from it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from application.ports.derived_records import RecordRow
from application.ports.ticket_lists import Listed
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import from_ms, to_ms
from application.storage.postgres.catalog import read_documents
from application.storage.postgres.connections import Connection, Readers
from application.storage.postgres.layout import PROVEN_FROM
from application.storage.postgres.ownership import PostgresOwnership

BY_ORDER = b"SELECT order_id, version, digest, fingerprint, at FROM requests ORDER BY order_id"
COLUMNS = "digest, fingerprint, order_id, version, at"
PUT = (
    f"INSERT INTO requests ({COLUMNS}) SELECT * FROM unnest"  # noqa: S608 - our own words
    "(%s::bytea[], %s::bytea[], %s::text[], %s::bigint[], %s::bigint[])"
    " ON CONFLICT (digest) DO UPDATE SET (fingerprint, order_id, version, at)"
    " = (excluded.fingerprint, excluded.order_id, excluded.version, excluded.at)"
)
REMOVE = (
    "DELETE FROM requests USING unnest(%s::bytea[], %s::text[], %s::bigint[])"
    " AS w (digest, order_id, version) WHERE requests.digest = w.digest"
    " AND requests.order_id = w.order_id AND requests.version = w.version"
)
NUMBERS = "orders_numbers"
POSITIONS = "orders_events_notification_id_seq"
LEAP = 1000
"""How far beyond the log a sequence is set: others may draw from it in this very moment, and what
they get must not come again."""


def _answered(row: tuple[Any, ...]) -> IdempotencyRecord:
    digest, fingerprint, order, version, at = row
    return IdempotencyRecord(digest, fingerprint, order, version, from_ms(at))


class PostgresDerivedRecords:
    """The port `BesideLog` (`application/ports/derived_records.py`) on PostgreSQL."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @contextmanager
    def records_by_order(self) -> Iterator[tuple[int, Iterator[RecordRow]]]:
        """The last position of the log, and all records by order, as they are at this moment."""
        with PostgresOwnership(self._readers).moment(BY_ORDER) as found:
            yield found

    @contextmanager
    def catalog_moment(self) -> Iterator["PostgresCatalogMoment"]:
        """The catalogue with its tickets, as all of it is at this moment."""
        with self._readers.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.execute("SET LOCAL statement_timeout = 0")
            yield PostgresCatalogMoment(connection)

    def records(self, digests: Sequence[bytes]) -> Mapping[bytes, IdempotencyRecord]:
        """The records with these digests."""
        rows = self._readers.rows(
            f"SELECT {COLUMNS} FROM requests WHERE digest = ANY(%s::bytea[])",  # noqa: S608 - our own words
            (list(digests),),
        )
        return {row[0]: _answered(row) for row in rows}

    def records_after(self, digest: bytes, limit: int) -> Sequence[IdempotencyRecord]:
        """Records by digest."""
        rows = self._readers.rows(
            f"SELECT {COLUMNS} FROM requests WHERE digest > %s ORDER BY digest LIMIT %s",  # noqa: S608 - our own words
            (digest, limit),
        )
        return [_answered(row) for row in rows]

    def put_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Write records."""
        values = [(r.digest, r.fingerprint, r.order, r.version, to_ms(r.at)) for r in records]
        with self._readers.transaction() as connection:
            connection.execute(PUT.encode(), [list(each) for each in zip(*values, strict=True)])

    def remove_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Remove records, as they were found."""
        values = [(each.digest, each.order, each.version) for each in records]
        with self._readers.transaction() as connection:
            connection.execute(REMOVE.encode(), [list(each) for each in zip(*values, strict=True)])

    def proven_from(self) -> int:
        """The position up to which events do not say by which Idempotency-Key they came."""
        rows = self._readers.rows("SELECT value FROM counters WHERE name = %s", (PROVEN_FROM,))
        return int(rows[0][0]) if rows else 0

    def last_number(self) -> int | None:
        """The last order number that was drawn."""
        return self._last(NUMBERS)

    def raise_number(self, number: int) -> None:
        """See that the next order number is beyond `number`."""
        self._raise(NUMBERS, number)

    def positions(self) -> tuple[int, int]:
        """The last position that was drawn, and the last that an event has, which is read first."""
        rows = self._readers.rows("SELECT coalesce(max(notification_id), 0) FROM orders_events")
        return self._last(POSITIONS), int(rows[0][0])

    def raise_assigned(self, position: int) -> None:
        """See that the next position is beyond `position`."""
        self._raise(POSITIONS, position)

    def _last(self, sequence: str) -> int:
        rows = self._readers.rows(
            "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END"  # noqa: S608 - our own names
            f" FROM {sequence}"
        )
        return int(rows[0][0])

    def _raise(self, sequence: str, value: int) -> None:
        if self._last(sequence) < value:
            self._readers.rows("SELECT setval(%s::regclass, %s)", (sequence, value + LEAP))


class PostgresCatalogMoment:
    """The port `CatalogMoment` in a transaction that only reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def documents(self) -> Mapping[tuple[str, str], bytes]:
        """The documents by kind and id."""
        return read_documents(self._connection)

    def ticket_lists(self) -> Iterator[tuple[str, bytes]]:
        """The lists as they are stored, one at a time."""
        for show in self._connection.execute("SELECT show_id FROM ticket_lists").fetchall():
            rows = self._connection.execute(
                "SELECT show_id, tickets FROM ticket_lists WHERE show_id = %s", show
            ).fetchall()
            yield from ((row[0], row[1]) for row in rows)

    def shows(self) -> Sequence[str]:
        """The shows that have rows of tickets."""
        rows = self._connection.execute("SELECT DISTINCT show_id FROM tickets")
        return [row[0] for row in rows.fetchall()]

    def rows(self, show: str) -> Sequence[Listed]:
        """A show's rows of tickets."""
        with self._connection.cursor(binary=True) as cursor:
            rows = cursor.execute(
                b"SELECT id, set_id, number, seat FROM tickets WHERE show_id = %s"
                b" ORDER BY number, id",
                (show,),
            ).fetchall()
        return [(row[0], row[1], row[2], row[3]) for row in rows]
