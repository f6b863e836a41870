"""The inline read model of tickets: what an order's new events mean for its tickets' rows."""

from collections.abc import Iterable, Sequence

from application.ports.read_models import Row, Table
from application.ports.tickets import Ticket
from application.ports.unit_of_work import TicketChange
from application.runtime.clock import to_ms
from domain.events import Event
from domain.order import Order
from domain.promocodes import is_of_buyers, kind_of
from domain.status import Status

TABLE = Table(name="tickets", columns={"order_id": str, "held_till": int})
"""Who has a ticket, as far as the log says: to be compared with the tickets' own rows."""


def rows(events: Sequence[Event]) -> list[Row]:
    """The tickets and uses of promo codes that an order has, until its hold ends or for good."""
    order = Order.replay(events)
    till = None if order.status is Status.DONE else to_ms(order.reserved_till)
    return [Row(ticket, (order.id, till)) for ticket in owned(order)]


def owned(order: Order) -> tuple[str, ...]:
    """The tickets that are the order's own, and its uses of promo codes, which are claimed alike.

    Those of a canceled or expired one are not.
    """
    return (*order.own_tickets, *order.own_uses)


def _row_of(use: str) -> Ticket:
    """The row of a use of one buyer: no catalogue makes it."""
    uses, _, number = use.rpartition("/")
    return Ticket(use, kind_of(uses), uses, int(number), b"{}")


def ticket_change(before: Iterable[str], order: Order) -> TicketChange:
    """What to change in the rows of tickets when `order` owned `before` and is now as it is."""
    had = dict.fromkeys(before)
    has = dict.fromkeys(owned(order))
    taken = [ticket for ticket in has if ticket not in had] if had else list(has)
    return TicketChange(
        order=order.id,
        made=[_row_of(each) for each in taken if is_of_buyers(each)] if order.uses else (),
        taken=taken,
        freed=[ticket for ticket in had if ticket not in has] if had else (),
        kept=[ticket for ticket in has if ticket in had] if had else (),
        held_till=None if order.status is Status.DONE else order.reserved_till,
    )
