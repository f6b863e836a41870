"""The catalogue's tables: documents by kind and id, and the tickets that are for sale."""

from collections.abc import Iterable, Iterator, Sequence

from application.storage.postgres_connections import Connection
from application.storage.postgres_tickets import COLUMNS, ticket_of
from application.storage.ticket_places import places
from application.store import Ticket, TicketTaken

SECONDS = 300


def read_documents(connection: Connection) -> dict[tuple[str, str], bytes]:
    """All documents by kind and id."""
    rows = connection.execute("SELECT kind, id, document FROM catalog")
    return {(kind, key): document for kind, key, document in rows}


class PostgresCatalogChange:
    """A change of the catalogue, inside an open transaction of its own.

    Catalogues are changed one at a time. Sales go on meanwhile, but for the rows that are changed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._made = False
        for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
            connection.execute("SELECT set_config(%s, %s, true)", (name, f"{SECONDS}s"))
        connection.execute("SELECT 1 FROM counters WHERE name = 'catalog' FOR UPDATE")

    def documents(self) -> dict[tuple[str, str], bytes]:
        """The documents as they are."""
        return read_documents(self._connection)

    def put(self, kind: str, key: str, document: bytes) -> None:
        """Add or replace a document."""
        self._connection.execute(
            "INSERT INTO catalog VALUES (%s, %s, %s)"
            " ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document",
            (kind, key, document),
        )
        self._made = True

    def tickets(self, show: str) -> Iterator[Ticket]:
        """All tickets of a show by their numbers."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM tickets WHERE show_id = %s ORDER BY number",  # noqa: S608 - fixed names
            (show,),
        )
        return map(ticket_of, rows.fetchall())

    def tickets_by_id(self, ids: Sequence[str]) -> list[Ticket]:
        """These tickets, of whatever show."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM tickets WHERE id = ANY(%s)",  # noqa: S608 - fixed names
            (list(ids),),
        )
        return [ticket_of(row) for row in rows]

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add vacant tickets, at random places of their set."""
        new = list(tickets)
        with (
            self._connection.cursor() as cursor,
            cursor.copy(
                "COPY tickets (id, show_id, set_id, number, seat, shuffle) FROM STDIN"
            ) as copy,
        ):
            for each, place in zip(new, places(len(new)), strict=False):
                copy.write_row((each.id, each.show, each.set, each.number, each.seat, place))
        self._made = True

    def remove_tickets(self, ids: Iterable[str]) -> None:
        """Remove vacant tickets."""
        wanted = list(ids)
        rows = self._connection.execute(
            "DELETE FROM tickets WHERE id = ANY(%s) AND order_id IS NULL RETURNING id", (wanted,)
        )
        removed = {row[0] for row in rows}
        for ticket in wanted:
            if ticket not in removed:
                raise TicketTaken(ticket)
        self._made = True

    def change_ticket(self, ticket: Ticket) -> None:
        """Change a ticket's seat."""
        self._connection.execute(
            "UPDATE tickets SET seat = %s WHERE id = %s", (ticket.seat, ticket.id)
        )
        self._made = True

    def finish(self) -> None:
        """Let everyone know, if something was changed."""
        if self._made:
            self._connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'catalog'")
