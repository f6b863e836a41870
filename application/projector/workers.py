"""Where the ranges of a rebuild are loaded: in this process or in several of this machine."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context

from application.projector.partitions import Task, carry_out
from application.runtime.parent_process import end_with_parent
from domain.errors import UserError

Workers = Callable[[Sequence[Task]], Iterator[int]]
"""Carries out tasks; yields the number of events of each as it is done, in any order."""

NICE_LEVEL = 10
"""How much the processor is left to others first: from 0 to 19."""


class WorkersFailed(UserError):
    """The workers cannot do what they are asked."""


class WorkerDied(WorkersFailed):
    """A process that loaded a range was ended from outside."""

    def __init__(self) -> None:
        super().__init__(
            "A worker process died, for want of memory perhaps. What is loaded is kept:"
            " the same command goes on from there."
        )


def in_processes(count: int, politeness: int = NICE_LEVEL) -> Workers:
    """Have `count` processes of this machine carry out tasks. Raises `WorkerDied`."""

    def work(tasks: Sequence[Task]) -> Iterator[int]:
        size = min(count, len(tasks)) or 1
        pool = ProcessPoolExecutor(size, get_context("spawn"), _begin, (politeness,))
        try:
            for done in as_completed([pool.submit(carry_out, task) for task in tasks]):
                yield done.result()
        except BrokenProcessPool as error:
            raise WorkerDied from error
        finally:
            pool.shutdown(cancel_futures=True)

    return work


def _begin(politeness: int) -> None:
    end_with_parent()
    lower_priority(politeness)


def lower_priority(politeness: int = NICE_LEVEL) -> None:
    """Let every other process have the processor first, where the system can."""
    with suppress(OSError):
        os.nice(politeness)
