"""Worker processes of this machine, each of which opens its store once."""

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

from application.ports.store import Store, StoreOpener
from application.runtime.pacing import pace_by
from application.runtime.parent_process import end_with_parent
from domain.errors import UserError

NICE_LEVEL = 10
"""For what reads a whole log beside a service: its requests go first."""


THREADS = Path("/proc/self/task")
"""Linux lists the threads of a process there."""


class WorkerDied(UserError):
    """A worker process was ended from outside."""

    def __init__(self, consequence: str) -> None:
        super().__init__(f"A worker process died, for want of memory perhaps{consequence}")


@contextmanager
def worker_processes(
    count: int, consequence: str, nice_level: int = 0, *, ahead: bool = False
) -> Iterator[ProcessPoolExecutor]:
    """A pool of `count` processes that end with this one. Raises `WorkerDied` (`consequence`).

    With `ahead` they are started now. As long as this process has one thread only, they are forked:
    then they have imported what it has, which takes a second of a processor for each of them. A
    thread could hold a lock that nobody would release in a fork.
    """
    how = "fork" if ahead and _has_one_thread() else "spawn"
    pool = ProcessPoolExecutor(count, get_context(how), _begin, (nice_level,))
    if ahead:
        pool.submit(_nothing)
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
    Finalize(None, pace_by(store.assigned_position).stop, exitpriority=2)  # before it is closed
    return store


def lower_priority(nice_level: int = NICE_LEVEL) -> None:
    """Lower this process's priority to a nice level, unless it is lower, where the system can."""
    with suppress(OSError):
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(own, nice_level))


def _has_one_thread() -> bool:
    """Whether no library has made a thread either; False where the system does not say."""
    return THREADS.exists() and len(list(THREADS.iterdir())) == 1


def _nothing() -> None:
    """What a worker does to be started."""


def _begin(nice_level: int) -> None:
    gc.freeze()  # what a fork has of its parent is shared as long as nobody writes to it
    end_with_parent()
    lower_priority(nice_level)
