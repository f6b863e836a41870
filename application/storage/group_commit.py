"""Requests that wait at the same time share one commit.

Whoever finds nobody committing does it at once, for itself. Whoever comes meanwhile waits with the
others; one of them is then called to commit for all. So nobody waits longer than for the commit
that is under way, and a lone request not at all.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

from application.store import T, Write, Written

Outcome = Written[Any] | Exception


class Job:
    """Some writes of one caller, and how they ended."""

    __slots__ = ("outcomes", "writes")

    def __init__(self, writes: Sequence[Write[Any]]) -> None:
        self.writes = writes
        self.outcomes: list[Outcome] | None = None


class Party:
    """Jobs that wait together, at a pipe.

    Each who is to go on takes a byte out of it: one write wakes any number of threads, and the
    interpreter is not held while it does. With a lock for each it was a quarter of all the time
    that the interpreter was held.
    """

    __slots__ = ("called", "jobs", "left", "pipe", "size")

    def __init__(self, pipe: tuple[int, int]) -> None:
        self.pipe = pipe
        self.jobs: list[Job] = []
        self.size = 0
        self.left = 0
        self.called = False

    def join(self, job: Job) -> None:
        """Add a job."""
        self.jobs.append(job)
        self.size += len(job.writes)
        self.left += 1

    def wait(self) -> None:
        """Wait to be woken."""
        os.read(self.pipe[0], 1)

    def wake(self, count: int) -> None:
        """Let so many of those who wait go on."""
        if count:
            os.write(self.pipe[1], b"\0" * count)


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
        self._waiting: deque[Party] = deque()
        self._pipes: list[tuple[int, int]] = []
        self._mutex = threading.Lock()

    def carry_out(self, writes: Sequence[Write[T]]) -> list[Written[T] | Exception]:
        """Carry out `writes` in this thread or another; return when their commit is durable."""
        job = Job(writes)
        party = self._join(job)
        if party is None:
            self._lead([job])
        else:
            party.wait()
            if job.outcomes is None:
                self._lead_party(party)
            self._leave(party)
        return cast("list[Written[T] | Exception]", job.outcomes)

    def _join(self, job: Job) -> Party | None:
        """The party that `job` waits with; None when it is to commit at once."""
        with self._mutex:
            if self._idle_leaders:
                self._idle_leaders -= 1
                return None
            if not self._waiting or self._waiting[-1].size + len(job.writes) > self._most:
                self._waiting.append(Party(self._pipes.pop() if self._pipes else os.pipe()))
            party = self._waiting[-1]
            party.join(job)
            return party

    def _lead_party(self, party: Party) -> None:
        """Commit for a party. It grows until this moment."""
        with self._mutex:
            self._waiting.remove(party)
        self._lead(party.jobs)
        party.wake(len(party.jobs) - 1)

    def _lead(self, jobs: Sequence[Job]) -> None:
        """Commit for some jobs, and call the next leader."""
        try:
            outcomes = self._commit([write for job in jobs for write in job.writes])
        except Exception as failure:  # noqa: BLE001 - handed to every caller, each raises its own
            outcomes = [failure for job in jobs for _ in job.writes]
        start = 0
        for job in jobs:
            job.outcomes = outcomes[start : start + len(job.writes)]
            start += len(job.writes)
        with self._mutex:
            heirs = next((party for party in self._waiting if not party.called), None)
            if heirs is None:
                self._idle_leaders += 1
            else:
                heirs.called = True
        if heirs is not None:
            heirs.wake(1)

    def _leave(self, party: Party) -> None:
        """The last one out keeps the pipe for another party."""
        with self._mutex:
            party.left -= 1
            if not party.left:
                self._pipes.append(party.pipe)

    def close(self) -> None:
        """Give back the pipes; nobody may be waiting."""
        for pipe in self._pipes:
            for end in pipe:
                os.close(end)
        self._pipes.clear()
