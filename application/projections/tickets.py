"""The inline read model of tickets: what an order's new facts mean for its tickets' rows."""

from collections.abc import Iterable

from application.store import TicketChange
from domain.order import Order
from domain.status import Status


def owned(order: Order) -> tuple[str, ...]:
    """The tickets that are the order's own: those of a canceled or expired one are not."""
    return tuple(order.tickets) if order.holds_tickets else ()


def ticket_change(before: Iterable[str], order: Order) -> TicketChange:
    """What to change in the rows of tickets when `order` owned `before` and is now as it is."""
    had = dict.fromkeys(before)
    has = dict.fromkeys(owned(order))
    return TicketChange(
        order=order.id,
        taken=[ticket for ticket in has if ticket not in had],
        freed=[ticket for ticket in had if ticket not in has],
        kept=[ticket for ticket in has if ticket in had],
        held_till=None if order.status is Status.DONE else order.reserved_till,
    )
