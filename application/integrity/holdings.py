"""Who held which ticket from when to when, and whether two ever held one at the same instant.

When is told by positions: within one log they are the order in which a ticket's holders followed
each other. A hold lasts until its end is recorded.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from domain.events import Event, OrderCreated, StatusChanged, TicketsChanged
from domain.status import LET_GO

FOR_GOOD = 2**62
"""The end of a holding that has none yet."""


class Holdings:
    """Many holdings, small enough to be sent and kept: a ticket, its start and its end each."""

    def __init__(self) -> None:
        self.tickets: list[str] = []
        self.starts = array("q")
        self.ends = array("q")

    def add(self, starts: Mapping[str, int], end: int) -> None:
        """Note that tickets were an order's, each from a position on, until `end`."""
        self.tickets.extend(starts)
        self.starts.extend(starts.values())
        self.ends.extend([end] * len(starts))


def note_holdings(
    holdings: Holdings, events: Sequence[Event], positions: Sequence[int], count: int
) -> None:
    """Note what an order held, by its first `count` events."""
    held: dict[str, int] = {}
    for event, position in zip(events[:count], positions, strict=False):
        if type(event) is OrderCreated:
            held = dict.fromkeys(event.tickets, position)
        elif type(event) is TicketsChanged:
            for ticket in event.removed:
                holdings.add({ticket: held.pop(ticket, position)}, position)
            held.update(dict.fromkeys(event.added, position))
        elif type(event) is StatusChanged and event.status in LET_GO:
            holdings.add(held, position)
            held = {}
    if held:
        holdings.add(held, FOR_GOOD)


class Clash(msgspec.Struct, frozen=True):
    """Two holdings of one ticket that overlap: the later one began before the earlier one ended."""

    ticket: str
    earlier: int
    later: int


Span = tuple[int, int]


class Holders:
    """Collects holdings of all orders, and finds those that overlap."""

    def __init__(self) -> None:
        self._first: dict[str, Span] = {}
        self._further: defaultdict[str, list[Span]] = defaultdict(list)
        self.count = 0

    @property
    def tickets(self) -> int:
        """How many tickets were ever held."""
        return len(self._first)

    def add(self, holdings: Holdings) -> None:
        """Take in some orders' holdings."""
        tickets = holdings.tickets
        spans = list(zip(holdings.starts, holdings.ends, strict=True))
        self.count += len(tickets)
        news = dict(zip(tickets, spans, strict=True))
        if len(news) == len(tickets) and self._first.keys().isdisjoint(news):
            self._first.update(news)
            return
        for ticket, span in zip(tickets, spans, strict=True):
            if self._first.setdefault(ticket, span) is not span:
                self._further[ticket].append(span)

    def clashes(self) -> Iterator[Clash]:
        """Every pair of neighbours in time that held a ticket at the same instant."""
        for ticket, further in self._further.items():
            spans = sorted([self._first[ticket], *further])
            earlier, end = spans[0]
            for start, until in spans[1:]:
                if start < end:
                    yield Clash(ticket, earlier, start)
                if until > end:
                    earlier, end = start, until
