"""The rows of tickets as both stores read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from application.ports.tickets import Ticket
from application.runtime.clock import from_ms

COLUMNS = "tickets.id, show_id, set_id, number, seat, order_id, held_till"


def ticket_of(row: tuple[Any, ...]) -> Ticket:
    """A ticket from its `COLUMNS`."""
    return Ticket(row[0], row[1], row[2], row[3], row[4], row[5], optional_moment(row[6]))


def optional_moment(stored: int | None) -> datetime | None:
    """A moment as it is stored, in milliseconds, if there is one."""
    return None if stored is None else from_ms(stored)


_STATUS = {
    "vacant": "order_id IS NULL OR held_till <= {mark}",
    "reserved": "order_id IS NOT NULL AND held_till > {mark}",
    "sold": "order_id IS NOT NULL AND held_till IS NULL",
}


def in_statuses(statuses: Sequence[str], now: int, mark: str) -> tuple[str, list[int]]:
    """A condition for tickets in one of `statuses` at `now`, and its values; none means all."""
    if not statuses:
        return "1 = 1", []
    condition = " OR ".join(f"({_STATUS[each].format(mark=mark)})" for each in statuses)
    return condition, [now] * condition.count(mark)
