"""What is asked for at the same time is carried out together.

A thread takes whatever waits, carries it out as one batch, and then takes what has gathered
meanwhile. So nobody waits longer than for the batch that is under way, and a lone request not at
all: there is no waiting for company.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from application.cooperation import Pause, end_all, pause
from application.store import StoreUnavailable

W = TypeVar("W")
O = TypeVar("O")  # noqa: E741 - an outcome


class Job(Generic[W, O]):
    """Some wishes of one caller, and how they ended."""

    __slots__ = ("outcomes", "pause", "wishes")

    def __init__(self, wishes: Sequence[W], till: Pause) -> None:
        self.wishes = wishes
        self.outcomes: list[O | Exception] = []
        self.pause = till


class Gathering(Generic[W, O]):
    """Hands what waits to `carry_out` in batches, in at most `threads` threads at once.

    `carry_out` returns an outcome for each wish of a batch, in their order; what it raises is the
    outcome of them all. A batch has at least one job and stops growing at `most` wishes.
    """

    def __init__(
        self,
        carry_out: Callable[[list[W]], Sequence[O | Exception]],
        *,
        threads: int = 1,
        most: int = 64,
        name: str,
    ) -> None:
        self._carry_out = carry_out
        self._most = most
        self._waiting: SimpleQueue[Job[W, O] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{each}", daemon=True)
            for each in range(threads)
        ]
        self._succeeded = -math.inf
        self._starting = threading.Lock()
        self._started = False

    def ask(self, wishes: Sequence[W]) -> list[O | Exception]:
        """Have `wishes` carried out; return their outcomes when that is done."""
        if not self._started:
            self._start()
        job: Job[W, O] = Job(wishes, pause())
        self._waiting.put(job)
        job.pause.wait()
        return job.outcomes

    def succeeded_within(self, seconds: float) -> bool:
        """Whether the store carried out a batch, refusals or not, in the last so many seconds."""
        return time.monotonic() - self._succeeded < seconds

    def _start(self) -> None:
        """Start the threads with the first wish: a process may be forked before."""
        with self._starting:
            if not self._started:
                for each in self._threads:
                    each.start()
                self._started = True

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs = [first, *self._more(self._most - len(first.wishes))]
            wishes = [wish for job in jobs for wish in job.wishes]
            try:
                outcomes = self._carry_out(wishes)
            except Exception as failure:  # noqa: BLE001 - handed to every caller
                outcomes = [failure] * len(wishes)
            if outcomes and not isinstance(outcomes[-1], StoreUnavailable):
                self._succeeded = time.monotonic()
            start = 0
            for job in jobs:
                job.outcomes = list(outcomes[start : start + len(job.wishes)])
                start += len(job.wishes)
            end_all(job.pause for job in jobs)

    def _more(self, room: int) -> list[Job[W, O]]:
        """What else waits already."""
        jobs: list[Job[W, O]] = []
        while room > 0:
            try:
                job = self._waiting.get_nowait()
            except Empty:
                break
            if job is None:
                self._waiting.put(None)
                break
            jobs.append(job)
            room -= len(job.wishes)
        return jobs

    def close(self) -> None:
        """Stop the threads; nobody may be waiting."""
        for _ in self._threads:
            self._waiting.put(None)
        for each in self._threads:
            if each.is_alive():
                each.join()
