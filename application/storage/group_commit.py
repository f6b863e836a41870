"""Requests that wait at the same time share one commit.

Whoever finds nobody committing does it at once, for itself and for all that have come to wait.
So nobody waits longer than for the commit that is under way, and a lone request not at all.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

from application.store import T, Write, Written

Outcome = Written[Any] | Exception


class Job:
    """Some writes of one caller, and how they ended."""

    __slots__ = ("outcomes", "wake", "writes")

    def __init__(self, writes: Sequence[Write[Any]]) -> None:
        self.writes = writes
        self.outcomes: list[Outcome] | None = None
        self.wake = threading.Lock()
        self.wake.acquire()


class GroupCommit:
    """Hands the waiting writes to `commit` in batches, from at most `leaders` threads at once.

    `commit` carries out a batch and returns an outcome for each of its writes, in their order.
    A batch has at least one job and stops growing at `most` writes.
    """

    def __init__(
        self,
        commit: Callable[[list[Write[Any]]], list[Outcome]],
        *,
        leaders: int = 1,
        most: int = 64,
    ) -> None:
        self._commit = commit
        self._idle_leaders = leaders
        self._most = most
        self._waiting: deque[Job] = deque()
        self._mutex = threading.Lock()

    def carry_out(self, writes: Sequence[Write[T]]) -> list[Written[T] | Exception]:
        """Carry out `writes` in this thread or another; return when their commit is durable."""
        job = Job(writes)
        with self._mutex:
            leads = self._idle_leaders > 0
            if leads:
                self._idle_leaders -= 1
            else:
                self._waiting.append(job)
        if not leads:
            job.wake.acquire()
        if job.outcomes is None:
            self._lead(job)
        return cast("list[Written[T] | Exception]", job.outcomes)

    def _lead(self, own: Job) -> None:
        """Commit a batch that includes `own`, wake its jobs, and pass the lead on."""
        batch = self._take(own)
        try:
            outcomes = self._commit([write for job in batch for write in job.writes])
        except Exception as failure:  # noqa: BLE001 - handed to every caller, each raises its own
            outcomes = [failure for job in batch for _ in job.writes]
        start = 0
        for job in batch:
            job.outcomes = outcomes[start : start + len(job.writes)]
            start += len(job.writes)
        with self._mutex:
            heir = self._waiting.popleft() if self._waiting else None
            self._idle_leaders += heir is None
        for job in batch[1:]:
            job.wake.release()
        if heir is not None:
            heir.wake.release()

    def _take(self, own: Job) -> list[Job]:
        batch, size = [own], len(own.writes)
        with self._mutex:
            while self._waiting and size + len(self._waiting[0].writes) <= self._most:
                batch.append(self._waiting.popleft())
                size += len(batch[-1].writes)
        return batch
