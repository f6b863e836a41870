"""The rows of tickets: picking vacant ones, and what an order's facts do to them."""

import random
import sqlite3

from application.clock import from_ms, to_ms
from application.store import Ticket, TicketChange, TicketTaken

PLACES = 2**31
"""How many places a ticket can have in the shuffled order of its set."""

COLUMNS = "id, show_id, set_id, number, seat, order_id, held_till"

_PICK = (
    "SELECT id FROM tickets WHERE set_id = ? AND order_id IS NULL AND shuffle {side} ?"
    " ORDER BY shuffle LIMIT ?"
)
PICK_AFTER = _PICK.format(side=">=")
PICK_BEFORE = _PICK.format(side="<")


def pick(connection: sqlite3.Connection, set_id: str, count: int) -> list[str]:
    """At most `count` vacant tickets of a set, from a random place in its shuffled order."""
    start = random.randrange(PLACES)  # noqa: S311 - which seat a buyer gets is no secret
    picked = connection.execute(PICK_AFTER, (set_id, start, count)).fetchall()
    if len(picked) < count:
        picked += connection.execute(PICK_BEFORE, (set_id, start, count - len(picked))).fetchall()
    return [row[0] for row in picked]


def ticket_of(row: tuple[str, str, str, int, bytes, str | None, int | None]) -> Ticket:
    """A ticket from its columns."""
    held_till = None if row[6] is None else from_ms(row[6])
    return Ticket(row[0], row[1], row[2], row[3], row[4], row[5], held_till)


def ticket_row(connection: sqlite3.Connection, ticket: str) -> Ticket | None:
    """A ticket by its id, if there is one."""
    row = connection.execute(f"SELECT {COLUMNS} FROM tickets WHERE id = ?", (ticket,)).fetchone()  # noqa: S608 - fixed names
    return row and ticket_of(row)


def apply_ticket_change(cursor: sqlite3.Cursor, change: TicketChange) -> None:
    """Write what an order's facts mean for its tickets.

    Raises `TicketTaken` when a ticket to take has an order already, or one to change is not the
    order's: a ticket's row belongs to one order only.
    """
    till = None if change.held_till is None else to_ms(change.held_till)
    for ticket in change.taken:
        cursor.execute(
            "UPDATE tickets SET order_id = ?, held_till = ? WHERE id = ? AND order_id IS NULL",
            (change.order, till, ticket),
        )
        _refuse_lost(cursor, ticket)
    for ticket in change.kept:
        cursor.execute(
            "UPDATE tickets SET held_till = ? WHERE id = ? AND order_id = ?",
            (till, ticket, change.order),
        )
        _refuse_lost(cursor, ticket)
    for ticket in change.freed:
        cursor.execute(
            "UPDATE tickets SET order_id = NULL, held_till = NULL WHERE id = ? AND order_id = ?",
            (ticket, change.order),
        )
        _refuse_lost(cursor, ticket)


def _refuse_lost(cursor: sqlite3.Cursor, ticket: str) -> None:
    if cursor.rowcount != 1:
        raise TicketTaken(ticket)
