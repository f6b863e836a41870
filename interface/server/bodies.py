"""Bodies as they arrive: how much of one is read, for how long, and how many at the same time.

A body whose length is stated and small is put together by the server library, whatever pieces it
comes in. Others are read here piece by piece, and each piece costs a turn of the event loop. So
they are read only for partners, few at the same time, and small pieces at a limited rate.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian._granian import RSGIProtocolClosed as ProtocolClosed

from interface.console.page_session import FORM_BYTES
from interface.http.errors import BadRequest, BodyRefused
from interface.http.exchange import Environ
from interface.http.problems import BODY_TOO_SLOW, LENGTH_REQUIRED, TOO_MANY_BODIES

CHECK_SECONDS = 1.0
SMALL = 65_536
"""Bodies up to so many bytes are not counted; the server limits the connections."""
LARGE_BODIES = 16
"""How many bodies a partner may send at the same time that are larger, or of unknown length."""
SMALL_PIECE = 1024
"""A piece of fewer bytes is a small one. Networks pass larger ones."""
SMALL_PIECES_A_SECOND = 2000
"""How many of them are read for a partner: so they take less than a fifth of the event loop."""
SMALL_PIECES_AT_ONCE = 100
OF_ANYONE = ("/console", "/sandbox", "/v1/gateways/")
"""Where bodies come from people and gateways, who have no keys."""


class Bodies:
    """Reads the bodies of requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most_bytes: int, seconds: float) -> None:
        """Read up to so many bytes of each, in so many seconds."""
        self._most_bytes = most_bytes
        self._coming = ComingBodies(loop, seconds)
        self._pace = Pace(loop)
        self._large: Counter[str] = Counter()

    def is_read_for_anyone(self, environ: Environ) -> bool:
        """Whether the body, if there is one, is read without finding out who sends it.

        A client that waits to be told to go on is let in before it is told so.
        """
        if "HTTP_TRANSFER_ENCODING" in environ:
            return False
        if "HTTP_EXPECT" in environ and not is_form(environ):
            return False
        return self._stated(environ) <= SMALL

    async def small(self, environ: Environ, protocol: HTTPProtocol) -> bytes:
        """A body that is read for anyone. Raises `BodyRefused`, `BadRequest`."""
        if not self._stated(environ):
            return b""
        return await self._coming.whole(protocol())

    async def of_caller(
        self, environ: Environ, protocol: HTTPProtocol, partner: str | None
    ) -> bytes:
        """A body of a partner; unread if it is nobody's. Raises `BodyRefused`, `BadRequest`."""
        if partner is None:
            if environ["PATH_INFO"].startswith(OF_ANYONE):
                raise BodyRefused(LENGTH_REQUIRED)
            return b""
        if "HTTP_TRANSFER_ENCODING" not in environ and self._stated(environ) <= SMALL:
            return await self.small(environ, protocol)
        if self._large[partner] >= LARGE_BODIES:
            raise BodyRefused(TOO_MANY_BODIES)
        self._large[partner] += 1
        try:
            body = self._in_pieces(protocol, environ.get("CONTENT_LENGTH"), partner)
            return await self._coming.whole(body)
        finally:
            self._large[partner] -= 1
            if not self._large[partner]:
                del self._large[partner]

    def _stated(self, environ: Environ) -> int:
        """The stated length; 0 for no body, and for one that is refused unread."""
        length = environ.get("CONTENT_LENGTH", "")
        stated = int(length) if length.isdecimal() else 0
        most = min(FORM_BYTES, self._most_bytes) if is_form(environ) else self._most_bytes
        return stated if stated <= most else 0

    async def _in_pieces(self, protocol: HTTPProtocol, stated: str | None, partner: str) -> bytes:
        """A body up to the limit and a little more, which shows that it is too large.

        A body that breaks off just ends, which only a Content-Length can reveal. A chunked body
        that breaks off is invalid JSON.
        """
        pieces = []
        length = 0
        async for piece in protocol:
            pieces.append(piece)
            length += len(piece)
            if length > self._most_bytes:
                break
            if len(piece) < SMALL_PIECE and (pause := self._pace.pause(partner)):
                await asyncio.sleep(pause)
        if stated is not None and length < int(stated):
            raise broken_off()
        return b"".join(pieces)


def is_form(environ: Environ) -> bool:
    """Whether a request is one to the console, where people have no keys."""
    path: str = environ["PATH_INFO"]
    return path.startswith("/console")


def broken_off() -> BadRequest:
    """The error of a body that breaks off."""
    return BadRequest("bad_json", "The body broke off before its end.")


class Pace:
    """How fast the small pieces of a partner's bodies are read, all of them together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._read_till: dict[str, float] = {}

    def pause(self, partner: str) -> float:
        """Count a piece; how many seconds to wait before the next one is read."""
        now, each = self._loop.time(), 1 / SMALL_PIECES_A_SECOND
        rested = now - SMALL_PIECES_AT_ONCE * each
        till = max(self._read_till.get(partner, 0.0), rested) + each
        self._read_till[partner] = till
        return max(0.0, till - now)


class ComingBodies:
    """The bodies that are arriving, each of which has to be complete in time.

    One check of all of them a second costs less than a timer for each.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """Give every body so many `seconds`, and up to one more."""
        self._loop = loop
        self._seconds = seconds
        self._since: dict[asyncio.Task[Any], float] = {}
        loop.call_later(CHECK_SECONDS, self._cancel_late)

    async def whole(self, body: Awaitable[bytes]) -> bytes:
        """A body, once it is complete. Raises `BodyRefused`, `BadRequest`."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._since[task] = self._loop.time()
        try:
            return await body
        except asyncio.CancelledError:
            raise BodyRefused(BODY_TOO_SLOW) from None
        except ProtocolClosed:
            raise broken_off() from None
        finally:
            del self._since[task]

    def _cancel_late(self) -> None:
        """Cancel the bodies that are late."""
        latest = self._loop.time() - self._seconds
        for task in [task for task, since in self._since.items() if since < latest]:
            task.cancel()
        self._loop.call_later(CHECK_SECONDS, self._cancel_late)
