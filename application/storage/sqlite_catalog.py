"""The catalogue's tables: documents by kind and id, and the tickets that are for sale."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from application.storage.sqlite_tickets import COLUMNS, ticket_of, ticket_row
from application.storage.ticket_places import places
from application.store import Ticket, TicketTaken


def read_documents(connection: sqlite3.Connection) -> dict[tuple[str, str], bytes]:
    """All documents by kind and id."""
    rows = connection.execute("SELECT kind, id, document FROM catalog")
    return {(kind, key): document for kind, key, document in rows}


class SqliteCatalogChange:
    """A change of the catalogue, inside the store's one writing transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.made = False

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
        self.made = True

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
        self._connection.executemany(
            "INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                (each.id, each.show, each.set, each.number, each.seat, place)
                for each, place in zip(new, places(len(new)), strict=False)
            ),
        )
        self.made = True

    def remove_tickets(self, ids: Iterable[str]) -> None:
        """Remove vacant tickets."""
        for ticket in ids:
            removed = self._connection.execute(
                "DELETE FROM tickets WHERE id = ? AND order_id IS NULL", (ticket,)
            )
            if removed.rowcount != 1:
                raise TicketTaken(ticket)
        self.made = True

    def change_ticket(self, ticket: Ticket) -> None:
        """Change a ticket's seat."""
        self._connection.execute(
            "UPDATE tickets SET seat = ? WHERE id = ?", (ticket.seat, ticket.id)
        )
        self.made = True
