"""Counts the log lines that could not be written, in memory that all processes of a server share.

Each process counts in a place of its own, so that none that is killed can harm the others' count.
"""

import mmap
from struct import Struct

COUNT = Struct("@Q")
PLACES = 128
"""More than a server has processes."""


class DroppedLines:
    """How many lines each process dropped; made before any process is forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PLACES * COUNT.size)
        self._place = PLACES - 1

    def count_as(self, process: int) -> None:
        """Count as the process of this number from now on; before, it is the parent."""
        self._place = process

    def add(self, lines: int) -> None:
        """Count lines of this process."""
        at = self._place * COUNT.size
        COUNT.pack_into(self._memory, at, COUNT.unpack_from(self._memory, at)[0] + lines)

    def total(self) -> int:
        """How many lines all processes have dropped."""
        return sum(count for (count,) in COUNT.iter_unpack(self._memory))


DROPPED = DroppedLines()
"""Of this server, or of this command."""
