"""One stream of the feed: a position, and no queue.

What is new comes from the feed's tail, what is older is read from the log, a page at a time and
only when the one before is sent. So a slow client costs no memory, and one that takes nothing for
ten seconds is dropped: its position is in the log, and its browser has it, too.
"""

import asyncio
import time
from concurrent.futures import Executor
from functools import partial
from typing import Any

import msgspec
import structlog

from application.bootstrap import Services
from application.catalog.access import Caller
from application.feed.counts import FEED_COUNTS
from application.feed.reading import FeedPage, Wanted
from application.ports.log_point import LogPoint
from application.ports.store import StoreUnavailable
from domain.refusals import Refusal
from interface.http.exchange import Header
from interface.http.feed import RETRY, frame
from interface.server.client_socket import ClientSocket
from interface.server.feed_waits import FeedWait, FeedWaits, Why

PAGE = 100
"""How many events are sent at once."""
HEARTBEAT_SECONDS = 15.0
SLOW_SECONDS = 10.0
MOST_UNSENT = 256 * 1024
"""A client that has not taken so many bytes is sent no more, until it has."""
LOOK_SECONDS = 0.02
AGAIN_SECONDS = 1.0

log = structlog.get_logger()


class Position(msgspec.Struct, frozen=True):
    """Where a stream stands, and in which log."""

    after: int
    log: str


class FeedStream:
    """A stream for a caller. It ends when the client goes, or with a last comment that says why."""

    def __init__(
        self,
        services: Services,
        waits: FeedWaits,
        threads: Executor,
        caller: Caller,
        wanted: Wanted,
        begin: Position,
        *,
        local: bool,
    ) -> None:
        self.caller = caller
        self._services = services
        self._waits = waits
        self._threads = threads
        self._wanted = wanted
        self._position = begin.after
        self._log = begin.log
        self._local = local
        self._sent = 0
        self._transport: Any = None
        self._client: ClientSocket | None = None

    async def send(self, protocol: Any, headers: list[Header], client: ClientSocket | None) -> None:
        """Send until the stream ends."""
        self._client = client
        began = time.monotonic()
        self._count(open=1)
        FEED_COUNTS.stands(id(self), self._position)
        why = Why.FAILED
        try:
            self._transport = protocol.response_stream(200, headers)
            with self._waits.waiting(self.caller, local=self._local) as wait:
                gone = asyncio.ensure_future(_when_gone(protocol, wait))
                try:
                    why = await self._follow(wait)
                finally:
                    gone.cancel()
        except Exception:
            log.exception("feed_stream_failed")
        finally:
            if client is not None:
                if why is Why.SLOW:
                    client.cut()
                client.close()
            FEED_COUNTS.stands(id(self), None)
            self._count(open=-1, dropped=int(why is Why.SLOW))
            log.info(
                "feed_stream_ended",
                why=why.value,
                partner=self.caller.partner,
                key=self.caller.key,
                position=self._position,
                events=self._sent,
                seconds=round(time.monotonic() - began, 3),
            )

    async def _follow(self, wait: FeedWait) -> Why:
        """Send what comes; return why the stream ended."""
        took = True
        await self._put(RETRY)
        while took and not wait.has_to_end():
            wait.listener.changed.clear()
            page = await self._next(wait)
            if wait.has_to_end():
                break
            if page.events:
                await self._put(b"".join(map(frame, page.events)))
                took = await self._taken(wait)
            self._take(page)
            if took and page.at_end and not wait.has_to_end():
                await self._quiet(wait)
        if took and wait.why is not Why.GONE:
            await self._put(f": {wait.why}\n\n".encode())
        return wait.why or Why.SLOW

    def _take(self, page: FeedPage) -> None:
        self._position = page.next
        FEED_COUNTS.stands(id(self), self._position)
        self._sent += len(page.events)
        if page.events:
            self._count(streamed=len(page.events))

    async def _quiet(self, wait: FeedWait) -> None:
        """Wait for news; without any, show that the stream lives, and how far it is."""
        if not await wait.news(HEARTBEAT_SECONDS):
            FEED_COUNTS.stands(id(self), self._position)
            await self._put(b": nothing new\nid: %d\n\n" % self._position)

    async def _next(self, wait: FeedWait) -> FeedPage:
        """The events beyond the position; none if the log cannot be read now."""
        known = self._services.feed_tail.after(self._position, self._wanted, PAGE)
        if known is not None:
            return known
        read = partial(
            self._services.feed.read, self._position, PAGE, self._wanted, stamp=self._log
        )
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, read)
        except Refusal:
            wait.end(Why.REFUSED)
        except StoreUnavailable:
            await asyncio.sleep(AGAIN_SECONDS)
        return FeedPage(events=[], end=LogPoint(self._log, self._position, b""), at_end=False)

    async def _put(self, content: bytes) -> None:
        await self._transport.send_bytes(content)

    async def _taken(self, wait: FeedWait) -> bool:
        """Wait until the client has taken what it was sent, up to a rest; False: it does not."""
        till = time.monotonic() + SLOW_SECONDS
        while self._client is not None and self._client.unsent() > MOST_UNSENT:
            if time.monotonic() > till:
                return False
            if wait.has_to_end():
                break
            await asyncio.sleep(LOOK_SECONDS)
        return True

    def _count(self, **more: int) -> None:
        for name, value in more.items():
            setattr(FEED_COUNTS.own, name, getattr(FEED_COUNTS.own, name) + value)
        FEED_COUNTS.write()


async def _when_gone(protocol: Any, wait: FeedWait) -> None:
    await protocol.client_disconnect()
    wait.end(Why.GONE)
