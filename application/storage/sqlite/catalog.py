"""The catalogue's tables: documents by kind and id, and the tickets that are for sale."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from application.ports.tickets import Ticket
from application.ports.unit_of_work import TicketTaken
from application.storage.shared.listed_tickets import ListedTickets
from application.storage.shared.ticket_places import any_place, places
from application.storage.sqlite.tickets import COLUMNS, ticket_of, ticket_row

LIST = "SELECT CAST(tickets AS BLOB) FROM ticket_lists WHERE show_id = ?"
PUT_LIST = (
    "INSERT INTO ticket_lists VALUES (?, ?) ON CONFLICT DO UPDATE SET tickets = excluded.tickets"
)
RESTORE = (
    "INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET show_id = excluded.show_id, set_id = excluded.set_id,"
    " number = excluded.number, seat = excluded.seat"
)


def read_documents(connection: sqlite3.Connection) -> dict[tuple[str, str], bytes]:
    """All documents by kind and id."""
    rows = connection.execute("SELECT kind, id, document FROM catalog")
    return {(kind, key): document for kind, key, document in rows}


class SqliteCatalogChange:
    """A change of the catalogue, inside the store's one writing transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._listed = ListedTickets(self.ticket_list)
        self._made = False

    def documents(self) -> dict[tuple[str, str], bytes]:
        """The documents as they are."""
        return read_documents(self._connection)

    def put(self, kind: str, key: str, document: bytes) -> None:
        """Add or replace a document."""
        self._connection.execute(
            "INSERT INTO catalog VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET document = excluded.document",
            (kind, key, document),
        )
        self._made = True

    def tickets(self, show: str) -> Iterator[Ticket]:
        """All tickets of a show by their numbers."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM tickets WHERE show_id = ? ORDER BY number",  # noqa: S608 - fixed names
            (show,),
        )
        return map(ticket_of, rows.fetchall())

    def tickets_by_id(self, ids: Sequence[str]) -> list[Ticket]:
        """These tickets, of whatever show."""
        return [found for each in ids if (found := ticket_row(self._connection, each)) is not None]

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add vacant tickets, at random places of their set."""
        new = list(tickets)
        self._listed.put(new)
        self._connection.executemany(
            "INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                (each.id, each.show, each.set, each.number, each.seat, place)
                for each, place in zip(new, places(len(new)), strict=False)
            ),
        )
        self._made = True

    def remove_tickets(self, ids: Iterable[str]) -> None:
        """Remove vacant tickets."""
        for ticket in ids:
            removed = self._connection.execute(
                "DELETE FROM tickets WHERE id = ? AND order_id IS NULL RETURNING show_id", (ticket,)
            ).fetchone()
            if removed is None:
                raise TicketTaken(ticket)
            self._listed.remove(removed[0], ticket)
        self._made = True

    def change_ticket(self, ticket: Ticket) -> None:
        """Change a ticket's seat."""
        self._connection.execute(
            "UPDATE tickets SET seat = ? WHERE id = ?", (ticket.seat, ticket.id)
        )
        self._listed.reseat(ticket)
        self._made = True

    def ticket_list(self, show: str) -> bytes | None:
        """The list of a show's tickets as it is stored."""
        row = self._connection.execute(LIST, (show,)).fetchone()
        return None if row is None else bytes(row[0])

    def restore_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Write the rows of tickets as they are listed; who has them stays."""
        self._connection.executemany(
            RESTORE, [(t.id, t.show, t.set, t.number, t.seat, any_place()) for t in tickets]
        )
        self._made = True

    def relist(self, show: str) -> None:
        """Add all tickets that a show has rows of to its list."""
        self._listed.put(self.tickets(show))
        self._made = True

    def finish(self) -> None:
        """Write the lists, and let everyone know, if something was changed."""
        if self._made:
            self._connection.executemany(PUT_LIST, self._listed.changed())
            self._connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'catalog'")
