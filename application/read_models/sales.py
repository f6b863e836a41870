"""The read model `sales`: by show, set and day, what was held, sold and returned, for how much.

A ticket is counted as held on the day it was taken, for as long as it is held; as sold on the day
it was paid; as returned on the day it went back on sale. What is not held yet or any more is in the
past, so a day that is over changes no more but for the holds that it still has. Days are in UTC.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import msgspec
from msgspec.structs import astuple

from application.ports.read_models import Row, Table
from domain.events import (
    DisputeChanged,
    Event,
    OrderCreated,
    PaymentReceived,
    RefundApproved,
    RefundRequested,
)
from domain.gateway import DisputeState
from domain.pricing import Price
from domain.promocode_events import last_discounts
from domain.promocodes import Discount, discounted
from domain.ticket_moves import follow

WHOLE_SHOW = ""
"""The set of the rows that count the orders of a show, of whatever sets, by the day of making."""

SUMS = (
    *("orders", "held", "sold", "returned", "nominal", "extra"),
    *("tickets_refunded", "refunded", "disputed", "dispute_lost"),
)

TABLE = Table(
    name="sales",
    columns={"show": str, "ticket_set": str, "day": str, **dict.fromkeys(SUMS, int)},
    indexes=(("show", "day"),),
    sums=SUMS,
    form=2,
)
"""Money is in hundredths: `nominal` and `extra` that of the sold tickets, `refunded` what was
approved to go back for tickets, on that day. Disputes are of whole orders: only rows of the
whole show have their money, on the day it was `disputed`, and on the day it was lost."""


class Tally(msgspec.Struct):
    """The numbers of one row, in the table's order."""

    orders: int = 0
    held: int = 0
    sold: int = 0
    returned: int = 0
    nominal: int = 0
    extra: int = 0
    tickets_refunded: int = 0
    refunded: int = 0
    disputed: int = 0
    dispute_lost: int = 0


def rows(events: Sequence[Event]) -> list[Row]:
    """What one order adds to the rows of its show."""
    totals = Totals()
    totals.add(events)
    return totals.rows()


class Totals:
    """Counts many orders together. `tallies` are by show, set and day."""

    def __init__(self) -> None:
        self.tallies: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)

    def add(self, events: Sequence[Event], _: object = None) -> None:
        """Take in an order. Raises `UnknownEvent`."""
        fold = _Fold(self.tallies, last_discounts(events))
        follow(fold, events)
        fold.count_money(events)

    def rows(self) -> list[Row]:
        """A row for each tally that is not all noughts."""
        return [
            Row("/".join(place), (*place, *numbers))
            for place, tally in self.tallies.items()
            if any(numbers := astuple(tally))
        ]


class _Fold:
    """The tickets of one order; `_held` has, by ticket, its set and the tally that counts it."""

    __slots__ = ("_discounts", "_held", "_prices", "_sets", "_show", "_sold", "_tallies")

    def __init__(
        self,
        tallies: defaultdict[tuple[str, str, str], Tally],
        discounts: Mapping[str, Discount],
    ) -> None:
        """`discounts` are those with which the order was sold: no later event changes them."""
        self._tallies = tallies
        self._discounts = discounts
        self._show = ""
        self._prices: Mapping[str, Price] = {}
        self._held: dict[str, tuple[str, Tally]] = {}
        self._sets: set[str] = set()
        self._sold: dict[str, str] = {}

    def take(self, tickets: Mapping[str, str], event: Event) -> None:
        """Count tickets as held since the day of the event."""
        day = _day(event.at)
        if isinstance(event, OrderCreated):
            self._show, self._prices = event.show, event.prices
            self._tallies[self._show, WHOLE_SHOW, day].orders += 1
        for ticket, ticket_set in tickets.items():
            tally = self._tallies[self._show, ticket_set, day]
            self._held[ticket] = (ticket_set, tally)
            tally.held += 1
            if ticket_set not in self._sets:
                self._sets.add(ticket_set)
                tally.orders += 1

    def free(self, tickets: Iterable[str], event: Event) -> None:
        """Count tickets as returned on the day of the event."""
        day = _day(event.at)
        for ticket in tickets:
            ticket_set, taken = self._held.pop(ticket)
            taken.held -= 1
            self._tallies[self._show, ticket_set, day].returned += 1

    def free_all(self, event: Event) -> None:
        """Count all tickets as returned."""
        self.free(list(self._held), event)

    def sell_all(self, event: Event) -> None:
        """Count all tickets as sold on the day of the event, at the order's prices."""
        day = _day(event.at)
        for ticket, (ticket_set, taken) in self._held.items():
            taken.held -= 1
            price = self._price(ticket_set)
            tally = self._tallies[self._show, ticket_set, day]
            tally.sold += 1
            self._sold[ticket] = ticket_set
            tally.nominal += hundredths(price.nominal)
            tally.extra += hundredths(price.extra)
        self._held = {}

    def count_money(self, events: Sequence[Event]) -> None:
        """Count what was approved to go back for tickets, and disputes of the show's currency.

        A dispute may have come before the money that it is about.
        """
        asked: dict[str, RefundRequested] = {}
        currencies = [each.due_in for each in events if isinstance(each, PaymentReceived)]
        for event in events:
            if isinstance(event, RefundRequested):
                asked[event.refund] = event
            elif isinstance(event, RefundApproved):
                self._refund(asked[event.refund], _day(event.at))
            elif isinstance(event, DisputeChanged) and event.currency in currencies[-1:]:
                tally = self._tallies[self._show, WHOLE_SHOW, _day(event.at)]
                tally.disputed += hundredths(event.amount) * (event.state is DisputeState.OPENED)
                tally.dispute_lost += hundredths(event.amount) * (event.state is DisputeState.LOST)

    def _refund(self, asked: RefundRequested, day: str) -> None:
        """Share the money of a refund out among its tickets by their prices, to the cent."""
        money = hundredths(asked.value)
        worth = sum(self._worth(ticket) for ticket in asked.tickets)
        for ticket in asked.tickets:
            part = money * self._worth(ticket) // worth if worth else 0
            worth -= self._worth(ticket)
            money -= part
            tally = self._tallies[self._show, self._sold[ticket], day]
            tally.refunded += part
            tally.tickets_refunded += 1

    def _price(self, ticket_set: str) -> Price:
        return discounted(self._prices[ticket_set], self._discounts.get(ticket_set))

    def _worth(self, ticket: str) -> int:
        price = self._price(self._sold[ticket])
        return hundredths(price.nominal) + hundredths(price.extra)

    def give_back(self, tickets: Iterable[str], event: Event) -> None:
        """Count sold tickets as returned on the day of the event; they stay sold on theirs."""
        day = _day(event.at)
        for ticket in tickets:
            self._tallies[self._show, self._sold[ticket], day].returned += 1


@lru_cache(maxsize=1024)
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
