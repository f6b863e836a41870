"""Carries out together what is submitted at the same time (group commit).

A thread takes all that waits, carries it out as one batch, and then takes what has gathered
meanwhile. So nobody waits longer than for the batch under way, and a lone request does not wait at
all. Another thread answers callers whose deadline has passed.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.runtime import tracing
from application.runtime.clock import machine_ns
from application.runtime.greenlet_bridge import Waiter, new_waiter, wake_all
from application.runtime.store_deadline import StoreWait

W = TypeVar("W")
O = TypeVar("O")  # noqa: E741 - an outcome

LOOK_SECONDS = 0.25
"""How often to look for callers whose deadline has passed, and so how late their answer may be."""

NOT_DONE = "The database did not answer in time; nothing was done."
NOT_KNOWN = "The database did not confirm a commit in time."


class Claim:
    """Decides which comes first: the commit of a caller's work, or the caller's giving up.

    Both may try at the same time in different threads; the first decision is final.
    """

    __slots__ = ("_first",)

    def __init__(self) -> None:
        self._first: dict[str, bool] = {}

    def begin(self) -> bool:
        """Whether the commit may begin. From then on the work cannot be given up."""
        return self._first.setdefault("begun", True)  # one step of the interpreter: no lock

    def give_up(self) -> bool:
        """Whether the work is given up: nothing of it was committed, nor will be."""
        return not self._first.setdefault("begun", False)

    @property
    def given_up(self) -> bool:
        """Whether the work was given up."""
        return self._first.get("begun") is False


class Submission(Generic[W, O]):
    """The work of one caller, its deadline, and its outcome."""

    __slots__ = ("came", "claim", "deadline", "items", "outcomes", "span", "waiter")

    def __init__(self, items: Sequence[W], till: Waiter, claim: Claim, deadline: float) -> None:
        self.items = items
        self.outcomes: list[O | Exception] = []
        self.waiter = till
        self.claim = claim
        self.deadline = deadline
        self.span = tracing.current()
        self.came = 0 if self.span is None else machine_ns()

    def trace(self, taken: int, size: int) -> None:
        """Add to the request's span how long this waited, and its batch took since it was taken."""
        if self.span is not None:
            tracing.add_child(self.span, "wait for the batch", self.came, taken)
            tracing.add_child(
                self.span, "commit", taken, machine_ns(), **{"orderlog.batch.size": size}
            )


class GroupCommit(Generic[W, O]):
    """Hands what waits to `carry_out` in batches, in at most `threads` threads at once.

    `carry_out` returns an outcome for each item of a batch, in their order; an exception it raises
    is the outcome of all. A batch has at least one submission and stops growing at `most` items. If
    `limited`, a caller waits no longer than its `StoreWait` allows. With `grace`, a batch has so
    many seconds more than its submissions, since it refuses late ones itself as long as it knows
    that nothing was done. `counted` is told the size of each batch, and how many seconds it took.
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
        counted: Callable[[int, float], None] | None = None,
    ) -> None:
        self._carry_out = carry_out
        self._counted = counted
        self._most = most
        self._waiting: SimpleQueue[Submission[W, O] | None] = SimpleQueue()
        self._unanswered: dict[Submission[W, O], None] = {}
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

    def submit(
        self, items: Sequence[W], claim: Claim | None = None, till: float | None = None
    ) -> list[O | Exception]:
        """Have `commands` carried out; return their outcomes then, or when the deadline passes.

        `claim` decides whether the commit may begin. `till` is a moment of the monotonic clock, for
        a caller that waits less long than its `StoreWait`.
        """
        if not self._started:
            self._start()
        with StoreWait() as deadline:
            latest = deadline if till is None else min(till, deadline)
            submission: Submission[W, O] = Submission(items, new_waiter(), claim or Claim(), latest)
            self._unanswered[submission] = None
            self._waiting.put(submission)
            submission.waiter.wait()
        return submission.outcomes

    def succeeded_within(self, seconds: float) -> bool:
        """Whether the store carried out a batch, refusals or not, in the last so many seconds."""
        return time.monotonic() - self._succeeded < seconds

    def _start(self) -> None:
        """Start the threads at the first use: a process may be forked before."""
        with self._starting:
            if not self._started:
                for each in self._threads:
                    each.start()
                if self._limited:
                    self._watcher.start()
                self._started = True

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            submissions = [first, *self._more(self._most - len(first.items))]
            submissions = [submission for submission in submissions if self._goes_on(submission)]
            items = [command for submission in submissions for command in submission.items]
            if not items:
                self._answer(submissions)
                continue
            began, taken = time.monotonic(), machine_ns()
            try:
                outcomes = self._carry_out(items)
            except Exception as failure:  # noqa: BLE001 - handed to every caller
                outcomes = [failure] * len(items)
            if self._counted is not None:
                self._counted(len(items), time.monotonic() - began)
                for each in submissions if tracing.is_on() else ():
                    each.trace(taken, len(items))
            if outcomes and not isinstance(outcomes[-1], StoreUnavailable):
                self._succeeded = time.monotonic()
            self._answer(submissions, outcomes)

    def _goes_on(self, submission: Submission[W, O]) -> bool:
        return not submission.claim.given_up if self._grace is None else submission.claim.begin()

    def _answer(
        self, submissions: Iterable[Submission[W, O]], outcomes: Sequence[O | Exception] = ()
    ) -> None:
        """Give each submission its outcomes, unless it was answered before."""
        start = 0
        answered = []
        for submission in submissions:
            end = start + len(submission.items)
            if self._unanswered.pop(submission, submission) is None:
                submission.outcomes = list(outcomes[start:end])
                answered.append(submission.waiter)
            start = end
        wake_all(answered)

    def _more(self, room: int) -> list[Submission[W, O]]:
        """What else is waiting."""
        submissions: list[Submission[W, O]] = []
        while room > 0:
            try:
                submission = self._waiting.get_nowait()
            except Empty:
                break
            if submission is None:
                self._waiting.put(None)
                break
            submissions.append(submission)
            room -= len(submission.items)
        return submissions

    def _watch(self) -> None:
        """Answer callers whose deadline has passed, until the end."""
        while not self._closing.wait(LOOK_SECONDS):
            now = time.monotonic()
            for submission in [
                submission for submission in list(self._unanswered) if submission.deadline < now
            ]:
                if submission.claim.give_up():
                    self._refuse(submission, StoreUnavailable(NOT_DONE))
                elif now >= submission.deadline + (self._grace or 0.0):
                    self._refuse(submission, OutcomeUnknown(NOT_KNOWN))

    def _refuse(self, submission: Submission[W, O], why: Exception) -> None:
        self._answer([submission], [why] * len(submission.items))

    def close(self) -> None:
        """Stop the threads. No caller may be waiting."""
        self._closing.set()
        for _ in self._threads:
            self._waiting.put(None)
        for each in (*self._threads, self._watcher):
            if each.is_alive():
                each.join()
