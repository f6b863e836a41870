"""The rows of tickets."""

import sqlite3

from application.clock import from_ms
from application.store import Ticket

COLUMNS = "tickets.id, show_id, set_id, number, seat, order_id, held_till"


def ticket_of(row: tuple[str, str, str, int, bytes, str | None, int | None]) -> Ticket:
    """A ticket from its columns."""
    held_till = None if row[6] is None else from_ms(row[6])
    return Ticket(row[0], row[1], row[2], row[3], row[4], row[5], held_till)


def ticket_row(connection: sqlite3.Connection, ticket: str) -> Ticket | None:
    """A ticket by its id, if there is one."""
    row = connection.execute(f"SELECT {COLUMNS} FROM tickets WHERE id = ?", (ticket,)).fetchone()  # noqa: S608 - fixed names
    return row and ticket_of(row)
