"""Who held which ticket from when to when, and whether two ever held one at the same instant.

When is told by positions: within one log they are the order in which a ticket's holders followed
each other. A hold lasts until its end is recorded.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from domain.events import Fact, OrderCreated, StatusChanged, TicketsChanged
from domain.status import LET_GO

FOR_GOOD = 2**62
"""The end of a holding that has none yet."""


class Holdings:
    """Many holdings, small enough to be sent and kept: `bounds` has two numbers for each ticket."""

    def __init__(self) -> None:
        self.tickets: list[str] = []
        self.bounds = array("q")

    def add(self, ticket: str, start: int, end: int) -> None:
        """Note that a ticket was an order's from a position on, until another one."""
        self.tickets.append(ticket)
        self.bounds.append(start)
        self.bounds.append(end)


def note_holdings(
    holdings: Holdings, facts: Sequence[Fact], positions: Sequence[int], count: int
) -> None:
    """Note what an order held, by its first `count` facts."""
    held: dict[str, int] = {}
    for place in range(count):
        fact, position = facts[place], positions[place]
        if isinstance(fact, OrderCreated):
            held.update(dict.fromkeys(fact.tickets, position))
        elif isinstance(fact, TicketsChanged):
            for ticket in fact.removed:
                holdings.add(ticket, held.pop(ticket, position), position)
            held.update(dict.fromkeys(fact.added, position))
        elif isinstance(fact, StatusChanged) and fact.status in LET_GO:
            for ticket, start in held.items():
                holdings.add(ticket, start, position)
            held = {}
    for ticket, start in held.items():
        holdings.add(ticket, start, FOR_GOOD)


class Clash(msgspec.Struct, frozen=True):
    """Two holdings of one ticket that overlap: the later one began before the earlier one ended."""

    ticket: str
    earlier: int
    later: int


class Holders:
    """Collects holdings of all orders, and finds those that overlap."""

    def __init__(self) -> None:
        self._bounds: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self.count = 0

    @property
    def tickets(self) -> int:
        """How many tickets were ever held."""
        return len(self._bounds)

    def add(self, holdings: Holdings) -> None:
        """Take in some orders' holdings."""
        bounds = holdings.bounds
        for place, ticket in enumerate(holdings.tickets):
            self._bounds[ticket].extend(bounds[2 * place : 2 * place + 2])
        self.count += len(holdings.tickets)

    def clashes(self) -> Iterator[Clash]:
        """Every pair of neighbours in time that held a ticket at the same instant."""
        for ticket, bounds in self._bounds.items():
            if len(bounds) == len(("start", "end")):
                continue
            spans = sorted(zip(bounds[::2], bounds[1::2], strict=True))
            earlier, end = spans[0]
            for start, until in spans[1:]:
                if start < end:
                    yield Clash(ticket, earlier, start)
                if until > end:
                    earlier, end = start, until
