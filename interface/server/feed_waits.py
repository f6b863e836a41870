"""Who waits for news of the feed on the event loop: pages with `wait`, and streams.

None of them has a thread. They are woken by the feed's tail, when their time is over, when the
process stops, or when their key opens nothing any more: all keys are checked together.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import partial

from application.bootstrap import Services
from application.catalog.access import Caller
from application.feed.tail import Listener
from application.ports.store import StoreUnavailable
from application.runtime.greenlet_bridge import GreenletBridge
from interface.server.draining import Traffic

CHECK_SECONDS = 0.25
"""How often keys are checked: the catalogue finds a revoked one as often."""


class Why(StrEnum):
    """Why a wait or a stream ends."""

    STOPPING = "the server stops"
    KEY_ENDED = "the key works no more"
    GONE = "the client has gone"
    SLOW = "the client is too slow"
    WENT_BACK = "the log went back"
    REFUSED = "the position is not one of this log"
    FAILED = "something went wrong here"


class FeedWait:
    """A page or a stream that waits for news. `why` is set when it has to end."""

    __slots__ = ("caller", "histories", "listener", "local", "why")

    def __init__(self, caller: Caller, listener: Listener, *, local: bool, histories: int) -> None:
        self.caller = caller
        self.listener = listener
        self.local = local
        self.histories = histories
        self.why: Why | None = None

    def end(self, why: Why) -> None:
        """Have it end; the first reason counts."""
        self.why = self.why or why
        self.listener.changed.set()

    def has_to_end(self) -> bool:
        """Whether there is a reason to end it."""
        return self.why is not None

    async def news(self, seconds: float) -> bool:
        """Wait so many seconds for news, or until it has to end; return whether there was any."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.listener.changed.wait()
        return self.listener.changed.is_set()


class FeedWaits:
    """All waits of a process."""

    def __init__(self, services: Services, traffic: Traffic) -> None:
        self._services = services
        self._traffic = traffic
        self._all: set[FeedWait] = set()
        self._checks: asyncio.Task[None] | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, bridge: GreenletBridge) -> None:
        """Wait on this loop."""
        self._loop = loop
        self._bridge = bridge

    @contextmanager
    def waiting(self, caller: Caller, *, local: bool) -> Iterator[FeedWait]:
        """Wait for the caller within the block."""
        tail = self._services.feed_tail
        listener = tail.listen(None if caller.sees_all else caller.partner, self._loop)
        wait = FeedWait(caller, listener, local=local, histories=tail.histories)
        self._all.add(wait)
        if self._checks is None:
            self._checks = self._loop.create_task(self._keep_checking())
        try:
            yield wait
        finally:
            self._all.discard(wait)
            tail.leave(listener)

    async def _keep_checking(self) -> None:
        try:
            while self._all:
                with suppress(StoreUnavailable):  # keys are as they were until it is back
                    await self._bridge.run(self._check)
                await asyncio.sleep(CHECK_SECONDS)
        finally:
            self._checks = None

    def _check(self) -> None:
        """End whoever has to."""
        histories = self._services.feed_tail.histories
        known: dict[tuple[str, bool], Caller | None] = {}
        for each in list(self._all):
            if self._traffic.draining:
                each.end(Why.STOPPING)
            elif each.histories != histories:
                each.end(Why.WENT_BACK)
            key = each.caller.key, each.local
            if key not in known:
                find = partial(self._services.access.caller_by_id, each.caller.key)
                known[key] = find(local=each.local)
            found = known[key]
            if found is None or found.scopes != each.caller.scopes:
                each.end(Why.KEY_ENDED)
