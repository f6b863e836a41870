"""The rows of tickets: what they say, and what orders' new facts do to them."""

import sqlite3
from collections.abc import Sequence

import msgspec

from application.clock import from_ms, to_ms
from application.store import Ticket, TicketChange, TicketTaken

PLACES = 2**31
"""How many places a ticket can have in the shuffled order of its set."""

COLUMNS = "tickets.id, show_id, set_id, number, seat, order_id, held_till"

_CHANGE = (
    "UPDATE tickets SET order_id = {owner}, held_till = news.value ->> 2"
    " FROM json_each(?) news WHERE tickets.id = news.value ->> 0 AND order_id {condition}"
)
FREE = _CHANGE.format(owner="NULL", condition="= news.value ->> 1")
KEEP = _CHANGE.format(owner="order_id", condition="= news.value ->> 1")
TAKE = _CHANGE.format(owner="news.value ->> 1", condition="IS NULL")

_encode = msgspec.json.Encoder().encode


def ticket_of(row: tuple[str, str, str, int, bytes, str | None, int | None]) -> Ticket:
    """A ticket from its columns."""
    held_till = None if row[6] is None else from_ms(row[6])
    return Ticket(row[0], row[1], row[2], row[3], row[4], row[5], held_till)


def ticket_row(connection: sqlite3.Connection, ticket: str) -> Ticket | None:
    """A ticket by its id, if there is one."""
    row = connection.execute(f"SELECT {COLUMNS} FROM tickets WHERE id = ?", (ticket,)).fetchone()  # noqa: S608 - fixed names
    return row and ticket_of(row)


def apply_ticket_changes(connection: sqlite3.Connection, changes: Sequence[TicketChange]) -> None:
    """Write what orders' facts mean for their tickets: frees first, then the rest.

    Raises `TicketTaken` when a ticket to take has an order already, or one to change is not the
    order's: a ticket's row belongs to one order only.
    """
    freed: list[tuple[str, str, int | None]] = []
    kept: list[tuple[str, str, int | None]] = []
    taken: list[tuple[str, str, int | None]] = []
    for change in changes:
        till = None if change.held_till is None else to_ms(change.held_till)
        freed += [(ticket, change.order, None) for ticket in change.freed]
        kept += [(ticket, change.order, till) for ticket in change.kept]
        taken += [(ticket, change.order, till) for ticket in change.taken]
    for statement, rows in ((FREE, freed), (KEEP, kept), (TAKE, taken)):
        if rows:
            changed = connection.execute(statement, (_encode(rows).decode(),)).rowcount
            if changed != len(rows):
                raise TicketTaken(", ".join(row[0] for row in rows))
