"""Which order owns which ticket, for all tickets together, as the rows of tickets have it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from eventsourcing.persistence import Notification

from application.ports.read_models import Row
from application.ports.tickets import OwnedRow
from application.storage.shared.database import Database, Session, last_position

OWNED = "SELECT id, order_id, held_till FROM tickets WHERE order_id IS NOT NULL ORDER BY id"
BY_ORDER = (
    "SELECT order_id, id, held_till, set_id FROM tickets"
    " WHERE order_id IS NOT NULL ORDER BY order_id"
)
LOG = (
    "SELECT originator_id, originator_version, topic, state, {position} FROM orders_events"
    " WHERE {position} > ? ORDER BY {position} LIMIT ?"
)


def _rows_by_ticket(session: Session) -> Iterator[Row]:
    return (Row(row[0], (row[1], row[2])) for row in session.scan(OWNED))


class TicketOwnership:
    """The port `Ownership` (`application/ports/tickets.py`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def snapshot(self) -> Iterator[tuple[int, Iterator[Row]]]:
        with self._database.log_snapshot() as (position, session):
            yield position, _rows_by_ticket(session)

    @contextmanager
    def by_order(self) -> Iterator[tuple[int, Iterator[OwnedRow]]]:
        """The last position of the log, and the rows by order, at one moment."""
        with self._database.log_snapshot() as (position, session):
            yield position, session.scan(BY_ORDER)

    @contextmanager
    def repairing(self) -> Iterator["TicketRepair"]:
        """A transaction that writes while nobody appends to the log."""
        with self._database.log_locked() as session:
            yield TicketRepair(session)


class TicketRepair:
    """The port `Repair` (`application/ports/tickets.py`) in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._log = LOG.format(position=session.dialect.position)
        self.position = last_position(session)

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        return [Notification(*row) for row in self._session.rows(self._log, (after, limit))]

    def rows(self) -> Iterator[Row]:
        return _rows_by_ticket(self._session)

    def put(self, ticket: str, row: Row | None) -> bool:
        """Set the owner of a ticket; None makes it vacant. False if there is no such ticket."""
        owner = (None, None) if row is None else row.columns
        statement = "UPDATE tickets SET order_id = ?, held_till = ? WHERE id = ?"
        return self._session.run(statement, (*owner, ticket)) == 1
