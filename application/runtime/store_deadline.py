"""The time that a request may wait for the store in total, over all its calls.

Background work has no such total; each of its calls has the same limit by itself.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from greenlet import getcurrent

from application.runtime.greenlet_bridge import WorkerGreenlet

MOST_SECONDS = 10.0
"""After so long in total a request is answered with 503."""


class StoreTime:
    """The seconds that a request may still wait for the store."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_SECONDS


class _OfThread(threading.local):
    store_time: StoreTime | None = None


_here = _OfThread()


@contextmanager
def limited_by(store_time: StoreTime) -> Iterator[None]:
    """Count all waits of this thread for the store together, until the end of the block."""
    _here.store_time = store_time
    try:
        yield
    finally:
        _here.store_time = None


class StoreWait:
    """Count a wait for the store; yield the monotonic time at which to give up."""

    __slots__ = ("_began", "_store_time")

    def __enter__(self) -> float:
        """Begin to wait."""
        current = getcurrent()
        self._store_time = (
            current.store_time if isinstance(current, WorkerGreenlet) else _here.store_time
        )
        self._began = time.monotonic()
        return self._began + (MOST_SECONDS if self._store_time is None else self._store_time.left)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Count the time waited."""
        if self._store_time is not None:
            self._store_time.left -= time.monotonic() - self._began
