"""Which shows have new events in the log, for what a process keeps of their tickets."""

import time
from collections.abc import Iterable, Mapping

import msgspec
from eventsourcing.persistence import Notification

from application.ports.store import Store

MOST_EVENTS = 1000
"""With more new events than this, all is read again."""
MOST_ORDERS = 100_000
"""Of so many orders a process remembers the show."""
MOST_SECONDS = 10.0
"""All is read again after this, whatever the log says: tickets may be repaired by hand."""

Token = tuple[float, int]
"""Names a state of a show's tickets: as long as it is the same, no event has changed them."""


class _FirstEvent(msgspec.Struct):
    """The part of an order's first event that is read here."""

    show: str


_first_event = msgspec.json.Decoder(_FirstEvent).decode


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The last event of each show that has any since `begun_at`, up to a position of the log."""

    begun_at: float
    position: int
    last: Mapping[str, int]

    def token(self, show: str) -> Token:
        """What names the present state of a show's tickets."""
        return self.begun_at, self.last.get(show, 0)


class ShowChanges:
    """Reads the log for the shows of its events. Threads may read the same twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = Changes(begun_at=float("-inf"), position=0, last={})
        self._show_of: dict[str, str] = {}

    def look(self) -> Changes:
        """The changes up to now. Whatever is read after this is at least as new."""
        known, now = self._known, time.monotonic()
        position = self._store.last_position()
        if known.position <= position and now - known.begun_at < MOST_SECONDS:
            if known.position == position:
                return known
            events = self._store.log(known.position, MOST_EVENTS)
            if len(events) < MOST_EVENTS:
                self._known = self._with(known, events, position)
                return self._known
        self._known = Changes(begun_at=now, position=position, last={})
        return self._known

    def _with(self, known: Changes, events: Iterable[Notification], position: int) -> Changes:
        last = dict(known.last)
        for show, event in self._shows_of(events):
            last[show] = max(event, last.get(show, 0))
            position = max(event, position)
        return msgspec.structs.replace(known, position=position, last=last)

    def _shows_of(self, events: Iterable[Notification]) -> list[tuple[str, int]]:
        """The shows of the orders that events are of, with the position of each last event."""
        if len(self._show_of) > MOST_ORDERS:
            self._show_of = {}
        orders: dict[str, int] = {}
        named: dict[str, bytes] = {}
        for event in events:
            order = str(event.originator_id)
            orders[order] = event.id
            if event.originator_version == 1:
                named[order] = event.state
        asked = {each: 2 for each in orders if each not in named and each not in self._show_of}
        for order, before in (self._store.events_before(asked) if asked else {}).items():
            named[order] = before[0].state
        self._show_of.update({order: _first_event(each).show for order, each in named.items()})
        shows = self._show_of
        return [(shows[order], last) for order, last in orders.items() if order in shows]
