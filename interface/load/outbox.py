"""The outbox of the drill's gateway: two files, of what it has to send and of what was answered.

Nothing is sent before it is in the first, so that a sender that is killed and started anew sends
again what it has no answer for.
"""

import heapq
import threading
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from application.integrity.payment_proof import SentNotice

TAKEN = 200
AGAIN_SECONDS = 0.3
"""How long until a notice is sent again that was not taken."""

T = TypeVar("T")


class Letter(msgspec.Struct, frozen=True):
    """A notice, and each moment to send it at, by the monotonic clock, which processes share."""

    notice: SentNotice
    due: tuple[float, ...]


class Delivery(msgspec.Struct, frozen=True):
    """One sending of a notice."""

    id: int
    notice: SentNotice


class Tried(msgspec.Struct, frozen=True):
    """A delivery was tried; None for its status if it has to be tried again."""

    delivery: int
    status: int | None


class Outbox:
    """The outbox in a folder. One process may put letters, and another one send them."""

    def __init__(self, folder: Path) -> None:
        self._letters = _Lines(folder / "letters", Letter)
        self._tried = _Lines(folder / "tried", Tried)
        self._mutex = threading.Lock()
        self._waiting: dict[int, SentNotice] = {}
        self._status = array("H")
        """Of each delivery what it was answered with; 0: nothing yet."""
        self._queue: list[tuple[float, int]] = []
        self._tries = 0

    def put(self, letters: Iterable[Letter]) -> None:
        """Have notices sent."""
        self._letters.append(letters)

    def note(self, tried: Iterable[Tried]) -> None:
        """Note what came of deliveries."""
        self._tried.append(tried)

    def due(self, most: int) -> list[Delivery]:
        """At most so many deliveries that it is time for. Each is given once until it is noted."""
        with self._mutex:
            self._look()
            found: list[Delivery] = []
            while self._queue and len(found) < most and self._queue[0][0] <= time.monotonic():
                _, number = heapq.heappop(self._queue)
                if number in self._waiting:
                    found.append(Delivery(number, self._waiting[number]))
            return found

    def look(self) -> None:
        """Read what is new in the files, and forget what was answered."""
        with self._mutex:
            self._look()

    def _look(self) -> None:
        all_tried = self._tried.new()  # first: their letters are there, then
        for letter in self._letters.new():
            for due in letter.due:
                number = len(self._status)
                self._status.append(0)
                self._waiting[number] = letter.notice
                heapq.heappush(self._queue, (due, number))
        again = time.monotonic() + AGAIN_SECONDS
        for each in all_tried:
            self._tries += 1
            if each.status is None:
                heapq.heappush(self._queue, (again, each.delivery))
            else:
                self._status[each.delivery] = each.status
                self._waiting.pop(each.delivery, None)
        while self._queue and self._queue[0][1] not in self._waiting:
            heapq.heappop(self._queue)

    @property
    def waiting(self) -> int:
        """How many deliveries have no answer yet."""
        self.look()
        return len(self._waiting)

    @property
    def answered(self) -> int:
        """How many deliveries have an answer."""
        return len(self._status) - len(self._waiting)

    @property
    def tries(self) -> int:
        """How often something was sent whose outcome is known."""
        return self._tries

    def refused(self) -> list[str]:
        """In words, the notices that were answered, and not with 200."""
        return [
            f"notice {notice.id} was answered with {status}"
            for notice, answers in self._answers()
            for status in answers
            if status not in {0, TAKEN}
        ]

    def sent(self) -> Iterator[SentNotice]:
        """The notices that were answered with 200, each once."""
        return (notice for notice, answers in self._answers() if TAKEN in answers)

    def _answers(self) -> Iterator[tuple[SentNotice, Sequence[int]]]:
        """Each notice, and what its deliveries were answered with."""
        self.look()
        begin = 0
        for letter in self._letters.again():
            end = begin + len(letter.due)
            yield letter.notice, self._status[begin:end]
            begin = end


class _Lines(Generic[T]):
    """A file that is only appended to, a document a line. One that was cut short is passed over."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._path = path
        self._read = 0
        self._rest = b""
        path.touch()

    def append(self, documents: Iterable[T]) -> None:
        """Write documents; one that another process was killed at ends before them."""
        lines = [b"", *map(msgspec.json.encode, documents), b""]
        with self._path.open("ab", buffering=0) as file:
            file.write(b"\n".join(lines))

    def new(self) -> list[T]:
        """The documents that were not read yet."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            read = file.read()
        self._read += len(read)
        *lines, self._rest = (self._rest + read).split(b"\n")
        return [each for line in lines if line for each in self._document(line)]

    def again(self) -> Iterator[T]:
        """All documents that were read before."""
        left = self._read - len(self._rest)
        with self._path.open("rb") as file:
            for line in file:
                left -= len(line)
                if left < 0:
                    return
                if line != b"\n":
                    yield from self._document(line)

    def _document(self, line: bytes) -> list[T]:
        try:
            return [self._decode(line)]
        except msgspec.DecodeError:
            return []
