"""Who held which ticket from when to when, and whether two ever held one at the same instant.

Times are positions: within one log they are the order in which a ticket's holders followed each
other. A hold lasts until its end is recorded.
"""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import repeat

import msgspec

from domain.events import Event
from domain.status import Status
from domain.ticket_moves import follow, whole_life

DONE = Status.DONE
FOR_GOOD = 2**62
"""The end of a holding that has none yet."""


class Holdings:
    """Holdings in a compact form to send and to keep: a ticket, a start and an end each."""

    def __init__(self) -> None:
        self.tickets: list[str] = []
        self.starts = array("q")
        self.ends = array("q")

    def add_all(self, tickets: Collection[str], start: int, end: int) -> None:
        """Add tickets that were held from `start` until `end`."""
        self.tickets.extend(tickets)
        self.starts.extend(repeat(start, len(tickets)))
        self.ends.extend(repeat(end, len(tickets)))

    def add(self, starts: Mapping[str, int], end: int) -> None:
        """Add an order's tickets, each from its position until `end`."""
        self.tickets.extend(starts)
        self.starts.extend(starts.values())
        self.ends.extend([end] * len(starts))


def note_holdings(
    holdings: Holdings, events: Sequence[Event], positions: Sequence[int], count: int
) -> None:
    """Add what an order held, by its first `count` events. Raises `UnknownEvent`."""
    events = events if count == len(events) else events[:count]
    life = whole_life(events)
    if life is not None:
        created, ended = life
        end = FOR_GOOD
        if ended is not None and ended.status is not DONE:
            end = positions[ended.originator_version - 1]
        holdings.add_all(created.tickets, positions[0], end)
        return
    fold = _Fold(holdings, positions)
    follow(fold, events)
    if fold.held:
        holdings.add(fold.held, FOR_GOOD)


class _Fold:
    """The tickets of one order; `held` has the position from which each is its own."""

    __slots__ = ("_holdings", "_positions", "held")

    def __init__(self, holdings: Holdings, positions: Sequence[int]) -> None:
        """`positions` are those of the order's events, by version from 1."""
        self._holdings = holdings
        self._positions = positions
        self.held: dict[str, int] = {}

    def take(self, tickets: Mapping[str, str], event: Event) -> None:
        """Tickets are held from the event's position on."""
        position = self._positions[event.originator_version - 1]
        self.held.update(dict.fromkeys(tickets, position))

    def free(self, tickets: Iterable[str], event: Event) -> None:
        """Tickets are held no longer."""
        position = self._positions[event.originator_version - 1]
        for ticket in tickets:
            self._holdings.add({ticket: self.held.pop(ticket, position)}, position)

    def free_all(self, event: Event) -> None:
        """No ticket is held any longer."""
        self._holdings.add(self.held, self._positions[event.originator_version - 1])
        self.held = {}

    def sell_all(self, event: Event) -> None:
        """Tickets stay the order's."""

    def give_back(self, tickets: Iterable[str], event: Event) -> None:
        """Tickets that were sold are held no longer."""
        self.free(tickets, event)


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
        """Add the holdings of some orders."""
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

    def spans(self) -> Iterator[tuple[str, int, int]]:
        """Every holding: its ticket, its start and its end."""
        for ticket, (start, end) in self._first.items():
            yield ticket, start, end
        for ticket, further in self._further.items():
            yield from ((ticket, start, end) for start, end in further)

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
