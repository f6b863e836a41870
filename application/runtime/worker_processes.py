"""Worker processes of this machine, each of which opens its store once."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.util import Finalize

from application.ports.store import Store, StoreOpener
from application.runtime.pacing import pace_by
from application.runtime.parent_process import end_with_parent
from domain.errors import UserError

NICE_LEVEL = 10
"""For what reads a whole log beside a service: its requests go first."""


class WorkerDied(UserError):
    """A worker process was ended from outside."""

    def __init__(self, consequence: str) -> None:
        super().__init__(f"A worker process died, for want of memory perhaps{consequence}")


@contextmanager
def worker_processes(
    count: int, consequence: str, nice_level: int = 0
) -> Iterator[ProcessPoolExecutor]:
    """A pool of `count` processes that end with this one. Raises `WorkerDied` (`consequence`)."""
    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin, (nice_level,))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise WorkerDied(consequence) from error
    finally:
        pool.shutdown(cancel_futures=True)


@cache
def opened(opener: StoreOpener) -> Store:
    """The store, opened once in a process and closed at its end."""
    store = opener()
    Finalize(None, store.close, exitpriority=1)
    return store


@cache
def opened_at_pace(opener: StoreOpener) -> Store:
    """The same; from now on, this process gives way while the store's log grows."""
    store = opened(opener)
    Finalize(None, pace_by(store.last_position).stop, exitpriority=2)  # before it is closed
    return store


def lower_priority(nice_level: int = NICE_LEVEL) -> None:
    """Lower this process's priority to a nice level, unless it is lower, where the system can."""
    with suppress(OSError):
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(own, nice_level))


def _begin(nice_level: int) -> None:
    end_with_parent()
    lower_priority(nice_level)
