"""Who has which ticket, for all tickets together, as the rows of tickets say."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager

from eventsourcing.persistence import Notification

from application.ports.read_models import Row
from application.ports.tickets import OwnedRow
from application.storage.sqlite.connections import connect

OWNED = "SELECT id, order_id, held_till FROM tickets WHERE order_id IS NOT NULL ORDER BY id"
BY_ORDER = (
    "SELECT order_id, id, held_till, set_id FROM tickets"
    " WHERE order_id IS NOT NULL ORDER BY order_id"
)
LAST = "SELECT coalesce(max(rowid), 0) FROM orders_events"
LOG = (
    "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
    " WHERE rowid > ? ORDER BY rowid LIMIT ?"
)
PUT = "UPDATE tickets SET order_id = ?, held_till = ? WHERE id = ?"


def _row(row: tuple[str, str, int | None]) -> Row:
    return Row(row[0], (row[1], row[2]))


class SqliteOwnership:
    """The port `Ownership` (`application/ports/tickets.py`) on an SQLite file."""

    def __init__(
        self, path: str, transaction: Callable[[], AbstractContextManager[sqlite3.Connection]]
    ) -> None:
        self._path = path
        self._transaction = transaction

    @contextmanager
    def snapshot(self) -> Iterator[tuple[int, Iterator[Row]]]:
        """The last position of the log, and the rows by ticket, as they are at this moment."""
        with closing(connect(self._path, "FULL")) as connection:
            connection.execute("BEGIN")
            (position,) = connection.execute(LAST).fetchone()
            yield position, map(_row, connection.execute(OWNED))

    @contextmanager
    def by_order(self) -> Iterator[tuple[int, Iterator[OwnedRow]]]:
        """The last position of the log, and the rows by order, as they are at this moment."""
        with closing(connect(self._path, "FULL")) as connection:
            connection.execute("BEGIN")
            (position,) = connection.execute(LAST).fetchone()
            yield position, connection.execute(BY_ORDER)

    @contextmanager
    def repairing(self) -> Iterator["SqliteRepair"]:
        """The one writing transaction."""
        with self._transaction() as connection:
            yield SqliteRepair(connection)


class SqliteRepair:
    """The port `Mending` in the store's one writing transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.position = int(connection.execute(LAST).fetchone()[0])

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """Events by position."""
        return [Notification(*row) for row in self._connection.execute(LOG, (after, limit))]

    def rows(self) -> Iterator[Row]:
        """The rows by ticket."""
        return map(_row, self._connection.execute(OWNED))

    def put(self, ticket: str, row: Row | None) -> bool:
        """Let an order have a ticket, or nobody."""
        owner = (None, None) if row is None else row.columns
        return self._connection.execute(PUT, (*owner, ticket)).rowcount == 1
