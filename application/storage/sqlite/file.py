"""Whether the files of the log are still those that were opened.

A file that was removed or replaced can still be written while it is open: each commit succeeds, and
is lost when the process ends. So the files that the path names are compared with the opened ones,
by device and inode: after each commit, and from time to time while the process only reads.
"""

import os
import time

import structlog

from application.ports.store import OutcomeUnknown, StoreUnavailable

LOOK_SECONDS = 0.1
SAY_AGAIN_SECONDS = 10.0
SIDES = ("", "-wal", "-shm")
"""The log, its write-ahead log, and the index of that, which the processes share."""

log = structlog.get_logger()


class LogFiles:
    """The files of a log as they were opened."""

    def __init__(self, path: str) -> None:
        self._paths = tuple(path + side for side in SIDES)
        self.wal_bytes = 0
        """The size of the write-ahead log when it was last looked at, in bytes."""
        self._before = self._there()[0]
        self._opened: tuple[tuple[int, int] | None, ...] = ()
        self._look_again = 0.0
        self._say_again = 0.0

    def opened(self) -> None:
        """Remember the present files as the opened ones. The log has been read before.

        Raises `StoreUnavailable` if another file has got the log's name meanwhile.
        """
        there = self._there()
        if self._before not in {None, there[0]}:
            raise StoreUnavailable(f"{self._paths[0]} was replaced while it was opened: try again.")
        self._opened = there

    def _there(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(map(self._identity, self._paths))

    def _identity(self, path: str) -> tuple[int, int] | None:
        try:
            found = os.stat(path)  # noqa: PTH116 - asked after each commit; a Path costs more
        except OSError:
            return None
        if path is self._paths[1]:
            self.wal_bytes = found.st_size
        return found.st_dev, found.st_ino

    def replaced(self) -> str | None:
        """A sentence about a file that is not the one that was opened; None if all are.

        While the store is being opened there is nothing to compare.
        """
        if not self._opened:
            return None
        there = self._there()
        if there == self._opened:
            return None
        pairs = zip(self._paths, self._opened, there, strict=True)
        path, now_there = next((path, new) for path, old, new in pairs if old != new)
        how = "was removed" if now_there is None else "was replaced by another file"
        sentence = (
            f"{path} {how} while it was open. What is written now is lost:"
            " stop the service, put the file back (orderlog restore) and start again."
        )
        if time.monotonic() >= self._say_again:
            self._say_again = time.monotonic() + SAY_AGAIN_SECONDS
            log.error("log_file_replaced", reason=sentence)
        return sentence

    def require(self) -> None:
        """Raise `StoreUnavailable` unless all files are those that were opened."""
        if (sentence := self.replaced()) is not None:
            raise StoreUnavailable(sentence)

    def require_after_commit(self) -> None:
        """Raise `OutcomeUnknown` unless the log that was just committed to still has its name."""
        if (sentence := self.replaced()) is not None:
            raise OutcomeUnknown(sentence)

    def look(self) -> None:
        """Require it, at most every `LOOK_SECONDS`: for reading, that is soon enough."""
        if time.monotonic() >= self._look_again:
            self.require()
            self._look_again = time.monotonic() + LOOK_SECONDS
