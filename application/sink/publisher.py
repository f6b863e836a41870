"""Publishes the feed to a stream: from where the stream ends, and on as the log grows."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
import structlog

from application.feed.reading import FeedPage, FeedReader, Wanted
from application.feed.thin_event import encoded
from application.ports.store import Store, StoreUnavailable
from application.sink.jetstream import (
    BrokerAway,
    FeedStream,
    StreamEnd,
    StreamMoved,
    StreamRefused,
    connected,
)
from application.sink.target import Target

WINDOW = 500
"""Messages that are on their way at once."""

NEWS_SECONDS = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0
MOST_WAITED = 60.0
"""How long a run that ends by itself waits for a broker that has gone."""

EVERYTHING = Wanted()
SAME = ("type", "subject", "time", "data")
"""What of a message says which event it is."""

T = TypeVar("T")
log = structlog.get_logger()


class Published(msgspec.Struct, frozen=True):
    """How many events the stream took in this run, and the position it stands at."""

    events: int
    position: int


class Publisher:
    """Publishes until it is stopped, or with `once` until the end of the log."""

    def __init__(
        self,
        store: Store,
        target: Target,
        types: frozenset[str],
        *,
        once: bool,
        report: Callable[[int], None],
    ) -> None:
        """`report` is called with the position up to which the log is published."""
        self._store = store
        self._reader = FeedReader(store)
        self._target = target
        self._wanted = Wanted(types=types)
        self._once = once
        self._report = report
        self._stopping = asyncio.Event()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._end: StreamEnd | None = None
        self._position = 0
        self._events = 0
        self._pause = FIRST_PAUSE
        self._waited = 0.0

    def stop(self) -> None:
        """Stop after what is on its way; on the event loop."""
        self._stopping.set()

    async def run(self) -> Published:
        """Publish. Raises `StreamRefused`, and `BrokerAway` if the broker is not there at first.

        A broker, or a database, that goes away later is waited for.
        """
        with self._threads:
            while not self._stopping.is_set():
                try:
                    await self._publish_on_a_connection()
                    break
                except (BrokerAway, StoreUnavailable) as reason:
                    if self._end is None:
                        raise
                    await self._wait(reason)
        return Published(self._events, 0 if self._end is None else self._end.position)

    async def _publish_on_a_connection(self) -> None:
        stream = await connected(self._target)
        try:
            await self._look(stream)
            await self._publish_all(stream)
        finally:
            await stream.close()

    async def _publish_all(self, stream: FeedStream) -> None:
        page = await self._read(self._position)
        while not self._stopping.is_set():
            self._forget_waiting()
            if page.events:
                page = await self._published(stream, page)
                continue
            self._position = page.next
            self._report(self._position)
            if page.at_end and self._once:
                return
            if page.at_end:
                await self._in_thread(self._store.wait_for_news, page.next, NEWS_SECONDS)
            page = await self._read(page.next)

    async def _published(self, stream: FeedStream, page: FeedPage) -> FeedPage:
        """Publish a page while the next one is read, and return that.

        Where another publishes, too, it is read from where the stream ends now.
        """
        end = self._end or StreamEnd(0, 0)
        publish = stream.publish(page.events, end.sequence)
        try:
            _, following = await asyncio.gather(publish, self._read(page.next))
        except StreamMoved as moved:
            await self._look(stream)
            if self._end == end:
                raise BrokerAway(
                    "The broker accepts nothing after the end of its stream."
                ) from moved
            return await self._read(self._position)
        count = len(page.events)
        self._events += count
        self._end = StreamEnd(end.sequence + count, page.events[-1].position)
        self._position = page.next
        self._report(self._position)
        return following

    async def _look(self, stream: FeedStream) -> None:
        """Find where the stream stands, and whether the log still has what it has."""
        end = await stream.end(self._end)
        begins = self._target.begins or 0
        if end.position < begins:
            raise StreamRefused(
                f"The stream {self._target.stream} stands at position {end.position}: after"
                f" {begins} it would miss what is between."
            )
        last = await self._in_thread(self._store.last_position)
        if end.position > last or (end.body and not await self._in_thread(self._has, end)):
            raise StreamRefused(
                f"The stream {self._target.stream} stands at position {end.position}, and this log,"
                f" which ends at {last}, has another history: it was set back since. A stream of"
                " another name (--stream) takes the feed from the start."
            )
        self._end, self._position = end, end.position

    def _has(self, end: StreamEnd) -> bool:
        """Whether the event at the end of the stream is the log's."""
        page = self._reader.read(end.position - 1, 1, EVERYTHING)
        if not page.events or page.events[0].position != end.position:
            return False
        ours, theirs = msgspec.json.decode(encoded(page.events[0])), _json(end.body)
        return all(theirs.get(name) == ours[name] for name in SAME)

    async def _read(self, after: int) -> FeedPage:
        return await self._in_thread(self._reader.read, after, WINDOW, self._wanted)

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    async def _wait(self, reason: Exception) -> None:
        """Wait before the next try, longer each time."""
        if self._once and self._waited >= MOST_WAITED:
            raise reason
        if not self._waited:
            log.warning("feed_waits", reason=str(reason), position=self._position)
        try:
            await asyncio.wait_for(self._stopping.wait(), self._pause)
        except TimeoutError:
            self._waited += self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _forget_waiting(self) -> None:
        if self._waited:
            log.info("feed_goes_on", position=self._position, waited_seconds=self._waited)
        self._pause, self._waited = FIRST_PAUSE, 0.0


def _json(body: bytes) -> dict[str, object]:
    """A message's body; empty if it is no JSON object."""
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        return {}
