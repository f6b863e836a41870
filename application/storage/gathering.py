"""What is asked for at the same time is carried out together.

A thread takes whatever waits, carries it out as one batch, and then takes what has gathered
meanwhile. So nobody waits longer than for the batch that is under way, and a lone request not at
all: there is no waiting for company.
"""

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from application.cooperation import Pause, end_all, pause

W = TypeVar("W")
O = TypeVar("O")  # noqa: E741 - an outcome


LOOK_SECONDS = 0.25
"""How often is looked for jobs that wait too long; only behind a batch that takes as long."""
GRACE_SECONDS = 2.0
"""For how long beyond their deadline the jobs of a batch are left to whoever carries it out."""


class Job(Generic[W, O]):
    """Some wishes of one caller, and how they ended; it waits until `till`, if that is not None."""

    __slots__ = ("outcomes", "over", "pause", "till", "wishes")

    def __init__(self, wishes: Sequence[W], caller: Pause, till: float | None) -> None:
        self.wishes = wishes
        self.outcomes: list[O | Exception] = []
        self.pause = caller
        self.till = till
        self.over = False

    def is_late(self, moment: float) -> bool:
        """Whether it waits no longer at a moment of the monotonic clock."""
        return self.till is not None and not self.over and moment >= self.till


class Gathering(Generic[W, O]):
    """Hands what waits to `carry_out` in batches, in at most `threads` threads at once.

    `carry_out` returns an outcome for each wish of a batch, in their order; what it raises is the
    outcome of them all. A batch has at least one job and stops growing at `most` wishes.

    Behind a batch that stalls a job is given up at its deadline, with what `too_late(False)` makes;
    one that the stalled batch itself has gets `too_late(True)` some time after.
    """

    def __init__(
        self,
        carry_out: Callable[[list[W]], Sequence[O | Exception]],
        *,
        threads: int = 1,
        most: int = 64,
        name: str,
        too_late: Callable[[bool], Exception] | None = None,
    ) -> None:
        self._carry_out = carry_out
        self._too_late = too_late
        self._ending = threading.Lock()
        self._under_way: dict[int, tuple[float, list[Job[W, O]]]] = {}
        self._closing = threading.Event()
        self._most = most
        self._waiting: SimpleQueue[Job[W, O] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{each}", daemon=True)
            for each in range(threads)
        ]
        self._watcher = threading.Thread(target=self._watch, name=f"{name}-late", daemon=True)
        self._starting = threading.Lock()
        self._started = False

    def ask(self, wishes: Sequence[W], till: float | None = None) -> list[O | Exception]:
        """Have `wishes` carried out; return their outcomes when that is done.

        `till` is the moment of the monotonic clock at which the caller waits no longer.
        """
        if not self._started:
            self._start()
        job: Job[W, O] = Job(wishes, pause(), till)
        self._waiting.put(job)
        job.pause.wait()
        return job.outcomes

    def _start(self) -> None:
        """Start the threads with the first wish: a process may be forked before."""
        with self._starting:
            if not self._started:
                for each in self._threads:
                    each.start()
                if self._too_late is not None:
                    self._watcher.start()
                self._started = True

    def _work(self) -> None:
        me = threading.get_ident()
        while (first := self._waiting.get()) is not None:
            jobs = [first, *self._more(self._most - len(first.wishes))]
            self._under_way[me] = time.monotonic(), jobs
            wishes = [wish for job in jobs for wish in job.wishes]
            try:
                outcomes = self._carry_out(wishes)
            except Exception as failure:  # noqa: BLE001 - handed to every caller
                outcomes = [failure] * len(wishes)
            del self._under_way[me]
            self._end(jobs, outcomes)

    def _end(self, jobs: Sequence[Job[W, O]], outcomes: Sequence[O | Exception]) -> None:
        """Hand each job its outcomes, unless it was given up."""
        start = 0
        with self._ending:
            for job in jobs:
                if not job.over:
                    job.outcomes = list(outcomes[start : start + len(job.wishes)])
                start += len(job.wishes)
            waiting = [job for job in jobs if not job.over]
            for job in waiting:
                job.over = True
        end_all(job.pause for job in waiting)

    # Giving up.

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            moment = time.monotonic()
            batches = list(self._under_way.values())
            if any(began <= moment - LOOK_SECONDS for began, _ in batches):
                for _, jobs in batches:
                    late = [job for job in jobs if job.is_late(moment - GRACE_SECONDS)]
                    self._give_up(late, begun=True)
                self._give_up(self._late_ones(moment), begun=False)

    def _late_ones(self, moment: float) -> list[Job[W, O]]:
        """Take those that wait no longer out of the queue."""
        late = []
        for _ in range(self._waiting.qsize()):
            try:
                job = self._waiting.get_nowait()
            except Empty:
                break
            if job is not None and job.is_late(moment):
                late.append(job)
            else:
                self._waiting.put(job)
        return late

    def _give_up(self, jobs: Sequence[Job[W, O]], *, begun: bool) -> None:
        if jobs and self._too_late is not None:
            failure = self._too_late(begun)
            self._end(jobs, [failure for job in jobs for _ in job.wishes])

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
        self._closing.set()
        for _ in self._threads:
            self._waiting.put(None)
        for each in (*self._threads, self._watcher):
            if each.is_alive():
                each.join()
