"""The workers of a rebuild: this process, or several processes of this machine."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager

from application.projector.partitions import Task, carry_out
from application.runtime.worker_processes import NICE_LEVEL, worker_processes

Workers = Callable[[Sequence[Task]], Iterator[int]]
"""Runs tasks; yields the number of events of each as it completes, in any order."""

GOES_ON = ". What is loaded is kept: the same command goes on from there."


def in_processes(count: int, nice_level: int = NICE_LEVEL) -> Workers:
    """Run tasks in `count` processes of this machine. Raises `WorkerDied`."""

    def work(tasks: Sequence[Task]) -> Iterator[int]:
        with worker_processes(min(count, len(tasks)) or 1, GOES_ON, nice_level) as pool:
            yield from _carried_out(pool, tasks)

    return work


@contextmanager
def started(count: int, nice_level: int = NICE_LEVEL) -> Iterator[Workers]:
    """The same with processes that are started now, best before a store is opened.

    They end at the end, which raises `WorkerDied`.
    """
    with worker_processes(count, GOES_ON, nice_level, ahead=True) as pool:
        yield lambda tasks: _carried_out(pool, tasks)


def _carried_out(pool: ProcessPoolExecutor, tasks: Sequence[Task]) -> Iterator[int]:
    for done in as_completed([pool.submit(carry_out, task) for task in tasks]):
        yield done.result()
