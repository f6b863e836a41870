"""Numbers by name, in memory that all processes of a server share.

Each process counts in a place of its own, so that none that is killed can harm the others' counts.
"""

import mmap
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from threading import Lock
from typing import Generic, TypeVar

PLACES = 192
"""More than a server has processes, each with a successor."""
WORD = 8

K = TypeVar("K", bound=Hashable)


class SharedSlots(ABC, Generic[K]):
    """A slot of a few numbers for each name; made before any process is forked.

    `most` names have a slot in each process, of at most `name_bytes`; further ones have none. The
    first word of a slot is the length of its name, and is written last.
    """

    def __init__(self, numbers: int, most: int, name_bytes: int) -> None:
        self._most, self._name_bytes = most, name_bytes
        self._name_words = 1 + -(-name_bytes // WORD)
        self._words = self._name_words + numbers
        self._memory = memoryview(mmap.mmap(-1, PLACES * most * self._words * WORD))
        self._counts, self._sums = self._memory.cast("Q"), self._memory.cast("d")
        self.count_as(PLACES - 1)

    @abstractmethod
    def _written(self, name: K) -> bytes:
        """A name as it is stored."""

    @abstractmethod
    def _read(self, written: bytes) -> K:
        """The name that was stored."""

    def count_as(self, process: int) -> None:
        """Count as the process of this number from now on, which may have had a predecessor.

        Before, it is the parent.
        """
        self._mutex = Lock()  # the parent's may have been taken when this process was forked
        self._start = process * self._most * self._words
        self._at = dict(self._entries(self._start))

    def _slot(self, name: K) -> int:
        """Where the numbers of a name begin; -1 if there is no room. The mutex has to be held."""
        at = self._at.get(name)
        return self._new(name) if at is None else at

    def _new(self, name: K) -> int:
        written = self._written(name)
        if len(self._at) >= self._most or not 0 < len(written) <= self._name_bytes:
            return -1
        start = self._start + len(self._at) * self._words
        first = (start + 1) * WORD
        self._memory[first : first + len(written)] = written
        self._counts[start] = len(written)
        at = self._at[name] = start + self._name_words
        return at

    def _all(self) -> Iterator[tuple[K, int]]:
        """The names of all processes, with where their numbers begin."""
        for place in range(PLACES):
            yield from self._entries(place * self._most * self._words)

    def _entries(self, start: int) -> Iterator[tuple[K, int]]:
        for at in range(start, start + self._most * self._words, self._words):
            length = self._counts[at]
            if not length:
                return
            first = (at + 1) * WORD
            yield self._read(bytes(self._memory[first : first + length])), at + self._name_words
