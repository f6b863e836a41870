"""Plain calls that wait without blocking the event loop they run on.

The service is written as blocking calls. A server with a thread for each request spends more time
on switching threads than on the requests. An event loop has one thread, but a call that blocks it
blocks all others. So on a loop each call runs in a greenlet of its own (`run`), and where it has to
wait (`Waiter`, `off_the_loop`) the loop goes on with others. In a thread of its own the same call
simply waits.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import msgspec
from greenlet import getcurrent, greenlet

T = TypeVar("T")

THREADS_FOR_WAITING = 16
"""The threads of a process for calls that block, such as on a database."""
LATE_SECONDS = 10.0
"""A call that waited so long for a thread is refused: the calls before it wait for a stalled store.

The store's own timeouts are as long, so no call waits for more than two of them.
"""


class TooLate(Exception):
    """A call got no thread in time, since too many others are blocked."""


class Ended(msgspec.Struct, frozen=True):
    """How a call ended: its result, or what it raised."""

    result: Any = None
    failure: Exception | None = None


class WorkerGreenlet(greenlet):
    """Runs one call after another on a loop; making a greenlet costs more than a call."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(self._serve)
        self.loop = loop
        self.store_time: Any = None  # of the call: `store_time.py`

    def _serve(self, call: Callable[[], Any]) -> None:
        while True:
            try:
                ended = Ended(call())
            except Exception as failure:  # noqa: BLE001 - raised where the call was made
                ended = Ended(failure=failure)
            call = self._to_the_loop(ended)

    def wait(self, future: "asyncio.Future[Any]") -> None:
        """Yield to the loop until `future` is done."""
        self._to_the_loop(future)

    def _to_the_loop(self, word: Any) -> Any:
        """Yield to the loop with a message for `GreenletBridge.run`; return its reply."""
        return self.parent.switch(word)  # type: ignore[union-attr] # only a thread's first has none


class GreenletBridge:
    """Runs calls side by side on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: list[WorkerGreenlet] = []

    async def run(self, call: Callable[[], T], store_time: Any = None) -> T:
        """What `call` returns or raises. While it waits the loop goes on.

        `store_time`, if given, counts the time that it waits for the store.
        """
        worker = self._idle.pop() if self._idle else WorkerGreenlet(self._loop)
        worker.store_time = store_time
        ended = worker.switch(call)
        while type(ended) is not Ended:
            with suppress(Exception):  # the call checks it itself, and may know what to do
                await ended
            ended = worker.switch()
        self._idle.append(worker)
        if ended.failure is not None:
            raise ended.failure
        result: T = ended.result
        return result


class Waiter:
    """Blocks a call until another thread ends its wait."""

    __slots__ = ("_done",)

    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self) -> None:
        self._done = threading.Lock()
        self._done.acquire()

    def wait(self) -> None:
        """Return when the wait has ended."""
        with slot_given_back():
            self._done.acquire()

    def end(self) -> None:
        """End the wait."""
        self._done.release()


class LoopWaiter(Waiter):
    """The waiter of a call that runs on a loop; only the loop's own thread may end it."""

    __slots__ = ("_future", "_worker", "loop")

    def __init__(self, worker: WorkerGreenlet) -> None:
        self._worker = worker
        self.loop = worker.loop
        self._future = worker.loop.create_future()

    def wait(self) -> None:
        """Return when the wait has ended; the loop goes on meanwhile."""
        self._worker.wait(self._future)

    def end(self) -> None:
        """End the wait soon."""
        if not self._future.done():
            self._future.set_result(None)


def new_waiter() -> Waiter:
    """A waiter for the calling code."""
    worker = getcurrent()
    return LoopWaiter(worker) if isinstance(worker, WorkerGreenlet) else Waiter()


def loop_of_this_thread() -> asyncio.AbstractEventLoop | None:
    """The loop that the calling code runs on, if it is one."""
    return asyncio._get_running_loop()  # noqa: SLF001 - the public one raises, which is slow


def wake_all(pauses: Iterable[Waiter]) -> None:
    """End waits, from any thread: those of a loop together, since waking it is expensive."""
    of_loops: dict[asyncio.AbstractEventLoop, list[Waiter]] = {}
    for each in pauses:
        if each.loop is None:
            each.end()
        else:
            of_loops.setdefault(each.loop, []).append(each)
    for loop, waiting in of_loops.items():
        loop.call_soon_threadsafe(_end_here, waiting)


def _end_here(pauses: Iterable[Waiter]) -> None:
    for each in pauses:
        each.end()


_threads = ThreadPoolExecutor(THREADS_FOR_WAITING, thread_name_prefix="waiting")


def off_the_loop(call: Callable[[], T], threads: ThreadPoolExecutor = _threads) -> T:
    """Run a blocking `call` in a thread; return what it returns, or raise what it raises."""
    worker = getcurrent()
    if not isinstance(worker, WorkerGreenlet):
        with slot_given_back():
            return call()
    future = worker.loop.run_in_executor(threads, in_time(call))
    worker.wait(future)
    return future.result()


def in_time(call: Callable[[], T]) -> Callable[[], T]:
    """Wrap `call` for a thread that may start it too late; then it raises `TooLate`."""
    asked = time.monotonic()

    def call_in_time() -> T:
        if time.monotonic() - asked > LATE_SECONDS:
            raise TooLate
        return call()

    return call_in_time


class _OfThread(threading.local):
    """The semaphore that this thread holds a slot of, if it does."""

    slots: threading.Semaphore | None = None


_of_thread = _OfThread()


@contextmanager
def slot_taken(slots: threading.Semaphore) -> Iterator[None]:
    """Run in one of few concurrency slots; a thread that waits gives up its slot meanwhile."""
    with slots:
        _of_thread.slots = slots
        try:
            yield
        finally:
            _of_thread.slots = None


@contextmanager
def slot_given_back() -> Iterator[None]:
    """Give up the slot while this thread waits."""
    slots = _of_thread.slots
    if slots is None:
        yield
        return
    _of_thread.slots = None
    slots.release()
    try:
        yield
    finally:
        slots.acquire()
        _of_thread.slots = slots
