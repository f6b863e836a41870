"""Which tickets an order may have again whose money came after it had ended."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec

from application.catalog.cache import Catalog
from application.orders.promocode_uses import FreeUses
from application.orders.vacancy import TicketsShort
from application.payments.decisions import Decision
from domain.gateway import Late
from domain.order import Order
from domain.pricing import worth
from domain.promocodes import claimed_uses
from domain.refusals import PromocodeUsedUp, PromocodeUsedUpByBuyer


class Again(msgspec.Struct, frozen=True):
    """What was loaded of an order's tickets, and how far its payment system goes."""

    late: Late
    catalog: Catalog
    seats: tuple[str, ...] = ()

    def picks(self, tickets: Mapping[str, str]) -> dict[str, int]:
        """How many tickets of each set might have to replace the order's own."""
        return dict(Counter(tickets.values())) if self.late is Late.EQUAL_TICKETS else {}


def tickets_again(order: Order, decision: Decision, again: Again) -> Mapping[str, str] | None:
    """As many tickets as the order lists, of the same sets; none if there are not as many.

    None while it is not known which are vacant. Raises `TicketsShort` where freeing overdue holds
    might bring more.
    """
    at = decision.metadata.at
    show = again.catalog.shows.get(order.show)
    if again.late is Late.REFUND or (show is not None and show.ends_at <= at):
        return {}
    own = order.own_tickets
    if order.tickets.keys() <= own.keys():
        return order.tickets
    if not order.tickets.keys() <= set(again.seats):
        return None
    same = {seat.id: seat.set for seat in decision.loaded.seats if seat.order is None}
    same = {ticket: same[ticket] for ticket in order.tickets if ticket in same}
    if len(same) == len(order.tickets):
        return same
    latest = decision.latest
    overdue = [each.id for each in decision.loaded.seats if each.order and each.vacant_at(latest)]
    offered = _offered(order, again, at)
    chosen = same | _others(order, same, decision, offered)
    missing = Counter(order.tickets.values()) - Counter(chosen.values())
    short = [each for each in missing if each in offered]
    if not decision.final and (overdue or short):
        raise TicketsShort(overdue, short)
    return {} if missing else chosen


def uses_again(order: Order, decision: Decision) -> tuple[str, ...] | None:
    """The uses of its promo codes that an order may have again; None where one is used up.

    Raises `UsesNeeded`, and `TicketsShort` where freeing overdue holds might bring more.
    """
    free = FreeUses(decision.loaded, decision.metadata.at, final=decision.final)
    try:
        uses = claimed_uses(order.promocodes, order.customer.email, order.own_uses, free.take)
    except (PromocodeUsedUp, PromocodeUsedUpByBuyer):
        return None
    free.refuse_unloaded()
    return uses


def _offered(order: Order, again: Again, at: datetime) -> set[str]:
    """The sets whose tickets may replace the order's own: on sale, and not dearer than they were.

    A closed sale gives no new tickets.
    """
    show = again.catalog.shows.get(order.show)
    closed = again.catalog.terms(order.org, order.vendor).closed
    if again.late is not Late.EQUAL_TICKETS or show is None or closed is not None:
        return set()
    return {
        ticket_set
        for ticket_set, price in show.prices(at).items()
        if ticket_set in order.prices
        and worth([price]).full <= worth([order.prices[ticket_set]]).full
    }


def _others(
    order: Order, same: Mapping[str, str], decision: Decision, offered: set[str]
) -> dict[str, str]:
    """Picked tickets in place of those that are gone, only as many as are missing."""
    missing = Counter(order.tickets.values()) - Counter(same.values())
    others: dict[str, str] = {}
    for ticket, ticket_set in decision.loaded.picks.items():
        if ticket not in same and ticket_set in offered and missing[ticket_set] > 0:
            missing[ticket_set] -= 1
            others[ticket] = ticket_set
    return others
