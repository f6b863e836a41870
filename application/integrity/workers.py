"""The workers of a verification: this process, or several processes of this machine."""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache

from application.integrity.partition_check import PartitionReport, Task, check_partition
from application.ports.store import Store, StoreOpener
from application.read_models.registry import PROJECTIONS
from application.runtime.worker_processes import opened, worker_processes

Workers = Callable[[Iterable[Task]], Iterator[PartitionReport]]
"""Checks partitions; yields their reports in the order of the partitions."""


NOTHING_PROVEN = "; nothing is proven."


def here(store: Store) -> Workers:
    """Check partitions in this process."""
    return lambda tasks: (check_partition(store, task) for task in tasks)


@contextmanager
def no_cycles_looked_for() -> Iterator[None]:
    """Pause the garbage collector: reference counting frees what verification allocates.

    Searching for cycles would cost a tenth of the time.
    """
    rests = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if rests:
            gc.enable()


def in_processes(opener: StoreOpener, count: int) -> Workers:
    """Check partitions in `count` processes of this machine. Raises `WorkerDied`.

    No more partitions are checked than the caller consumes, since reports ahead stay in memory.
    """

    def work(tasks: Iterable[Task]) -> Iterator[PartitionReport]:
        with worker_processes(count, NOTHING_PROVEN) as pool:
            yield from _checked(pool, opener, count, tasks)

    return work


@contextmanager
def started(opener: StoreOpener, count: int) -> Iterator[Workers]:
    """The same with processes that are started now, best before a store is opened.

    They end at the end, which raises `WorkerDied`.
    """
    with worker_processes(count, NOTHING_PROVEN, ahead=True) as pool:
        yield lambda tasks: _checked(pool, opener, count, tasks)


def _checked(
    pool: ProcessPoolExecutor, opener: StoreOpener, count: int, tasks: Iterable[Task]
) -> Iterator[PartitionReport]:
    ahead: deque[Future[PartitionReport]] = deque()
    for _ in range(count):
        pool.submit(_store, opener)  # while the first task is prepared
    for task in tasks:
        ahead.append(pool.submit(_check, opener, task))
        if len(ahead) == 2 * count:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _check(opener: StoreOpener, task: Task) -> PartitionReport:
    with no_cycles_looked_for():
        return check_partition(_store(opener), task)


@cache
def _store(opener: StoreOpener) -> Store:
    """The store, with a table for each read model."""
    store = opened(opener)
    for projection in PROJECTIONS.values():
        store.read_models().ensure(projection.table)
    return store
