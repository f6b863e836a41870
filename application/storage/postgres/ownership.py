"""Who has which ticket, for all tickets together, as the rows of tickets say.

Rows and log are seen at one moment only if no append is open then: positions are drawn before an
append ends. So the log's lock is taken alone for as long as it takes to begin a snapshot.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eventsourcing.persistence import Notification

from application.ports.read_models import Row
from application.ports.tickets import OwnedRow
from application.storage.postgres.advisory_locks import LOG_LOCK
from application.storage.postgres.connections import Connection, Readers, streamed
from application.storage.postgres.sessions import take_time

OWNED = b"SELECT id, order_id, held_till FROM tickets WHERE order_id IS NOT NULL ORDER BY id"
BY_ORDER = (
    b"SELECT order_id, id, held_till, set_id FROM tickets"
    b" WHERE order_id IS NOT NULL ORDER BY order_id"
)
LAST = b"SELECT coalesce(max(notification_id), 0) FROM orders_events"
LOG = (
    b"SELECT originator_id, originator_version, topic, state, notification_id FROM orders_events"
    b" WHERE notification_id > %s ORDER BY notification_id LIMIT %s"
)
PUT = b"UPDATE tickets SET order_id = %s, held_till = %s WHERE id = %s"
SCAN_ROWS = 5000


def _row(row: tuple[str, str, int | None]) -> Row:
    return Row(row[0], (row[1], row[2]))


def _last(connection: Connection) -> int:
    row = connection.execute(LAST).fetchone()
    return 0 if row is None else int(row[0])


class PostgresOwnership:
    """The port `Ownership` (`application/ports/tickets.py`) on PostgreSQL."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @contextmanager
    def snapshot(self) -> Iterator[tuple[int, Iterator[Row]]]:
        """The last position of the log, and the rows by ticket, as they are at this moment."""
        with self._moment() as (position, connection):
            yield position, map(_row, _scan(connection, OWNED))

    @contextmanager
    def by_order(self) -> Iterator[tuple[int, Iterator[OwnedRow]]]:
        """The last position of the log, and the rows by order, as they are at this moment."""
        with self._moment() as (position, connection):
            yield position, _scan(connection, BY_ORDER)

    @contextmanager
    def moment(self, statement: bytes) -> Iterator[tuple[int, Iterator[Any]]]:
        """The last position of the log, and what a statement finds beside it at this moment."""
        with self._moment() as (position, connection):
            yield position, _scan(connection, statement)

    @contextmanager
    def _moment(self) -> Iterator[tuple[int, Connection]]:
        """A transaction over log and tickets as they are now, and the log's last position."""
        with self._readers.borrow() as connection:
            connection.execute("SELECT pg_advisory_lock(%s, %s)", LOG_LOCK)
            try:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                position = _last(connection)
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", LOG_LOCK)
            try:
                yield position, connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def repairing(self) -> Iterator["PostgresRepair"]:
        """A transaction that has the log's lock alone."""
        with self._readers.acknowledged() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOG_LOCK)
            yield PostgresRepair(connection)


def _scan(connection: Connection, statement: bytes) -> Iterator[Any]:
    """All rows of tickets that are owned, in the open transaction."""
    take_time(connection)
    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    with connection.cursor(name="owned", binary=True) as cursor:
        cursor.execute(statement)
        yield from streamed(cursor, SCAN_ROWS)


class PostgresRepair:
    """The port `Mending` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.position = _last(connection)

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """Events by position."""
        return [Notification(*row) for row in self._connection.execute(LOG, (after, limit))]

    def rows(self) -> Iterator[Row]:
        """The rows by ticket."""
        return map(_row, _scan(self._connection, OWNED))

    def put(self, ticket: str, row: Row | None) -> bool:
        """Let an order have a ticket, or nobody."""
        owner = (None, None) if row is None else row.columns
        return self._connection.execute(PUT, (*owner, ticket)).rowcount == 1
