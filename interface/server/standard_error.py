"""Writes lines to standard error, and never waits, fails or raises: a log decides on nothing.

A disk may be full, and a pipe may have no reader who reads. A line that cannot be written now is
dropped and counted. A pipe or terminal is opened once more for that: not to wait is a property of
what was opened, and standard error is shared with other programs.
"""

import os
import select
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from application.runtime.dropped_lines import DROPPED

AGAIN = "/proc/self/fd/2"
PIECE = 4096
"""A pipe takes so many bytes in one piece, or none of them."""

Sink = Callable[[bytes], int]
"""Writes bytes without waiting; returns how many. Raises `OSError`."""


class StandardErrorFile:
    """What is standard error now: it may be another one later."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._which: tuple[int, int] | None = None
        self._own: int | None = None
        self._write: Sink = _to_file
        self._cut = False

    def write(self, lines: Sequence[bytes]) -> None:
        """Write lines, or drop and count them."""
        with self._mutex:
            for piece, count in in_pieces(lines):
                if not self._written(piece):
                    DROPPED.add(count)

    def _written(self, piece: bytes) -> bool:
        try:
            self._find()
            whole = b"\n" + piece if self._cut else piece
            sent = self._write(whole)
        except (OSError, ValueError):
            return False
        self._cut = sent < len(whole) if sent else self._cut
        return sent == len(whole)

    def _find(self) -> None:
        """Find out how to write to standard error, where that is another file than before."""
        known = os.fstat(2)
        which = known.st_dev, known.st_ino
        if which == self._which:
            return
        if self._own is not None:
            os.close(self._own)
        self._own, self._cut, self._which = None, False, which
        self._write = self._way_to(known.st_mode)

    def _way_to(self, mode: int) -> Sink:
        if stat.S_ISSOCK(mode):
            return _to_socket
        if stat.S_ISREG(mode):
            return _to_file
        with suppress(OSError):
            own = self._own = os.open(AGAIN, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            return lambda data: os.write(own, data)
        return _if_there_is_room


def _to_file(data: bytes) -> int:
    return os.write(2, data)


def _to_socket(data: bytes) -> int:
    with socket.socket(fileno=os.dup(2)) as connection:
        return connection.send(data, socket.MSG_DONTWAIT)


def _if_there_is_room(data: bytes) -> int:
    """Write to what cannot be opened once more; only so much that it does not have to wait."""
    _, ready, _ = select.select((), (2,), (), 0)
    return os.write(2, data[:PIECE]) if ready else 0


def in_pieces(lines: Sequence[bytes]) -> Iterator[tuple[bytes, int]]:
    """Lines put together, each with its end, and how many are in a piece."""
    piece, count = b"", 0
    for line in lines:
        if piece and len(piece) + len(line) >= PIECE:
            yield piece, count
            piece, count = b"", 0
        piece += line + b"\n"
        count += 1
    if piece:
        yield piece, count


_file = StandardErrorFile()


def write_lines(lines: Sequence[bytes]) -> None:
    """Write lines to whatever is standard error, if that can be done now."""
    if is_replaced():
        with suppress(OSError, ValueError):
            sys.stderr.buffer.write(b"".join(line + b"\n" for line in lines))
            sys.stderr.flush()
        return
    _file.write(lines)


def is_replaced() -> bool:
    """Whether a program has put something of its own in the place of standard error."""
    try:
        return sys.stderr is not None and sys.stderr.fileno() != 2  # noqa: PLR2004 - its number
    except (OSError, ValueError):
        return True
