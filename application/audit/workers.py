"""Where the ranges of a verification are checked: in this process or in several of this machine."""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from multiprocessing.util import Finalize

from application.audit.part_check import PartReport, Task, check_part
from application.bootstrap import open_store
from application.projections.registry import PROJECTIONS
from application.store import Store

Workers = Callable[[Sequence[Task]], Iterator[PartReport]]
"""Checks ranges; yields their reports in the order of the ranges."""


class WorkerDied(Exception):
    """A process that checked a range was ended from outside."""

    def __init__(self) -> None:
        super().__init__("A worker process died, for want of memory perhaps; nothing is proven.")


def here(store: Store) -> Workers:
    """Check ranges in this process."""
    return lambda tasks: (check_part(store, task) for task in tasks)


def in_processes(database: str, count: int) -> Workers:
    """Have `count` processes of this machine check ranges. Raises `WorkerDied`.

    What a range needs is given back by itself: looking for cycles would cost a tenth of the time.
    Never more reports are made than are taken: what is ahead is held in memory.
    """

    def work(tasks: Sequence[Task]) -> Iterator[PartReport]:
        pool = ProcessPoolExecutor(count, get_context("spawn"), initializer=gc.disable)
        ahead: dict[int, Future[PartReport]] = {}
        given = iter(enumerate(tasks))
        try:
            for turn in range(len(tasks)):
                while len(ahead) < 2 * count and (task := next(given, None)) is not None:
                    ahead[task[0]] = pool.submit(_check, database, task[1])
                wait([ahead[turn]], return_when=FIRST_COMPLETED)
                yield ahead.pop(turn).result()
        except BrokenProcessPool as error:
            raise WorkerDied from error
        finally:
            pool.shutdown(cancel_futures=True)

    return work


def _check(database: str, task: Task) -> PartReport:
    return check_part(_store(database), task)


@cache
def _store(database: str) -> Store:
    """The store, opened once in a process and closed at its end."""
    store = open_store(database)
    for projection in PROJECTIONS.values():
        store.read_models().ensure(projection.table)
    Finalize(None, store.close, exitpriority=1)
    return store
