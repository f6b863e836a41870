"""The progress of one webhook, and what can be sent next. Pure: no clock, no network, no store.

Every event up to `read_to` is confirmed or waits in a lane, one for each order. Stored is only a
position up to which everything is confirmed, and a lane for each order for which this is not true.
So after a crash nothing is skipped, and only what was confirmed after the last commit is sent
again.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

import msgspec

from application.feed.thin_event import FeedEvent
from application.ports.webhooks import Lane

MOST_WAITING = 100
"""With this many failed orders, no other order is started."""
MOST_FAILURES = 8
"""After this many failures in a row the receiver counts as down, and gets one try at a time."""
MOST_RETRIES_AT_ONCE = 4
"""Retries may not take all places: other orders go on."""


class OpenLane(msgspec.Struct, kw_only=True, eq=False):
    """An order whose events wait for a webhook, oldest first.

    `begun`: one of them has been sent. `stored`: there is a row of it; `changed`: the row, if there
    has to be one, is out of date. `loaded`: all its events up to `read_to` are here.
    """

    order: str
    events: deque[FeedEvent] = msgspec.field(default_factory=deque)
    confirmed: int = 0
    tries: int = 0
    first_failed_at: datetime | None = None
    next_try_at: datetime | None = None
    reason: str = ""
    busy: bool = False
    retried: bool = False
    begun: bool = False
    stored: bool = False
    changed: bool = False
    loaded: bool = True


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be stored of a webhook: its position, lanes to write, and lanes to remove."""

    position: int
    written: Sequence[OpenLane]
    freed: Sequence[OpenLane]


