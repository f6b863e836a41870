"""Counts by name, in memory that all processes of a server share.

Each process counts in a place of its own, so that none that is killed can harm the others' counts.
"""

import mmap
from collections import Counter
from collections.abc import Iterator, Mapping
from struct import Struct
from threading import Lock

NAME_BYTES = 832
ENTRY = Struct(f"@{NAME_BYTES}sQ")
"""A name, filled up with zeros, and its count; it is there once it has been counted."""
COUNT = Struct("@Q")
PLACES = 128
"""More than a server has processes."""
MOST = 256
"""The most names that a process counts; further ones are left out."""


class SharedCounts:
    """How often each name was counted; made before any process is forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PLACES * MOST * ENTRY.size)
        self.count_as(PLACES - 1)

    def count_as(self, process: int) -> None:
        """Count as the process of this number from now on, which may have had a predecessor.

        Before, it is the parent.
        """
        self._mutex = Lock()  # the parent's may have been taken when this process was forked
        self._start = process * MOST * ENTRY.size
        self._at = {name: at for name, at, _ in self._entries(self._start)}

    def add(self, name: str, times: int = 1) -> None:
        """Count a name once more, or several times."""
        with self._mutex:
            at = self._at.get(name)
            if at is None:
                at = self._new(name)
            if at >= 0:
                COUNT.pack_into(self._memory, at, COUNT.unpack_from(self._memory, at)[0] + times)

    def _new(self, name: str) -> int:
        """The place of the count of a new name; -1 if there is no room for it."""
        encoded = name.encode()
        if len(self._at) >= MOST or not 0 < len(encoded) <= NAME_BYTES:
            return -1
        start = self._start + len(self._at) * ENTRY.size
        ENTRY.pack_into(self._memory, start, encoded, 0)
        at = self._at[name] = start + NAME_BYTES
        return at

    def totals(self) -> Mapping[str, int]:
        """How often all processes have counted each name."""
        totals: Counter[str] = Counter()
        for place in range(PLACES):
            for name, _, count in self._entries(place * MOST * ENTRY.size):
                totals[name] += count
        return totals

    def _entries(self, start: int) -> Iterator[tuple[str, int, int]]:
        """The names of a process, with the places of their counts, and these."""
        for at in range(start, start + MOST * ENTRY.size, ENTRY.size):
            encoded, count = ENTRY.unpack_from(self._memory, at)
            if not count:
                return
            yield encoded.rstrip(b"\0").decode(), at + NAME_BYTES, count
