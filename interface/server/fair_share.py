"""The threads of a process, shared among callers: none has all of them, and waiting takes none."""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from application.bootstrap import Services
from application.runtime.greenlet_bridge import LATE_SECONDS, TooLate
from interface.http.calls import Call, Calls
from interface.http.errors import TooManyCalls
from interface.http.exchange import Environ
from interface.http.read_your_writes import POSITION, WAIT, WAITED, needless

AT_ONCE = 2
"""How many calls of one caller run in threads for reading at the same time, and as many in those
for writing. Threads that compute compete for the interpreter, so more of them would not be served
sooner: they would only slow down the calls of others."""
MOST_QUEUED = 256
"""How many calls of a caller may wait for such a thread."""
MOST_WAITING = 64
"""How many calls of a caller may wait for a read model at the same time."""
POLL_SECONDS = 0.01


class CallSlots:
    """Lets few calls of each caller run at the same time. The others wait on the loop, in order."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Semaphore] = {}
        self._taken: Counter[str] = Counter()

    @asynccontextmanager
    async def slot(self, caller: str) -> AsyncIterator[None]:
        """Run when the caller has a slot. Raises `TooManyCalls`, `TooLate`."""
        if self._taken[caller] >= AT_ONCE + MOST_QUEUED:
            raise TooManyCalls
        running = self._running.setdefault(caller, asyncio.Semaphore(AT_ONCE))
        self._taken[caller] += 1
        try:
            await _soon(running)
            try:
                yield
            finally:
                running.release()
        finally:
            self._taken[caller] -= 1
            if not self._taken[caller]:
                del self._taken[caller], self._running[caller]


async def _soon(running: asyncio.Semaphore) -> None:
    """Take a place. Raises `TooLate` if none is free in time."""
    if not running.locked():
        await running.acquire()
        return
    try:
        async with asyncio.timeout(LATE_SECONDS):
            await running.acquire()
    except TimeoutError:
        raise TooLate from None


class PositionWaits:
    """Requests that wait until a read model shows a position: one thread looks for all of them."""

    def __init__(self, services: Services, resources: Iterable[Calls]) -> None:
        self._services = services
        self._waiting: defaultdict[str, dict[asyncio.Future[None], int]] = defaultdict(dict)
        self._of_caller: Counter[str] = Counter()
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._thread = ThreadPoolExecutor(1, "positions")
        calls = [each for calls in resources for each in calls.all if each.waits_for]
        self._rules = [(_pattern(each), str(each.waits_for)) for each in calls]

    def model_of(self, environ: Environ) -> str | None:
        """The read model that a request waits for, if it does."""
        if not POSITION.match(environ.get(WAIT, "")) or environ["REQUEST_METHOD"] != "GET":
            return None
        path = environ["PATH_INFO"]
        return next((model for rule, model in self._rules if rule.match(path)), None)

    async def wait(self, environ: Environ, model: str, caller: str) -> None:
        """Wait until the read model shows the position, or there is no use in waiting longer.

        The call finds out what came of it. Raises `TooManyCalls`.
        """
        if self._of_caller[caller] >= MOST_WAITING:
            raise TooManyCalls
        self._of_caller[caller] += 1
        shown: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[model]
        waiting[shown] = int(environ[WAIT])
        if model not in self._looks:
            self._looks[model] = asyncio.create_task(self._look(model))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._services.settings.wait_seconds):
                    await shown
        finally:
            environ[WAITED] = True
            del waiting[shown]
            self._of_caller[caller] -= 1
            if not self._of_caller[caller]:
                del self._of_caller[caller]

    async def _look(self, model: str) -> None:
        """Look again and again while a request waits for the read model."""
        loop, waiting = asyncio.get_running_loop(), self._waiting[model]
        try:
            while waiting:
                wanted = set(waiting.values())
                try:
                    over = await loop.run_in_executor(
                        self._thread, needless, self._services, model, wanted
                    )
                except Exception:  # noqa: BLE001 - the calls find out, and answer it
                    over = wanted
                for shown, position in waiting.items():
                    if position in over and not shown.done():
                        shown.set_result(None)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            del self._looks[model]


def _pattern(call: Call) -> re.Pattern[str]:
    return re.compile(re.sub(r"<[^>]+>", "[^/]+", call.rule) + r"\Z")