class Progress:
    """The lanes of one webhook. Moments are of a clock that never goes back."""

    def __init__(self, position: int) -> None:
        self.read_to = position
        self.lanes: dict[str, OpenLane] = {}
        self.pending = 0
        self.in_flight = 0
        self.failures = 0
        self.rests_till = 0.0
        self._retrying = 0
        self._fresh: deque[OpenLane] = deque()  # never begun, by their first event
        self._ready: deque[OpenLane] = deque()
        self._waiting: list[tuple[float, int, OpenLane]] = []
        self._numbers = count()

    @property
    def is_down(self) -> bool:
        """Whether nothing has been confirmed for a while."""
        return self.failures >= MOST_FAILURES

    @property
    def waiting(self) -> int:
        """How many orders wait to be tried again."""
        return len(self._waiting) + self._retrying

    def resume(self, row: Lane, due: float) -> None:
        """Take over a lane from its row; its events are not loaded yet."""
        lane = OpenLane(
            order=row.order,
            confirmed=row.position,
            tries=row.tries,
            first_failed_at=row.first_failed_at,
            next_try_at=row.next_try_at,
            reason=row.reason,
            begun=True,
            stored=True,
            loaded=False,
        )
        self.lanes[lane.order] = lane
        self._wait(lane, due)

    def load(self, lane: OpenLane, events: Sequence[FeedEvent], till: int) -> None:
        """Put the events of a lane up to `till` before those that were offered since."""
        known = lane.events[0].position if lane.events else till + 1
        older = [each for each in events if lane.confirmed < each.position < min(known, till + 1)]
        lane.events.extendleft(reversed(older))
        self.pending += len(older)
        lane.loaded = True

    def offer(self, event: FeedEvent) -> None:
        """Take an event in; events come by position."""
        lane = self.lanes.get(event.order)
        if lane is None:
            lane = OpenLane(order=event.order, confirmed=event.position - 1)
            self.lanes[event.order] = lane
            self._fresh.append(lane)
        elif event.position <= lane.confirmed:
            return
        elif lane.begun and lane.loaded and not lane.events and not lane.busy:
            self._ready.append(lane)
        lane.events.append(event)
        self.pending += 1

    def take(self, now: float) -> OpenLane | None:
        """The next lane to send the first event of; it is busy from now on."""
        if now < self.rests_till or (self.is_down and self.in_flight):
            return None
        lane = self._take_due(now)
        if lane is None and not self.is_down:
            lane = self._take_ready()
        if lane is not None:
            lane.busy = lane.begun = lane.changed = True
            self.in_flight += 1
        return lane

    def _take_due(self, now: float) -> OpenLane | None:
        if not self._waiting or self._waiting[0][0] > now:
            return None
        if self._retrying >= MOST_RETRIES_AT_ONCE:
            return None
        self._retrying += 1
        lane = heapq.heappop(self._waiting)[2]
        lane.retried = True
        return lane

    def _take_ready(self) -> OpenLane | None:
        if self._ready:
            return self._ready.popleft()
        return self._fresh.popleft() if self._fresh and self.waiting < MOST_WAITING else None

    def next_due(self) -> float | None:
        """When something can be tried again; None: never by itself."""
        if not self._waiting:
            return None
        return max(self._waiting[0][0], self.rests_till)

    def give_back(self, lane: OpenLane, due: float) -> None:
        """A lane was not tried after all: it is due at `due`."""
        self._release(lane)
        self._wait(lane, due)

    def confirm(self, lane: OpenLane, now: float) -> None:
        """The receiver has the first event of a lane."""
        self._release(lane)
        was_down, self.failures = self.is_down, 0
        confirmed = lane.events.popleft().position
        self.pending -= 1
        self._clear(lane, confirmed)
        if lane.events:
            self._ready.append(lane)
        if was_down:
            self.retry_at(now)

    def drop_if_empty(self, lane: OpenLane) -> bool:
        """Release a lane that has nothing to be sent; return whether it is one."""
        if lane.events:
            return False
        self._release(lane)
        self._clear(lane, lane.confirmed)
        return True

    def fail(self, lane: OpenLane, reason: str, at: datetime, wait: float, now: float) -> None:
        """A try at `at` failed: the next one is due after this many seconds."""
        self._release(lane)
        lane.tries += 1
        lane.first_failed_at = lane.first_failed_at or at
        lane.next_try_at = at + timedelta(seconds=wait)
        lane.reason = reason
        lane.changed = True
        self.failures += 1
        self._wait(lane, now + wait)

    def begin_anew(self) -> None:
        """Count tries from the beginning: the webhook was given up, and may be resumed."""
        self.failures, self.rests_till = 0, 0.0
        for lane in self.lanes.values():
            if lane.begun:
                self._clear(lane, lane.confirmed)

    def retry_at(self, moment: float) -> None:
        """Make all waiting lanes due at a moment."""
        self._waiting = [(moment, number, each) for _, number, each in self._waiting]

    def gone_back_to(self, position: int) -> "Progress":
        """The progress of a webhook that gets all events beyond a position again.

        What was not confirmed before it stays to be sent. Nothing may be in flight.
        """
        before = self.snapshot().position
        other = Progress(min(position, before))
        for lane in self.lanes.values():
            if lane.begun:
                kept = lane.confirmed < other.read_to and self._is_needed(lane, before)
                confirmed = lane.confirmed if kept else other.read_to
                other.lanes[lane.order] = again = OpenLane(
                    order=lane.order, confirmed=confirmed, begun=True, stored=lane.stored
                )
                if kept:
                    again.loaded = False
                    other._wait(again, 0.0)
        return other

    def _clear(self, lane: OpenLane, confirmed: int) -> None:
        lane.confirmed = confirmed
        lane.tries, lane.first_failed_at, lane.next_try_at, lane.reason = 0, None, None, ""
        lane.changed = True

    def _release(self, lane: OpenLane) -> None:
        self._retrying -= lane.retried
        lane.busy = lane.retried = False
        self.in_flight -= 1

    def _wait(self, lane: OpenLane, due: float) -> None:
        heapq.heappush(self._waiting, (due, next(self._numbers), lane))

    def snapshot(self) -> Snapshot:
        """What has to be stored now; `stored` or `not_stored` has to follow."""
        position = self._fresh[0].events[0].position - 1 if self._fresh else self.read_to
        written, freed = [], []
        for lane in self.lanes.values():
            if not lane.begun:
                continue
            if self._is_needed(lane, position):
                if lane.changed or not lane.stored:
                    lane.changed = False
                    written.append(lane)
            else:
                freed.append(lane)
        return Snapshot(position=position, written=written, freed=freed)

    @staticmethod
    def _is_needed(lane: OpenLane, position: int) -> bool:
        """Whether a lane says something that a position does not."""
        return bool(lane.events) or lane.busy or not lane.loaded or lane.confirmed > position

    def stored(self, snapshot: Snapshot) -> None:
        """A snapshot has been stored."""
        for lane in snapshot.written:
            lane.stored = True
        for lane in snapshot.freed:
            lane.stored = False
            if not self._is_needed(lane, snapshot.position):
                self.lanes.pop(lane.order, None)

    def not_stored(self, snapshot: Snapshot) -> None:
        """A snapshot may have been stored or not."""
        for lane in snapshot.written:
            lane.stored = lane.changed = True
