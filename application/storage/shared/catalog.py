"""The catalogue's tables: documents by kind and id, and the tickets that are for sale."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from application.ports.admin_trail import Deed
from application.ports.tickets import Ticket
from application.ports.unit_of_work import TicketTaken
from application.storage.shared.admin_trail import record
from application.storage.shared.database import Session, Values, one_of
from application.storage.shared.listed_tickets import ListedTickets
from application.storage.shared.ticket_places import any_place, places
from application.storage.shared.ticket_rows import COLUMNS, ticket_of

NEW = "id, show_id, set_id, number, seat, shuffle"
RESTORE = (
    f"INSERT INTO tickets ({NEW}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
    " ON CONFLICT (id) DO UPDATE SET show_id = excluded.show_id, set_id = excluded.set_id,"
    " number = excluded.number, seat = excluded.seat"
)
PUT = (
    "INSERT INTO catalog VALUES (?, ?, ?)"
    " ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document"
)
PUT_LIST = (
    "INSERT INTO ticket_lists VALUES (?, ?)"
    " ON CONFLICT (show_id) DO UPDATE SET tickets = excluded.tickets"
)


class _Reading(Protocol):
    def rows(self, statement: str, values: Values = ()) -> list[tuple[str, str, bytes]]: ...


def read_documents(source: _Reading) -> dict[tuple[str, str], bytes]:
    """All documents by kind and id."""
    rows = source.rows("SELECT kind, id, document FROM catalog")
    return {(kind, key): document for kind, key, document in rows}


def read_ticket_list(session: Session, show: str) -> bytes | None:
    """The stored list of a show's tickets."""
    column = session.dialect.as_bytes.format("tickets")
    rows = session.rows(f"SELECT {column} FROM ticket_lists WHERE show_id = ?", (show,))  # noqa: S608 - our own names
    return bytes(rows[0][0]) if rows else None


class CatalogChange:
    """A change of the catalogue in an open transaction. Catalogues are changed one at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listed = ListedTickets(self.ticket_list)
        self._changed = False

    def documents(self) -> dict[tuple[str, str], bytes]:
        return read_documents(self._session)

    def put(self, kind: str, key: str, document: bytes) -> None:
        self._session.run(PUT, (kind, key, document))
        self._changed = True

    def remove(self, kind: str, key: str) -> None:
        self._session.run("DELETE FROM catalog WHERE kind = ? AND id = ?", (kind, key))
        self._changed = True

    def record(self, deed: Deed) -> None:
        record(self._session, deed)

    def tickets(self, show: str) -> Iterator[Ticket]:
        statement = f"SELECT {COLUMNS} FROM tickets WHERE show_id = ? ORDER BY number"  # noqa: S608 - our own names
        return map(ticket_of, self._session.rows(statement, (show,)))

    def tickets_by_id(self, ids: Sequence[str]) -> list[Ticket]:
        return [
            ticket_of(row)
            for condition, some in one_of("id", ids)
            for row in self._session.rows(f"SELECT {COLUMNS} FROM tickets WHERE {condition}", some)  # noqa: S608 - our own names
        ]

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add vacant tickets, at random places of their set."""
        new = list(tickets)
        self._listed.put(new)
        rows = (
            (each.id, each.show, each.set, each.number, each.seat, place)
            for each, place in zip(new, places(len(new)), strict=False)
        )
        self._session.load("tickets", NEW, rows)
        self._changed = True

    def remove_tickets(self, ids: Iterable[str]) -> None:
        wanted = list(ids)
        removed: dict[str, str] = {}
        for condition, some in one_of("id", wanted):
            statement = f"DELETE FROM tickets WHERE {condition} AND order_id IS NULL"  # noqa: S608 - our own names
            removed.update(self._session.rows(f"{statement} RETURNING id, show_id", some))
        for ticket in wanted:
            if ticket not in removed:
                raise TicketTaken(ticket)
            self._listed.remove(removed[ticket], ticket)
        self._changed = True

    def change_ticket(self, ticket: Ticket) -> None:
        self._session.run("UPDATE tickets SET seat = ? WHERE id = ?", (ticket.seat, ticket.id))
        self._listed.reseat(ticket)
        self._changed = True

    def ticket_list(self, show: str) -> bytes | None:
        return read_ticket_list(self._session, show)

    def restore_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Write the rows of tickets as they are listed; their owners stay."""
        rows = [(t.id, t.show, t.set, t.number, t.seat, any_place()) for t in tickets]
        self._session.run_each(RESTORE, rows)
        self._changed = True

    def relist(self, show: str) -> None:
        self._listed.put(self.tickets(show))
        self._changed = True

    def finish(self) -> None:
        """Write the lists and increase the catalogue's version, if something was changed."""
        if self._changed:
            self._session.run_each(PUT_LIST, self._listed.changed())
            self._session.run("UPDATE counters SET value = value + 1 WHERE name = 'catalog'")
