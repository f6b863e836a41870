"""The catalogue's tables: documents by kind and id, and the tickets that are for sale."""

from collections.abc import Iterable, Iterator, Sequence

from application.ports.tickets import Ticket
from application.ports.unit_of_work import TicketTaken
from application.storage.postgres.connections import Connection
from application.storage.postgres.tickets import COLUMNS, ticket_of
from application.storage.shared.listed_tickets import ListedTickets
from application.storage.shared.ticket_places import any_place, places

SECONDS = 300


LIST = "SELECT tickets FROM ticket_lists WHERE show_id = %s"
PUT_LIST = (
    "INSERT INTO ticket_lists VALUES (%s, %s)"
    " ON CONFLICT (show_id) DO UPDATE SET tickets = excluded.tickets"
)
RESTORE = (
    "INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (id) DO UPDATE SET show_id = excluded.show_id, set_id = excluded.set_id,"
    " number = excluded.number, seat = excluded.seat"
)


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
        self._listed = ListedTickets(self.ticket_list)
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
        self._listed.put(new)
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
            "DELETE FROM tickets WHERE id = ANY(%s) AND order_id IS NULL RETURNING id, show_id",
            (wanted,),
        )
        removed: dict[str, str] = {row[0]: row[1] for row in rows}
        for ticket in wanted:
            if ticket not in removed:
                raise TicketTaken(ticket)
            self._listed.remove(removed[ticket], ticket)
        self._made = True

    def change_ticket(self, ticket: Ticket) -> None:
        """Change a ticket's seat."""
        self._connection.execute(
            "UPDATE tickets SET seat = %s WHERE id = %s", (ticket.seat, ticket.id)
        )
        self._listed.reseat(ticket)
        self._made = True

    def ticket_list(self, show: str) -> bytes | None:
        """The list of a show's tickets as it is stored."""
        row = self._connection.execute(LIST, (show,)).fetchone()
        return None if row is None else bytes(row[0])

    def restore_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Write the rows of tickets as they are listed; who has them stays."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
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
            for each in self._listed.changed():
                self._connection.execute(PUT_LIST, each)
            self._connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'catalog'")
