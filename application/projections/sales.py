"""The read model `sales`: by show, set and day, what was held, sold and returned, for how much.

A ticket is counted as held on the day it was taken, for as long as it is held; as sold on the day
it was paid; as returned on the day it went back on sale. What is not held yet or any more is in the
past, so a day that is over changes no more but for the holds that it still has. Days are in UTC.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from application.projections.tickets import owned
from application.store import Row, Table
from domain.events import Fact
from domain.order import Order
from domain.status import Status

WHOLE_SHOW = ""
"""The set of the rows that count the orders of a show, of whatever sets, by the day of making."""

SUMS = ("orders", "held", "sold", "returned", "nominal", "extra")

TABLE = Table(
    name="sales",
    columns={"show": str, "ticket_set": str, "day": str, **dict.fromkeys(SUMS, int)},
    indexes=(("show", "day"),),
    sums=SUMS,
)
"""Money is that of the sold tickets, in hundredths."""


class Tally(msgspec.Struct):
    """The numbers of one row, in the table's order."""

    orders: int = 0
    held: int = 0
    sold: int = 0
    returned: int = 0
    nominal: int = 0
    extra: int = 0


def rows(facts: Sequence[Fact]) -> list[Row]:
    """What one order adds to the rows of its show."""
    order = Order()
    story = _Story()
    for fact in facts:
        had, paid = owned(order), order.status is Status.DONE
        order.apply(fact)
        has, day = owned(order), _day(fact.at)
        for ticket in had:
            if ticket not in has:
                story.let_go(ticket, day)
        for ticket in has:
            if ticket not in had:
                story.take(ticket, order.tickets[ticket], day)
        if order.status is Status.DONE and not paid:
            story.sell(order, day)
    story.tallies[WHOLE_SHOW, _day(order.created_at)].orders += 1
    return [
        Row(
            f"{order.show}/{ticket_set}/{day}",
            (order.show, ticket_set, day, *msgspec.structs.astuple(tally)),
        )
        for (ticket_set, day), tally in story.tallies.items()
    ]


class _Story:
    """What happens to an order's tickets. `held` has their sets and the days they were taken."""

    def __init__(self) -> None:
        self.tallies: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
        self.held: dict[str, tuple[str, str]] = {}
        self.sets: set[str] = set()

    def take(self, ticket: str, ticket_set: str, day: str) -> None:
        """The order has the ticket from now on."""
        self.held[ticket] = (ticket_set, day)
        tally = self.tallies[ticket_set, day]
        tally.held += 1
        if ticket_set not in self.sets:
            self.sets.add(ticket_set)
            tally.orders += 1

    def let_go(self, ticket: str, day: str) -> None:
        """The ticket is on sale again."""
        ticket_set = self._end_hold(ticket)
        self.tallies[ticket_set, day].returned += 1

    def sell(self, order: Order, day: str) -> None:
        """The tickets that are held are paid."""
        for ticket in list(self.held):
            ticket_set = self._end_hold(ticket)
            price = order.prices[ticket_set]
            tally = self.tallies[ticket_set, day]
            tally.sold += 1
            tally.nominal += hundredths(price.nominal)
            tally.extra += hundredths(price.extra)

    def _end_hold(self, ticket: str) -> str:
        ticket_set, day = self.held.pop(ticket)
        self.tallies[ticket_set, day].held -= 1
        return ticket_set


def hundredths(amount: Decimal) -> int:
    """An amount as a whole number of hundredths. Raises `ValueError` where it is none."""
    scaled = amount.scaleb(2)
    if scaled != (whole := int(scaled)):
        raise ValueError(f"{amount} is no whole number of hundredths")
    return whole


def amount_of(number: int) -> Decimal:
    """The amount that so many hundredths are."""
    return Decimal(number).scaleb(-2)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
