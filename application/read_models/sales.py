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
from domain.events import Event, OrderCreated, StatusChanged, TicketsChanged
from domain.pricing import Price
from domain.status import LET_GO, Status

DONE = Status.DONE
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


def rows(events: Sequence[Event]) -> list[Row]:
    """What one order adds to the rows of its show."""
    totals = Totals()
    totals.add(events)
    return totals.rows()


class Totals:
    """Counts many orders together. `tallies` are by show, set and day."""

    def __init__(self) -> None:
        self.tallies: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)

    def add(self, events: Sequence[Event]) -> None:
        """Take in an order."""
        stream = _FoldState(self.tallies)
        for event in events:
            if type(event) is OrderCreated:
                stream.begin(event)
            elif type(event) is StatusChanged:
                stream.move_on(event)
            elif type(event) is TicketsChanged:
                stream.change(event)

    def rows(self) -> list[Row]:
        """A row for each tally that is not all noughts."""
        return [
            Row("/".join(place), (*place, *numbers))
            for place, tally in self.tallies.items()
            if any(numbers := astuple(tally))
        ]


class _FoldState:
    """What happens to an order's tickets; `held` has the tallies that count them as held."""

    __slots__ = ("held", "prices", "sets", "show", "tallies")

    def __init__(self, tallies: defaultdict[tuple[str, str, str], Tally]) -> None:
        self.tallies = tallies
        self.show = ""
        self.prices: Mapping[str, Price] = {}
        self.held: dict[str, tuple[str, Tally]] = {}
        self.sets: set[str] = set()

    def begin(self, event: OrderCreated) -> None:
        """The order is made."""
        self.show, self.prices = event.show, event.prices
        day = _day(event.at)
        self.tallies[self.show, WHOLE_SHOW, day].orders += 1
        self._take(event.tickets, day)

    def change(self, event: TicketsChanged) -> None:
        """Tickets come and go."""
        day = _day(event.at)
        self._let_go(event.removed, day)
        self._take(event.added, day)

    def move_on(self, event: StatusChanged) -> None:
        """The tickets are paid, or on sale again, or nothing of the kind."""
        if event.status is DONE:
            self._sell(_day(event.at))
        elif event.status in LET_GO:
            self._let_go(list(self.held), _day(event.at))

    def _take(self, tickets: Mapping[str, str], day: str) -> None:
        for ticket, ticket_set in tickets.items():
            tally = self.tallies[self.show, ticket_set, day]
            self.held[ticket] = (ticket_set, tally)
            tally.held += 1
            if ticket_set not in self.sets:
                self.sets.add(ticket_set)
                tally.orders += 1

    def _let_go(self, tickets: Iterable[str], day: str) -> None:
        for ticket in tickets:
            ticket_set, taken = self.held.pop(ticket)
            taken.held -= 1
            self.tallies[self.show, ticket_set, day].returned += 1

    def _sell(self, day: str) -> None:
        for ticket_set, taken in self.held.values():
            taken.held -= 1
            price = self.prices[ticket_set]
            tally = self.tallies[self.show, ticket_set, day]
            tally.sold += 1
            tally.nominal += hundredths(price.nominal)
            tally.extra += hundredths(price.extra)
        self.held = {}


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
