"""Reads the log for deliveries: one page for all that are at the same position."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

import structlog

from application.feed.reading import FeedPage, FeedReader, Scanned, Wanted
from application.feed.thin_event import FeedEvent
from application.ports.log_point import LogPoint
from application.ports.store import Store, StoreUnavailable

PAGE = 100
"""Events that are handed to all webhooks of a shard at once."""
PAGES_KEPT = 64
WAIT_SECONDS = 0.5

T = TypeVar("T")

log = structlog.get_logger()


class EventSource:
    """Reads the log, and calls the store, from threads of two pools; used from one event loop."""

    def __init__(self, store: Store, reading: Executor, writing: Executor) -> None:
        self._store = store
        self._reader = FeedReader(store)
        self._reading = reading
        self._writing = writing
        self._pages: OrderedDict[int, asyncio.Future[Scanned]] = OrderedDict()
        self._news = asyncio.Event()
        self.last = 0

    async def run(self, call: Callable[[], T]) -> T:
        """Call something that reads from the store."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, call)

    async def write(self, call: Callable[[], T]) -> T:
        """Call something that writes to the store: it may hold a lock that others wait for."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, call)

    async def page(self, after: int) -> Scanned:
        """The next events beyond a position, of all orders; none at the end of the log.

        Raises `StoreUnavailable`.
        """
        known = self._pages.get(after)
        if known is None:
            known = asyncio.ensure_future(self.run(lambda: self._reader.scan(after, PAGE)))
            self._pages[after] = known
            if len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
        try:
            page = await asyncio.shield(known)
        except Exception:
            self._forget(after, known)
            raise
        if len(page.events) < PAGE:  # more may follow it soon
            self._forget(after, known)
        return page

    def _forget(self, after: int, reading: asyncio.Future[Scanned]) -> None:
        if self._pages.get(after) is reading:
            del self._pages[after]

    async def wanted_page(self, after: int, wanted: Wanted) -> FeedPage:
        """The next wanted events beyond a position. Raises `StoreUnavailable`, `PositionAhead`."""
        return await self.run(lambda: self._reader.read(after, PAGE, wanted))

    async def events_of(self, order: str, after: int, till: int) -> Sequence[FeedEvent]:
        """An order's events beyond a position and up to another. Raises `StoreUnavailable`."""
        events = await self.run(lambda: self._reader.of_order(order))
        return [each for each in events if after < each.position <= till]

    async def event_at(self, position: int) -> FeedEvent | None:
        """The event at a position. Raises `StoreUnavailable`."""
        found = (await self.run(lambda: self._reader.scan(position - 1, 1))).events
        return found[0] if found and found[0].position == position else None

    async def end(self) -> LogPoint:
        """The end of the log. Raises `StoreUnavailable`."""
        return await self.run(self._reader.end)

    async def news_after(self, position: int) -> None:
        """Return when the log may have grown beyond a position, or when it went back."""
        while self.last <= position:
            self._news.clear()
            await self._news.wait()
            if self.last < position:
                return

    async def watch(self) -> None:
        """Look for news until cancelled."""
        while True:
            try:
                last = await self.run(self._wait)
            except StoreUnavailable as error:
                log.warning("store_unavailable", thread="webhooks", reason=str(error))
                await asyncio.sleep(WAIT_SECONDS)
                continue
            if last != self.last:
                self.last = last
                self._news.set()

    def _wait(self) -> int:
        self._store.wait_for_news(self.last, WAIT_SECONDS)
        return self._store.last_position()

    def forget(self) -> None:
        """Forget what was read: the log has another history than before."""
        self._pages.clear()
        self._reader.forget()
