"""Reads the feed: pages of the log that show a caller the events of its own orders.

Positions lose nothing: a consumer that stores the `next` of a page and goes on there sees every
event once. On both stores the log is complete up to what a page shows.
"""

import threading
import time

import msgspec

from application.feed.order_context import OrderContexts
from application.feed.thin_event import FeedEvent
from application.ports.log_point import Excerpt, LogPoint
from application.ports.store import Store
from domain.refusals import PositionAhead, PositionOfAnotherHistory, PositionOfAnotherLog

SCAN = 5_000
"""How many events a call looks through at most."""
CHUNK = 1_000
CHECK_SECONDS = 1.0
"""How often it is checked that the log still has the history that was read."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted: those of a partner's orders (None: all), of these types and shows.

    A partner's orders are those that it sells and those for its own shows. No types, or no shows,
    mean all of them.
    """

    partner: str | None = None
    types: frozenset[str] = frozenset()
    shows: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.partner is None and not self.types and not self.shows

    def has(self, event: FeedEvent) -> bool:
        """Whether an event is wanted."""
        return (
            (self.partner is None or self.partner in (event.vendor, event.org))
            and (not self.types or event.type in self.types)
            and (not self.shows or event.show in self.shows)
        )


class FeedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events of the feed, and the position to go on at: that of the last event looked at.

    There may be none, and yet `next` is further on. `at_end`: nothing more was there. `end` is the
    point of the log at `next`; its hash is empty where it is not known.
    """

    events: list[FeedEvent]
    end: LogPoint
    at_end: bool

    @property
    def next(self) -> int:
        """The position to go on at."""
        return self.end.position

    @property
    def stamp(self) -> str:
        """What a consumer sends back with the position, for it to be checked."""
        return self.end.log + (f".{_fingerprint(self.end.hash)}" if self.end.hash else "")


class Scanned(msgspec.Struct, frozen=True):
    """All events of an excerpt, and the log points at its start and end."""

    events: list[FeedEvent]
    start: LogPoint
    end: LogPoint


class FeedReader:
    """Reads the feed from the log. Any thread may use it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._contexts = OrderContexts(store)
        self._mutex = threading.Lock()
        self._seen: LogPoint | None = None
        self._check_again = 0.0

    def read(
        self, after: int, limit: int, wanted: Wanted, *, scan: int = SCAN, stamp: str | None = None
    ) -> FeedPage:
        """At most `limit` wanted events beyond `after`, among the next `scan` of the log.

        `stamp` is that of the page from which the position comes, or the id of its log, if the
        caller sends one. Raises `PositionAhead`, `PositionOfAnotherLog`,
        `PositionOfAnotherHistory`, `StoreUnavailable`.
        """
        self._check_history()
        found: list[FeedEvent] = []
        position, left = after, scan
        while True:
            chunk = min(left, limit - len(found) if wanted.everything else CHUNK)
            excerpt = self._store.excerpt(position, chunk)
            self._check(excerpt, stamp if position == after else None)
            events = self._shown(excerpt)
            for each in events:
                if wanted.has(each):
                    found.append(each)
                    if len(found) == limit:
                        point = self._point(each.position, excerpt.end)
                        return FeedPage(events=found, end=point, at_end=False)
            position, left = excerpt.end.position, left - len(events)
            at_end = len(events) < chunk
            if at_end or left <= 0:
                return FeedPage(events=found, end=excerpt.end, at_end=at_end)

    def scan(self, after: int, limit: int) -> Scanned:
        """All of the next events beyond `after`, whoever they concern."""
        excerpt = self._store.excerpt(after, limit)
        return Scanned(self._shown(excerpt), excerpt.start, excerpt.end)

    def of_order(self, order: str) -> list[FeedEvent]:
        """All events of an order, oldest first."""
        return self._contexts.feed_events(self._store.events(order))

    def end(self) -> LogPoint:
        """The end of the log, as far as it is complete."""
        return self._store.point_at(self._store.last_position())

    def forget(self) -> None:
        """Forget what was read: the log has another history than before."""
        self._contexts.forget()

    def refuse_other(self, after: int, stamp: str | None) -> None:
        """Refuse a position that is not one of this log. Raises as `read` does."""
        self._check(self._store.excerpt(after, 0), stamp)

    def _shown(self, excerpt: Excerpt) -> list[FeedEvent]:
        if not excerpt.events:
            return []
        with self._mutex:
            if self._seen is None or excerpt.end.position > self._seen.position:
                self._seen = excerpt.end
        return self._contexts.feed_events(excerpt.events)

    def _point(self, position: int, end: LogPoint) -> LogPoint:
        return end if end.position == position else self._store.point_at(position)

    def _check(self, excerpt: Excerpt, stamp: str | None) -> None:
        log, _, fingerprint = (stamp or excerpt.log).partition(".")
        if log != excerpt.log:
            raise PositionOfAnotherLog(log=log, own=excerpt.log)
        if excerpt.after and not (excerpt.before or excerpt.events):
            # Right after a write its position is assigned, though not yet safe to read.
            last = max(self._store.last_position(), self._store.assigned_position())
            if excerpt.after > last:
                raise PositionAhead(position=excerpt.after, last=last)
        if fingerprint and fingerprint != _fingerprint(excerpt.before):
            raise PositionOfAnotherHistory(position=excerpt.after)

    def _check_history(self) -> None:
        """Forget what was read of a log that has gone back since: a backup was restored."""
        with self._mutex:
            seen, moment = self._seen, time.monotonic()
            if seen is None or moment < self._check_again:
                return
            self._check_again = moment + CHECK_SECONDS
        if self._store.point_at(seen.position) != seen:
            self.forget()
            with self._mutex:
                self._seen = None


def _fingerprint(event_hash: bytes) -> str:
    """Enough of an event's hash to recognise another one."""
    return event_hash[:8].hex()
