"""How many tickets of each set are vacant, counted again only where something has changed.

Counting the tickets of 200 shows takes much longer than answering with them. So a process keeps
the counts of a show until an event of one of its orders is in the log, or until a hold on it ends.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from eventsourcing.persistence import Notification

from application.ports.store import Store
from domain.shows import Show

MOST_EVENTS = 1000
"""With more new events than this, all is counted again."""
MOST_ORDERS = 100_000
"""Of so many orders a process remembers the show."""
MOST_SECONDS = 10.0
"""All is counted again after this, whatever the log says: tickets may be repaired by hand."""


class _FirstEvent(msgspec.Struct):
    """The part of an order's first event that is read here."""

    show: str


_first_event = msgspec.json.Decoder(_FirstEvent).decode


class Vacancy(msgspec.Struct, frozen=True):
    """By set, how many tickets of a show are vacant from `since` on; until `till`, if any."""

    counts: Mapping[str, int]
    since: datetime
    till: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether this is so at a moment, unless the log has changed."""
        return self.since <= at and (self.till is None or at < self.till)


class _Counted(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of shows as of a position of the log and a version of the catalogue."""

    version: int
    position: int
    counted_at: float
    shows: dict[str, Vacancy]
    since: datetime | None = None
    till: datetime | None = None

    def at(self, at: datetime) -> "_Counted":
        """The counts without those that are others at a moment."""
        if (self.since is None or self.since <= at) and (self.till is None or at < self.till):
            return self
        return self.of({show: had for show, had in self.shows.items() if had.holds(at)})

    def of(self, shows: dict[str, Vacancy]) -> "_Counted":
        """The counts of these shows instead, and the span in which all of them hold."""
        since = max((had.since for had in shows.values()), default=None)
        till = min((had.till for had in shows.values() if had.till is not None), default=None)
        return msgspec.structs.replace(self, shows=shows, since=since, till=till)


NOTHING_COUNTED = _Counted(version=-1, position=0, counted_at=0.0, shows={})


class Vacancies:
    """Counts vacant tickets. Threads may count the same twice; none sees a mixture."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counted = NOTHING_COUNTED
        self._show_of: dict[str, str] = {}

    def of(self, shows: Iterable[Show], version: int, at: datetime) -> Mapping[str, Vacancy]:
        """The vacancies of at least these shows at `at`.

        `version` is the one of the catalogue that they are from.
        """
        known = self._up_to_date(version).at(at)
        missing = [show for show in shows if show.id not in known.shows]
        if missing:
            known = known.of({**known.shows, **self._count(missing, at)})
        self._counted = known
        return known.shows

    def _up_to_date(self, version: int) -> _Counted:
        """What was counted and is as it was. The log is read before anything is counted."""
        known, now = self._counted, time.monotonic()
        position = self._store.last_position()
        fits = known.version == version and known.position <= position
        if fits and now - known.counted_at < MOST_SECONDS:
            if known.position == position:
                return known
            events = self._store.log(known.position, MOST_EVENTS)
            if len(events) < MOST_EVENTS:
                changed = self._shows_of(events)
                return msgspec.structs.replace(
                    known,
                    position=max(position, *(event.id for event in events)) if events else position,
                    shows={show: had for show, had in known.shows.items() if show not in changed},
                )
        return _Counted(version=version, position=position, counted_at=now, shows={})

    def _count(self, shows: Sequence[Show], at: datetime) -> dict[str, Vacancy]:
        sets = [each.id for show in shows for each in show.sets]
        by_set = self._store.vacant_until(sets, at)
        found = {}
        for show in shows:
            counted = {each.id: by_set[each.id] for each in show.sets}
            ends = [till for _, till in counted.values() if till is not None]
            counts = {each: count for each, (count, _) in counted.items()}
            found[show.id] = Vacancy(counts, at, min(ends, default=None))
        return found

    def _shows_of(self, events: Iterable[Notification]) -> set[str]:
        """The shows of the orders that events are of."""
        if len(self._show_of) > MOST_ORDERS:
            self._show_of = {}
        orders: dict[str, bytes | None] = {}
        for event in events:
            order = str(event.originator_id)
            if event.originator_version == 1:
                orders[order] = event.state
            else:
                orders.setdefault(order, None)
        unknown = [each for each, first in orders.items() if first is None]
        asked = {each: 2 for each in unknown if each not in self._show_of}
        for order, before in (self._store.events_before(asked) if asked else {}).items():
            orders[order] = before[0].state
        named = {order: _first_event(first).show for order, first in orders.items() if first}
        self._show_of.update(named)
        return {show for order in orders if (show := self._show_of.get(order)) is not None}
