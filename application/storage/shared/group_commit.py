"""What is asked for at the same time is carried out together.

A thread takes whatever waits, carries it out as one batch, and then takes what has gathered
meanwhile. So nobody waits longer than for the batch that is under way, and a lone request not at
all: there is no waiting for company. Nor does anybody wait for ever: another thread looks now and
then for callers whose time is over.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.runtime.greenlet_bridge import Pause, end_all, pause
from application.runtime.store_deadline import StoreWait

W = TypeVar("W")
O = TypeVar("O")  # noqa: E741 - an outcome

LOOK_SECONDS = 0.25
"""How often to look for callers whose time is over, and so how much too late one may be told."""

NOT_DONE = "The database did not answer in time; nothing was done."
NOT_KNOWN = "The database did not confirm a commit in time."


class Claim:
    """Who was first: the batch that commits a caller's wishes, or the caller who gives up.

    Both may ask at the same time, from different threads; each gets the same answer for ever.
    """

    __slots__ = ("_first",)

    def __init__(self) -> None:
        self._first: dict[str, bool] = {}

    def begin(self) -> bool:
        """Whether the commit may begin: the wishes are not given up, and cannot be any more."""
        return self._first.setdefault("begun", True)  # one step of the interpreter: no lock

    def give_up(self) -> bool:
        """Whether the wishes are given up: nothing of them was committed, nor will be."""
        return not self._first.setdefault("begun", False)

    @property
    def given_up(self) -> bool:
        """Whether the wishes were given up."""
        return self._first.get("begun") is False


class Job(Generic[W, O]):
    """Some wishes of one caller, how long they may take, and how they ended."""

    __slots__ = ("claim", "deadline", "outcomes", "pause", "wishes")

    def __init__(self, wishes: Sequence[W], till: Pause, claim: Claim, deadline: float) -> None:
        self.wishes = wishes
        self.outcomes: list[O | Exception] = []
        self.pause = till
        self.claim = claim
        self.deadline = deadline


class Gathering(Generic[W, O]):
    """Hands what waits to `carry_out` in batches, in at most `threads` threads at once.

    `carry_out` returns an outcome for each wish of a batch, in their order; what it raises is the
    outcome of them all. A batch has at least one job and stops growing at `most` wishes. Only if
    `limited` a caller waits no longer than its `StoreWait` says, whatever becomes of its batch.
    With `grace` a batch counts as begun from its start: its jobs are left to it for so many seconds
    beyond their time, since it refuses them itself as long as it can tell that nothing was done.
    """

    def __init__(
        self,
        carry_out: Callable[[list[W]], Sequence[O | Exception]],
        *,
        threads: int = 1,
        most: int = 64,
        limited: bool = False,
        grace: float | None = None,
        name: str,
    ) -> None:
        self._carry_out = carry_out
        self._most = most
        self._waiting: SimpleQueue[Job[W, O] | None] = SimpleQueue()
        self._unanswered: dict[Job[W, O], None] = {}
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{each}", daemon=True)
            for each in range(threads)
        ]
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name=f"{name}-watcher", daemon=True)
        self._limited = limited
        self._grace = grace
        self._succeeded = -math.inf
        self._starting = threading.Lock()
        self._started = False

    def ask(
        self, wishes: Sequence[W], claim: Claim | None = None, till: float | None = None
    ) -> list[O | Exception]:
        """Have `wishes` carried out; return their outcomes when that is done, or time is over.

        `claim` is asked by who carries them out before anything is changed for good. `till` is a
        moment of the monotonic clock, where the caller waits less long than its `StoreWait`.
        """
        if not self._started:
            self._start()
        with StoreWait() as deadline:
            latest = deadline if till is None else min(till, deadline)
            job: Job[W, O] = Job(wishes, pause(), claim or Claim(), latest)
            self._unanswered[job] = None
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
                if self._limited:
                    self._watcher.start()
                self._started = True

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs = [first, *self._more(self._most - len(first.wishes))]
            jobs = [job for job in jobs if self._goes_on(job)]
            wishes = [wish for job in jobs for wish in job.wishes]
            if not wishes:
                self._answer(jobs)
                continue
            try:
                outcomes = self._carry_out(wishes)
            except Exception as failure:  # noqa: BLE001 - handed to every caller
                outcomes = [failure] * len(wishes)
            if outcomes and not isinstance(outcomes[-1], StoreUnavailable):
                self._succeeded = time.monotonic()
            self._answer(jobs, outcomes)

    def _goes_on(self, job: Job[W, O]) -> bool:
        return not job.claim.given_up if self._grace is None else job.claim.begin()

    def _answer(self, jobs: Iterable[Job[W, O]], outcomes: Sequence[O | Exception] = ()) -> None:
        """Give each job its outcomes, unless it was answered before."""
        start = 0
        answered = []
        for job in jobs:
            end = start + len(job.wishes)
            if self._unanswered.pop(job, job) is None:
                job.outcomes = list(outcomes[start:end])
                answered.append(job.pause)
            start = end
        end_all(answered)

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

    def _watch(self) -> None:
        """Answer those whose time is over, until the end."""
        while not self._closing.wait(LOOK_SECONDS):
            now = time.monotonic()
            for job in [job for job in list(self._unanswered) if job.deadline < now]:
                if job.claim.give_up():
                    self._refuse(job, StoreUnavailable(NOT_DONE))
                elif now >= job.deadline + (self._grace or 0.0):
                    self._refuse(job, OutcomeUnknown(NOT_KNOWN))

    def _refuse(self, job: Job[W, O], why: Exception) -> None:
        self._answer([job], [why] * len(job.wishes))

    def close(self) -> None:
        """Stop the threads; nobody may be waiting."""
        self._closing.set()
        for _ in self._threads:
            self._waiting.put(None)
        for each in (*self._threads, self._watcher):
            if each.is_alive():
                each.join()
