"""The time by which all processes that have an SQLite database open decide.

The file beside it says how far this time is ahead of `elapsed_ns`, which is the same for all
processes of the machine. The first process that opens the database takes it from the machine's
clock, the others take it over: each process that has
the database open holds a shared lock on the file.
"""

import fcntl
import os
import time
from contextlib import suppress
from datetime import datetime

import structlog

from application.runtime.clock import NS, elapsed_ns, from_ns, wall_offset_ns
from application.runtime.private_files import MODE

FOLLOWED_NS = 5 * NS
"""A correction of the machine's clock by at most this much is followed: clocks are put right so."""

SAME_NS = NS // 1000
LOCK_SECONDS = 2.0
RETRY_SECONDS = 0.001
WIDTH = 24
"""The width of a number in the file: always the same, so that one write replaces it."""

log = structlog.get_logger()


class SharedClock:
    """The machine's clock without its jumps, the same in all processes until all have ended.

    A jump of the machine's clock by more than five seconds is not followed: holds last as long as
    before, and the order of times in the log stays. Where no file can be made beside the database,
    the process has such a clock for itself.
    """

    def __init__(self, path: str) -> None:
        """Share the time by the file at `path`; it is made if there is none."""
        self._offset = wall_offset_ns()
        self._file: int | None = None
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
            self._join()
        except OSError as error:
            log.warning("clock_not_shared", reason=str(error))
            self.close()

    def moment(self) -> datetime:
        return from_ns(elapsed_ns() + self._offset)

    def follow(self) -> datetime:
        """The present offset, after following a small correction of the machine's clock."""
        if self._file is not None:
            self._offset = self._read(self._file)
        wall = wall_offset_ns()
        if SAME_NS < abs(wall - self._offset) <= FOLLOWED_NS:
            self._offset = wall
            if self._file is not None:
                self._write(self._file)
        return self.moment()

    def close(self) -> None:
        """Remove the file, if nobody else has the database open: the next process begins anew."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _join(self) -> None:
        """Write the file if nobody else has it open; then share it."""
        file = self._file
        if file is None:
            return
        if _locked(file, fcntl.LOCK_EX):
            self._write(file)
        deadline = time.monotonic() + LOCK_SECONDS
        while not _locked(file, fcntl.LOCK_SH):
            if time.monotonic() > deadline:
                raise BlockingIOError("another process has it for itself")
            time.sleep(RETRY_SECONDS)
        self._offset = self._read(file)

    def _read(self, file: int) -> int:
        """The shared offset; this process's own if the file is damaged."""
        try:
            return int(os.pread(file, WIDTH, 0))
        except (OSError, ValueError):
            return self._offset

    def _write(self, file: int) -> None:
        with suppress(OSError):  # a full disk: who reads it then goes by its own
            os.pwrite(file, f"{self._offset:{WIDTH}d}".encode(), 0)


def _locked(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
