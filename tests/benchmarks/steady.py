"""Requests at a steady rate, however long the answers take, and how long each of them took.

wrk sends a connection's next request when the last one is answered: while the server stalls, it
asks nothing, and the stall counts once. Here each request has a moment at which it is due, and its
time counts from then.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from servers import KEY

CONNECTIONS = 64
LATE_SECONDS = 60.0
"""An answer that comes no sooner than this is a fault."""
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Times:
    """How long answers took, in milliseconds from the moment their requests were due."""

    p50: float
    p99: float
    p999: float
    most: float
    requests: int
    refused: int


def times_of(seconds: Sequence[float], refused: int = 0) -> Times:
    """What so many seconds are, put together."""
    took = sorted(seconds)

    def at(share: float) -> float:
        return took[min(int(len(took) * share), len(took) - 1)] * 1000

    return Times(
        p50=at(0.5),
        p99=at(0.99),
        p999=at(0.999),
        most=took[-1] * 1000,
        requests=len(took),
        refused=refused,
    )


class Connection(asyncio.Protocol):
    """Sends one request after another."""

    transport: asyncio.Transport

    def __init__(
        self,
        free: Callable[["Connection", bool], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        """`free` is told that an answer has come, and whether it is a good one."""
        self._free = free
        self._lost = lost
        self._come = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that the server closes is not used any more, and its request is refused."""
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        """Look whether the answer is complete."""
        self._come += data
        head = self._come.find(END_OF_HEAD)
        length = LENGTH.search(self._come, 0, head + 2) if head >= 0 else None
        if length is None or len(self._come) < head + len(END_OF_HEAD) + int(length[1]):
            return
        good, self._come = self._come.startswith(b"HTTP/1.1 2"), b""
        self._free(self, good)


class Load:
    """Sends the same request at a steady rate."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: bytes) -> None:
        self._loop = loop
        self._request = request
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._took: list[float] = []
        self._refused = 0
        self._all = asyncio.Event()
        self._count = 0

    async def connect(self, port: int) -> None:
        """Open all connections."""
        for _ in range(CONNECTIONS):
            _, made = await self._loop.create_connection(
                lambda: Connection(self._answered, self._lost), "127.0.0.1", port
            )
            self._idle.append(made)

    async def send(self, rate: float, seconds: float) -> None:
        """Send until the time is over; return when all is answered."""
        begun = self._loop.time()
        self._count = int(rate * seconds)
        for number in range(self._count):
            due = begun + number / rate
            if (wait := due - self._loop.time()) > 0:
                await asyncio.sleep(wait)
            self._due.append(due)
            self._send_what_is_due()
        async with asyncio.timeout(LATE_SECONDS):
            await self._all.wait()

    def _send_what_is_due(self) -> None:
        while self._due and self._idle:
            connection = self._idle.popleft()
            connection.due = self._due.popleft()
            connection.transport.write(self._request)

    def _lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        else:
            self._count_one(connection, good=False)

    def _answered(self, connection: Connection, good: bool) -> None:  # noqa: FBT001 - a callback
        self._idle.append(connection)
        self._send_what_is_due()
        self._count_one(connection, good=good)

    def _count_one(self, connection: Connection, *, good: bool) -> None:
        self._took.append(self._loop.time() - connection.due)
        self._refused += not good
        if len(self._took) == self._count:
            self._all.set()

    def times(self) -> Times:
        """What was found."""
        return times_of(self._took, self._refused)

    def close(self) -> None:
        """Close all connections."""
        for each in self._idle:
            each.transport.close()


def request_of(method: str, path: str, body: str) -> bytes:
    """A request of the seller, as it is sent."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: key {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def steady(port: int, request: bytes, rate: float, seconds: float) -> Times:
    """Send a request so many times a second, for so long."""
    load = Load(asyncio.get_running_loop(), request)
    await load.connect(port)
    try:
        await load.send(rate, seconds)
        return load.times()
    finally:
        load.close()
