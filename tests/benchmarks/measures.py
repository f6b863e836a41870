"""What a server costs: processor time and memory of all its processes together.

Processor time drifts less than a rate on a machine that others use, too. Memory is what a process
alone has (USS), that with its share of what it has in common with others (PSS), and what is
resident: the last counts pages of a mapped file or of a parent for every process anew.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self, TypeVar

import psutil

MIB = 2**20
MICROSECONDS = 1_000_000
LOOKS_SECONDS = 0.1

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes of all processes together."""

    resident: int
    pss: int
    uss: int

    def __str__(self) -> str:
        return (
            f"{self.uss / MIB:.0f} MiB private (USS), {self.pss / MIB:.0f} with a share of what is"
            f" common (PSS), {self.resident / MIB:.0f} resident"
        )


class Processes:
    """Processes by their numbers, with all that they have made; None stands for none."""

    def __init__(self, *pids: int | None) -> None:
        self._roots = [psutil.Process(pid) for pid in pids if pid is not None]

    def processor_seconds(self) -> float:
        """Processor time that they have used until now.

        That of a process that has ended is in its parent's, if the parent has waited for it.
        """
        return sum(self._of_each(lambda each: sum(each.cpu_times()[:4])))

    def memory(self) -> Memory:
        """The memory that they have now."""
        found = list(self._of_each(lambda each: each.memory_full_info()))
        return Memory(
            resident=sum(each.rss for each in found),
            pss=sum(each.pss for each in found),
            uss=sum(each.uss for each in found),
        )

    def _of_each(self, read: Callable[[psutil.Process], T]) -> Iterator[T]:
        """What is read of each process; one that ends meanwhile is left out."""
        for root in self._roots:
            for each in (root, *root.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    yield read(each)


class LargestChild:
    """While it is entered, looks for the child of this process with most memory of its own."""

    def __init__(self) -> None:
        self.memory = Memory(resident=0, pss=0, uss=0)

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(LOOKS_SECONDS):
            for each in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    found = Processes(each.pid).memory()
                    self.memory = max(self.memory, found, key=lambda memory: memory.uss)


def of_this_process(*others: int | None) -> Processes:
    """This process with all that it has made, and others."""
    return Processes(os.getpid(), *others)


class Stopwatch:
    """Processor time of processes from its start on."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._began = processes.processor_seconds()

    def microseconds(self, count: float) -> float:
        """Processor time for each of so many things, all of which happened since the start."""
        spent = self._processes.processor_seconds() - self._began
        return spent * MICROSECONDS / max(count, 1)
