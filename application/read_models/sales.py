"""The read model `sales`: by show, set and day, what was held, sold and returned, for how much.

A ticket is counted as held on the day it was taken, for as long as it is held; as sold on the day
it was paid; as returned on the day it went back on sale. What is not held yet or any more is in the
past, so a day that is over changes no more but for the holds that it still has. Days are in UTC.

All sets of a show together are also counted by quarter-hours: the days of each time zone are made
of them, since all zones are ahead of UTC or behind it by whole quarters of an hour.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
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
    PromocodesApplied,
    RefundApproved,
    RefundRequested,
    StatusChanged,
)
from domain.gateway import DisputeState
from domain.pricing import Price
from domain.promocode_events import last_discounts
from domain.promocodes import Discount, discounted
from domain.status import Status
from domain.ticket_moves import follow, whole_life

WHOLE_SHOW = ""
"""The set of the rows of a whole show. Those of a day count orders, by the day of making, and
disputes; those of a quarter-hour count everything."""

DAY, QUARTER = "day", "quarter"
"""The steps of time, each counted by a row of its own. `begins` is a day or a minute, in UTC."""

SUMS = (
    *("orders", "held", "sold", "returned", "nominal", "extra"),
    *("tickets_refunded", "refunded", "disputed", "dispute_lost"),
)

TABLE = Table(
    name="sales",
    columns={
        **dict.fromkeys(("show", "step", "ticket_set", "begins"), str),
        **dict.fromkeys(SUMS, int),
    },
    indexes=(("show", "step", "begins"),),
    sums=SUMS,
    form=2,
)
"""Money is in hundredths: `nominal` and `extra` that of the sold tickets, `refunded` what was
approved to go back for tickets, at that time. Disputes are of whole orders: only rows of the
whole show have their money, at the time it was `disputed`, and at the time it was lost."""

DONE = Status.DONE

Place = tuple[str, str, str, str]
"""What a row counts: show, step, set, and when it begins."""


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


class Moment(dict[str, Tally]):
    """What counts a show at a moment: a tally for the day of each set, and `of_show`.

    `of_show` is that of the whole show in the quarter-hour.
    """

    __slots__ = ("_by_place", "_day", "_show", "of_show")

    def __init__(self, by_place: dict[Place, Tally], show: str, day: str, minute: str) -> None:
        super().__init__()
        self._by_place, self._show, self._day = by_place, show, day
        self.of_show = by_place.setdefault((show, QUARTER, WHOLE_SHOW, minute), Tally())

    def __missing__(self, ticket_set: str) -> Tally:
        place = (self._show, DAY, ticket_set, self._day)
        self[ticket_set] = tally = self._by_place.setdefault(place, Tally())
        return tally


class Tallies(dict[tuple[str, int, int], Moment]):
    """What counts shows, by show, the ordinal of a day, and the number of a quarter-hour in it."""

    def __init__(self) -> None:
        super().__init__()
        self.by_place: dict[Place, Tally] = {}

    def at(self, show: str, moment: datetime) -> Moment:
        """What counts a show at a moment."""
        return self[show, moment.toordinal(), moment.hour * 4 + moment.minute // 15]

    def __missing__(self, key: tuple[str, int, int]) -> Moment:
        show, ordinal, quarter = key
        day = date.fromordinal(ordinal).isoformat()
        minute = f"{day}T{quarter // 4:02}:{quarter % 4 * 15:02}"
        self[key] = found = Moment(self.by_place, show, day, minute)
        return found


class Totals:
    """Counts many orders together."""

    def __init__(self) -> None:
        self.tallies = Tallies()

    def add(self, events: Sequence[Event], _: object = None) -> None:
        """Take in an order. Raises `UnknownEvent`."""
        life = whole_life(events) if _sells_plainly(tuple(map(type, events))) else None
        if life is not None:
            self._add_whole(*life)
            return
        fold = _Fold(self.tallies, last_discounts(events))
        follow(fold, events)
        fold.count_money(events)

    def _add_whole(self, created: OrderCreated, ended: StatusChanged | None) -> None:
        """Count an order as the fold does, all tickets of a set at once: most orders are such."""
        begin = self.tallies.at(created.show, created.at)
        end = begin if ended is None else self.tallies.at(created.show, ended.at)
        begin[WHOLE_SHOW].orders += 1
        begin.of_show.orders += 1
        sets = list(created.tickets.values())
        for ticket_set in dict.fromkeys(sets) if len(sets) > 1 else sets:
            count = sets.count(ticket_set)
            begin[ticket_set].orders += 1
            if ended is None:
                begin[ticket_set].held += count
                begin.of_show.held += count
            elif ended.status is DONE:
                price = created.prices[ticket_set]
                _sell((end[ticket_set], end.of_show), count, price)
            else:
                end[ticket_set].returned += count
                end.of_show.returned += count

    def rows(self) -> list[Row]:
        """A row for each tally that is not all noughts."""
        return [
            Row("/".join(place), (*place, *numbers))
            for place, tally in self.tallies.by_place.items()
            if any(numbers := astuple(tally))
        ]


def _sell(counting: Iterable[Tally], count: int, price: Price) -> None:
    """Count so many tickets as sold at a price."""
    nominal, extra = count * hundredths(price.nominal), count * hundredths(price.extra)
    for tally in counting:
        tally.sold += count
        tally.nominal += nominal
        tally.extra += extra


_OF_MONEY = (PaymentReceived, DisputeChanged, RefundRequested, RefundApproved)
"""The events that count money, besides those that sell tickets."""


@lru_cache(maxsize=4096)
def _sells_plainly(kinds: tuple[type[Event], ...]) -> bool:
    """Whether events of these kinds change no price, and count no money but by selling."""
    return not any(issubclass(kind, (*_OF_MONEY, PromocodesApplied)) for kind in kinds)


class _Fold:
    """The tickets of one order; `_held` has, by ticket, its set and the tallies that count it."""

    __slots__ = ("_discounts", "_held", "_prices", "_sets", "_show", "_sold", "_tallies")

    def __init__(self, tallies: Tallies, discounts: Mapping[str, Discount]) -> None:
        """`discounts` are those with which the order was sold: no later event changes them."""
        self._tallies = tallies
        self._discounts = discounts
        self._show = ""
        self._prices: Mapping[str, Price] = {}
        self._held: dict[str, tuple[str, tuple[Tally, ...]]] = {}
        self._sets: set[str] = set()
        self._sold: dict[str, str] = {}

    def _at(self, ticket_set: str, moment: datetime) -> tuple[Tally, Tally]:
        """What counts a set at a moment: its day, and the quarter-hour of the whole show."""
        counting = self._tallies.at(self._show, moment)
        return counting[ticket_set], counting.of_show

    def take(self, tickets: Mapping[str, str], event: Event) -> None:
        """Count tickets as held since the time of the event."""
        if isinstance(event, OrderCreated):
            self._show, self._prices = event.show, event.prices
            for tally in self._at(WHOLE_SHOW, event.at):
                tally.orders += 1
        for ticket, ticket_set in tickets.items():
            of_set, of_show = counting = self._at(ticket_set, event.at)
            self._held[ticket] = (ticket_set, counting)
            of_set.held += 1
            of_show.held += 1
            if ticket_set not in self._sets:
                self._sets.add(ticket_set)
                of_set.orders += 1

    def free(self, tickets: Iterable[str], event: Event) -> None:
        """Count tickets as returned at the time of the event."""
        for ticket in tickets:
            ticket_set = self._no_longer_held(ticket)
            for tally in self._at(ticket_set, event.at):
                tally.returned += 1

    def free_all(self, event: Event) -> None:
        """Count all tickets as returned."""
        self.free(list(self._held), event)

    def sell_all(self, event: Event) -> None:
        """Count all tickets as sold at the time of the event, at the order's prices."""
        sold = {ticket: self._no_longer_held(ticket) for ticket in list(self._held)}
        self._sold |= sold
        for ticket_set, count in Counter(sold.values()).items():
            _sell(self._at(ticket_set, event.at), count, self._price(ticket_set))

    def _no_longer_held(self, ticket: str) -> str:
        """Count a ticket as held no more; return its set."""
        ticket_set, counting = self._held.pop(ticket)
        for tally in counting:
            tally.held -= 1
        return ticket_set

    def count_money(self, events: Sequence[Event]) -> None:
        """Count what was approved to go back for tickets, and disputes of the show's currency.

        A dispute may have come before the money that it is about.
        """
        events = [event for event in events if isinstance(event, _OF_MONEY)]
        if not events:
            return
        asked: dict[str, RefundRequested] = {}
        currencies = [each.due_in for each in events if isinstance(each, PaymentReceived)]
        for event in events:
            if isinstance(event, RefundRequested):
                asked[event.refund] = event
            elif isinstance(event, RefundApproved):
                self._refund(asked[event.refund], event.at)
            elif isinstance(event, DisputeChanged) and event.currency in currencies[-1:]:
                money = hundredths(event.amount)
                for tally in self._at(WHOLE_SHOW, event.at):
                    tally.disputed += money * (event.state is DisputeState.OPENED)
                    tally.dispute_lost += money * (event.state is DisputeState.LOST)

    def _refund(self, asked: RefundRequested, at: datetime) -> None:
        """Share the money of a refund out among its tickets by their prices, to the cent."""
        money = hundredths(asked.value)
        worth = sum(self._worth(ticket) for ticket in asked.tickets)
        for ticket in asked.tickets:
            part = money * self._worth(ticket) // worth if worth else 0
            worth -= self._worth(ticket)
            money -= part
            for tally in self._at(self._sold[ticket], at):
                tally.refunded += part
                tally.tickets_refunded += 1

    def _price(self, ticket_set: str) -> Price:
        return discounted(self._prices[ticket_set], self._discounts.get(ticket_set))

    def _worth(self, ticket: str) -> int:
        price = self._price(self._sold[ticket])
        return hundredths(price.nominal) + hundredths(price.extra)

    def give_back(self, tickets: Iterable[str], event: Event) -> None:
        """Count sold tickets as returned at the time of the event; they stay sold at theirs."""
        for ticket in tickets:
            for tally in self._at(self._sold[ticket], event.at):
                tally.returned += 1


@lru_cache(maxsize=1024)
def hundredths(amount: Decimal) -> int:
    """An amount as a whole number of hundredths. Raises `ValueError` where it is none."""
    scaled = amount.scaleb(2)
    if scaled != (whole := int(scaled)):
        raise ValueError(f"{amount} is not a whole number of hundredths")
    return whole


def amount_of(number: int) -> Decimal:
    """The amount that so many hundredths are."""
    return Decimal(number).scaleb(-2)


def day_in(zone: tzinfo, quarter: str) -> date:
    """The day on which a quarter-hour is in a time zone."""
    return datetime.fromisoformat(quarter).replace(tzinfo=UTC).astimezone(zone).date()
