"""Finds out who holds the write lock of a log, and for how long it has been held."""

import time
from contextlib import suppress
from pathlib import Path

import structlog

WRITE_BYTE = 120
"""The byte of a log's index file that the writer locks."""
LOCKS = Path("/proc/locks")
SAY_AFTER_SECONDS = 1.0
SAY_AGAIN_SECONDS = 10.0
FRESH_SECONDS = 2.0

log = structlog.get_logger()


class Holder:
    """A process that holds the write lock."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.halted = False
        self._command = ""
        with suppress(OSError, IndexError):
            self._command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
            self.halted = state.split()[0] in {"T", "t"}

    def __str__(self) -> str:
        command = f" ({self._command.strip()})" if self._command else ""
        return f"process {self.pid}{command}{', which is halted' if self.halted else ''}"


def holder_of(path: str) -> Holder | None:
    """The process that writes to a log now, where the system tells.

    The file itself is not opened: closing it would release this process's own locks on it.
    """
    with suppress(OSError, ValueError, IndexError):
        inode = str(Path(f"{path}-shm").stat().st_ino)
        for connection in LOCKS.read_text(encoding="ascii").splitlines():
            fields = connection.split()
            if fields[1] != "POSIX" or fields[3] != "WRITE":
                continue
            first, last = int(fields[6]), fields[7]
            covers = first <= WRITE_BYTE and (last == "EOF" or int(last) >= WRITE_BYTE)
            if covers and fields[5].rpartition(":")[2] == inode:
                return Holder(int(fields[4]))
    return None


class WriteLock:
    """How long this process has waited for a log's write lock."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._since: float | None = None
        self._last_seen = 0.0
        self._say_again = 0.0

    def is_free(self) -> None:
        """Note that the lock was free."""
        self._since = None

    def is_held(self) -> None:
        """Note that the lock was held, and log it if that goes on."""
        self._last_seen = time.monotonic()
        if self._since is None or self._last_seen - self._since > 10 * SAY_AGAIN_SECONDS:
            self._since = self._last_seen
        waited = self._last_seen - self._since
        if waited >= SAY_AFTER_SECONDS and self._last_seen >= self._say_again:
            self._say_again = self._last_seen + SAY_AGAIN_SECONDS
            log.error("write_lock_held", seconds=round(waited, 1), holder=self.holder())

    def holder(self) -> str:
        """The present holder, in words."""
        found = holder_of(self._path)
        return "somebody whom this system does not name" if found is None else str(found)

    def trouble(self) -> str | None:
        """A sentence while the lock's holder is halted or keeps it; None otherwise."""
        moment = time.monotonic()
        waited = 0.0 if self._since is None else self._last_seen - self._since
        if waited >= SAY_AFTER_SECONDS and moment - self._last_seen < FRESH_SECONDS:
            return f"held for {waited:.0f} s by {self.holder()}"
        found = holder_of(self._path)
        if found is not None and found.halted:
            return f"held by {found}"
        return None
