"""Counts how often the processes of a server were replaced, in shared memory.

Only the parent writes to the memory, so a process that is killed at any instruction cannot leave it
half changed. Each number is eight bytes at a multiple of eight, which a processor reads and writes
atomically.
"""

import mmap
from collections.abc import Iterator
from struct import Struct

import msgspec

SLOT = Struct("@QQQQ")


class RestartFigures(msgspec.Struct, frozen=True):
    """The figures of one process; 0 is the background worker.

    `restarts` counts since the server started, `lately` since the process last lived for a minute:
    since `lately_since`. It is down since `down_since`. Moments are in milliseconds since the
    epoch, or 0.
    """

    restarts: int = 0
    lately: int = 0
    lately_since: int = 0
    down_since: int = 0


class RestartBoard:
    """The figures of all processes of a server; made before the first of them is forked."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._memory = mmap.mmap(-1, max(processes, 1) * SLOT.size)

    def put(self, process: int, figures: RestartFigures) -> None:
        """Write the figures of a process; only the parent may."""
        SLOT.pack_into(self._memory, process * SLOT.size, *msgspec.structs.astuple(figures))

    def of(self, process: int) -> RestartFigures:
        """The figures of a process."""
        return RestartFigures(*SLOT.unpack_from(self._memory, process * SLOT.size))

    def all(self) -> Iterator[tuple[int, RestartFigures]]:
        """The number and the figures of each process."""
        for process in range(self._processes):
            yield process, self.of(process)
