"""Answers the calls of the feed on the event loop, because they wait for news.

What is new is in memory already (`application/feed/tail.py`); what is older is read in one of the
few threads of the feed, so that whoever catches up takes no thread from other calls.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs, urlencode

from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian.rsgi import Scope

from application.bootstrap import Services
from application.catalog.access import Caller
from application.feed.reading import FeedPage
from application.runtime.greenlet_bridge import GreenletBridge, in_time
from interface.http.authentication import ADMITTED, is_local, unauthorized
from interface.http.calls import refuse_without
from interface.http.errors import BodyRefused, TooManyCalls, answer_to
from interface.http.exchange import Environ, Incoming, Outgoing
from interface.http.feed import (
    FEED,
    READ_FEED,
    STREAM,
    STREAM_FEED,
    FeedRequest,
    page_answer,
    stream_headers,
    wanted_page,
    wanted_stream,
)
from interface.http.problems import TOO_MANY_STREAMS
from interface.http.request_log import request_id_of
from interface.server.client_socket import socket_of
from interface.server.draining import Traffic
from interface.server.fair_share import CallSlots
from interface.server.feed_stream import FeedStream, Position
from interface.server.feed_waits import FeedWait, FeedWaits, Why

T = TypeVar("T")

THREADS = 4
MOST_WAITING = 64
"""How many pages of a partner may wait for news at the same time."""
MOST_STREAMS = 1_000
MOST_OF_PARTNER = 100
TICKET = "ticket"


class Sending:
    """An answer that is a stream: it has begun when its head is sent."""

    def __init__(self, outgoing: Outgoing, stream: FeedStream) -> None:
        self.outgoing = outgoing
        self.stream = stream


class FeedCallsOnLoop:
    """Answers the calls of the feed."""

    def __init__(self, services: Services, traffic: Traffic) -> None:
        self._services = services
        self._waits = FeedWaits(services, traffic)
        self._threads = ThreadPoolExecutor(THREADS, "feed")
        self._slots = CallSlots()
        self._traffic = traffic
        self._waiting: Counter[str] = Counter()
        self._streams: Counter[str] = Counter()

    def begin(self, loop: asyncio.AbstractEventLoop, bridge: GreenletBridge) -> None:
        """Answer on this loop."""
        self._loop = loop
        self._waits.begin(loop, bridge)

    def are_asked(self, environ: Environ) -> bool:
        """Whether a request is one of these calls."""
        return environ["PATH_INFO"] in {FEED, STREAM} and environ["REQUEST_METHOD"] == "GET"

    def has_ticket(self, environ: Environ) -> bool:
        """Whether a request is for a stream, and has a ticket."""
        return environ["PATH_INFO"] == STREAM and TICKET in environ["QUERY_STRING"]

    def admit_ticket(self, environ: Environ) -> None:
        """Find the caller of a stream by its ticket, which is in no log and no answer.

        A key says more: a ticket beside it is not looked at.
        """
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        [ticket, *_] = query.pop(TICKET, [""])
        environ["QUERY_STRING"] = urlencode(query, doseq=True)
        if "HTTP_AUTHORIZATION" not in environ:
            local = is_local(environ)
            environ[ADMITTED] = self._services.feed_tickets.caller(ticket, local=local)

    async def answer(self, environ: Environ, caller: Caller) -> Outgoing | Sending:
        """The answer, or the stream that is to be sent. It raises nothing."""
        incoming = Incoming(environ, {}, request_id_of(environ), caller, bytes)
        try:
            if environ["PATH_INFO"] == STREAM:
                return await self._stream(incoming)
            return await self._page(incoming)
        except Exception as error:  # noqa: BLE001 - as Flask does with exceptions of a view
            return answer_to(error)

    async def send(self, sending: Sending, scope: Scope, protocol: HTTPProtocol) -> None:
        """Send a stream until it ends."""
        try:
            client = await self._in_thread(partial(socket_of, scope.client, scope.server))
            sends = sending.stream.send(protocol, sending.outgoing.headers, client)
            await self._loop.create_task(sends)
        finally:
            self._give_place_back(sending.stream.caller.partner)

    def _take_place(self, partner: str) -> None:
        """Take one of the places for streams. Raises `BodyRefused`."""
        full = self._streams.total() >= MOST_STREAMS
        if full or self._streams[partner] >= MOST_OF_PARTNER:
            raise BodyRefused(TOO_MANY_STREAMS)
        self._streams[partner] += 1

    def _give_place_back(self, partner: str) -> None:
        self._streams[partner] -= 1
        if not self._streams[partner]:
            del self._streams[partner]

    async def _stream(self, incoming: Incoming) -> Sending:
        """A stream that may be sent. Raises what refuses it."""
        refuse_without(incoming, STREAM_FEED.scopes)
        asked = wanted_stream(incoming)
        caller = incoming.caller
        self._take_place(caller.partner)
        try:
            async with self._slots.slot(caller.partner):
                begin = await self._in_thread(partial(self._position, asked))
        except BaseException:
            self._give_place_back(caller.partner)
            raise
        outgoing = Outgoing(200, stream_headers(begin.log))
        stream = FeedStream(
            self._services,
            self._waits,
            self._threads,
            caller,
            asked.wanted,
            begin,
            local=is_local(incoming.environ),
        )
        return Sending(outgoing, stream)

    def _position(self, asked: FeedRequest) -> Position:
        """Where a stream begins. Raises what refuses the position."""
        end = self._services.feed.end()
        after = end.position if asked.after is None else asked.after
        self._services.feed.refuse_other(after, asked.stamp)
        return Position(after, end.log)

    async def _page(self, incoming: Incoming) -> Outgoing:
        """A page, as soon as it has an event. Raises what refuses it."""
        refuse_without(incoming, READ_FEED.scopes)
        asked = wanted_page(incoming)
        page = await self._read(asked, incoming.caller, asked.after or 0, asked.stamp)
        if page.events or not asked.wait or self._traffic.draining:
            return page_answer(page)
        caller = incoming.caller
        if self._waiting[caller.partner] >= MOST_WAITING:
            raise TooManyCalls
        self._waiting[caller.partner] += 1
        try:
            with self._waits.waiting(caller, local=is_local(incoming.environ)) as wait:
                page = await self._when_there_is_news(wait, asked, page)
        finally:
            self._waiting[caller.partner] -= 1
        return unauthorized() if wait.why is Why.KEY_ENDED else page_answer(page)

    async def _when_there_is_news(
        self, wait: FeedWait, asked: FeedRequest, page: FeedPage
    ) -> FeedPage:
        """The page that continues an empty one, once it has an event or the time is over."""
        till = self._loop.time() + asked.wait
        while not page.events and not wait.has_to_end() and (left := till - self._loop.time()) > 0:
            wait.listener.changed.clear()
            known = self._services.feed_tail.after(page.next, asked.wanted, asked.limit)
            if known is None:
                known = await self._read(asked, wait.caller, page.next, page.stamp)
            page = known
            if page.at_end and not page.events and not wait.has_to_end():
                await wait.news(left)
        return page

    async def _read(
        self, asked: FeedRequest, caller: Caller, after: int, stamp: str | None
    ) -> FeedPage:
        read = self._services.feed.read
        async with self._slots.slot(caller.partner):
            call = partial(read, after, asked.limit, asked.wanted, stamp=stamp)
            return await self._in_thread(call)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._threads, in_time(call))
