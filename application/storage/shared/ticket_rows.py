"""The rows of tickets as both stores read them."""

from typing import Any

from application.ports.tickets import Ticket
from application.runtime.clock import from_ms

COLUMNS = "tickets.id, show_id, set_id, number, seat, order_id, held_till"


def ticket_of(row: tuple[Any, ...]) -> Ticket:
    """A ticket from its `COLUMNS`."""
    held_till = None if row[6] is None else from_ms(row[6])
    return Ticket(row[0], row[1], row[2], row[3], row[4], row[5], held_till)
