"""The tail of the feed: keeps the newest events in memory, and wakes listeners.

One thread of a process follows the log for all of its streams and waiting calls. It reads each
event once, keeps the newest, and wakes only the listeners that an event concerns. It
starts on first use, and ends when nobody has listened for a while.
"""

import asyncio
import threading
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from operator import attrgetter

import msgspec
import structlog

from application.feed.reading import FeedPage, FeedReader, Wanted
from application.feed.thin_event import FeedEvent
from application.ports.log_point import LogPoint
from application.ports.store import Store, StoreUnavailable

MOST_KEPT = 10_000
BATCH = 1_000
REST_SECONDS = 0.02
"""A pause after news: waking everybody for each event costs more than for several at once."""
WAIT_SECONDS = 0.5
IDLE_SECONDS = 30.0
LISTENER_OF_ALL = None
"""In place of a partner: a listener to the events of all."""

_position = attrgetter("position")

log = structlog.get_logger()


class Listener:
    """Somebody on an event loop who is woken by news of a partner (None: of all).

    `changed` is set by news, and also when the log turns out to have another history.
    """

    __slots__ = ("changed", "loop", "partner")

    def __init__(self, partner: str | None, loop: asyncio.AbstractEventLoop) -> None:
        self.partner = partner
        self.loop = loop
        self.changed = asyncio.Event()


class Recent:
    """The newest events of one partner, or of all; it is complete beyond `floor`."""

    __slots__ = ("_begin", "_events", "floor")

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._events: list[FeedEvent] = []
        self._begin = 0

    def add(self, event: FeedEvent) -> None:
        """Add the newest event."""
        self._events.append(event)

    def drop(self) -> FeedEvent:
        """Drop the oldest event."""
        event = self._events[self._begin]
        self._begin += 1
        self.floor = event.position
        if self._begin > MOST_KEPT // 10 and self._begin * 2 > len(self._events):
            del self._events[: self._begin]
            self._begin = 0
        return event

    def __len__(self) -> int:
        return len(self._events) - self._begin

    def after(self, position: int, wanted: Wanted, limit: int) -> list[FeedEvent]:
        """At most `limit` wanted events beyond a position."""
        start = bisect_right(self._events, position, lo=self._begin, key=_position)
        found = []
        for index in range(start, len(self._events)):
            if wanted.has(self._events[index]):
                found.append(self._events[index])
                if len(found) == limit:
                    break
        return found


class Kept(msgspec.Struct):
    """What is known of the log since `begin`: its newest events, of all and by partner."""

    begin: LogPoint
    end: LogPoint
    all: Recent
    by_partner: dict[str, Recent]

    def add(self, events: Iterable[FeedEvent]) -> set[str | None]:
        """Add news; return whom they concern."""
        concerned: set[str | None] = set()
        for each in events:
            self.all.add(each)
            for partner in {each.org, each.vendor}:
                if partner not in self.by_partner:
                    self.by_partner[partner] = Recent(self.begin.position)
                self.by_partner[partner].add(each)
                concerned.add(partner)
        while len(self.all) > MOST_KEPT:
            oldest = self.all.drop()
            for partner in {oldest.org, oldest.vendor}:
                self.by_partner[partner].drop()
        return concerned | {LISTENER_OF_ALL} if concerned else concerned

    def of(self, partner: str | None) -> Recent:
        """The newest events that concern a partner."""
        if partner is None:
            return self.all
        known = self.by_partner.get(partner)
        return Recent(self.begin.position) if known is None else known


class FeedTail:
    """Follows the log for one process. Any thread may use it."""

    def __init__(self, store: Store, reader: FeedReader) -> None:
        self._store = store
        self._reader = reader
        self._mutex = threading.Lock()
        self._listeners: defaultdict[str | None, set[Listener]] = defaultdict(set)
        self._kept: Kept | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.histories = 0
        """How often the log turned out to have another history than the one read before."""

    def listen(self, partner: str | None, loop: asyncio.AbstractEventLoop) -> Listener:
        """Be woken by news of a partner from now on."""
        listener = Listener(partner, loop)
        with self._mutex:
            self._listeners[partner].add(listener)
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="feed-tail", daemon=True)
                self._thread.start()
        return listener

    def leave(self, listener: Listener) -> None:
        """Be woken no more."""
        with self._mutex:
            own = self._listeners[listener.partner]
            own.discard(listener)
            if not own:
                del self._listeners[listener.partner]

    def after(self, position: int, wanted: Wanted, limit: int) -> FeedPage | None:
        """What `FeedReader.read` would return, from memory; None for events that are too old."""
        with self._mutex:
            kept = self._kept
            if kept is None:
                return None
            recent = kept.of(wanted.partner)
            if position < recent.floor:
                return None
            events = recent.after(position, wanted, limit)
            full = len(events) == limit
            at = events[-1].position if full else max(position, kept.end.position)
            end = kept.end if at == kept.end.position else LogPoint(kept.end.log, at, b"")
            return FeedPage(events=events, end=end, at_end=not full)

    def stop(self) -> None:
        """Follow the log no more."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join(WAIT_SECONDS * 2)

    def _run(self) -> None:
        idle_since = time.monotonic()
        while not self._stopping.is_set():
            if self._listeners:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > IDLE_SECONDS and self._ended():
                return
            try:
                self._follow()
            except StoreUnavailable as error:
                log.warning("store_unavailable", thread="feed-tail", reason=str(error))
                self._stopping.wait(WAIT_SECONDS)
            except Exception:
                log.exception("background_work_failed", thread="feed-tail")
                self._stopping.wait(WAIT_SECONDS)

    def _ended(self) -> bool:
        """Whether nobody listens, so that this thread is not needed any more."""
        with self._mutex:
            if not self._listeners:
                self._thread = self._kept = None
            return self._thread is None

    def _follow(self) -> None:
        """Take in the next events, or wait for some."""
        kept = self._kept
        if kept is None:
            self._begin()
            return
        scanned = self._reader.scan(kept.end.position, BATCH)
        if scanned.start != kept.end:
            self._begin_anew()
            return
        if not scanned.events:
            self._store.wait_for_news(kept.end.position, WAIT_SECONDS)
            return
        with self._mutex:
            concerned = kept.add(scanned.events)
            kept.end = scanned.end
            woken = self._listeners_of(concerned)
        _wake(woken)
        if len(scanned.events) < BATCH:
            self._stopping.wait(REST_SECONDS)

    def _begin(self) -> None:
        end = self._reader.end()
        with self._mutex:
            self._kept = Kept(end, end, Recent(end.position), {})
            everybody = self._listeners_of(set(self._listeners))
        _wake(everybody)

    def _begin_anew(self) -> None:
        """A backup was put in the log's place: nothing that was read of it is true any more."""
        log.warning("feed_log_went_back")
        self._reader.forget()
        self.histories += 1
        self._begin()

    def _listeners_of(self, concerned: set[str | None]) -> list[Listener]:
        return [each for name in concerned for each in self._listeners.get(name, ())]


def _wake(listeners: Iterable[Listener]) -> None:
    """Wake listeners; those of a loop together, since waking it is expensive."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = defaultdict(list)
    for each in listeners:
        by_loop[each.loop].append(each.changed.set)
    for loop, calls in by_loop.items():
        try:
            loop.call_soon_threadsafe(_call_all, calls)
        except RuntimeError:  # the loop is closed: nobody is there to be woken
            continue


def _call_all(calls: Iterable[Callable[[], None]]) -> None:
    for each in calls:
        each()
