"""Keeps the write-ahead log of a busy database short, and sees when the disk gets full."""

import os
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import structlog

from application.ports.store import StoreUnavailable
from application.runtime.private_files import make_private
from application.storage.sqlite.connections import WalLimits, connect, shrink_write_ahead_log
from application.storage.sqlite.file import LogFiles

RESERVE = "-reserve"
RESERVE_BYTES = 2**20
ROOM_FOR_RESERVE = 16 * 2**20
LEAST_ROOM = 2 * 2**20
"""The fewest free bytes on its disk with which a log can be written."""

log = structlog.get_logger()


def room_beside(path: str) -> int:
    """How many bytes are free on a file's disk."""
    found = os.statvfs(Path(path).absolute().parent)
    return found.f_bavail * found.f_frsize


def keep_reserve(path: str) -> None:
    """Keep a reserve file beside the log, whose space a start on a full disk can use.

    Each database needs an index file to be read, and a full disk has no room for it.
    """
    reserve = Path(path + RESERVE)
    with suppress(OSError):
        if not reserve.exists() and room_beside(path) > ROOM_FOR_RESERVE:
            make_private(reserve)
            with reserve.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)


def spend_reserve(path: str) -> bool:
    """Free the reserve's space if the disk is full; True if there is some space now."""
    with suppress(OSError):
        if room_beside(path) < RESERVE_BYTES:
            Path(path + RESERVE).unlink()
            log.error("disk_full", reason=f"The disk of {path} is full: its reserve is spent.")
            return True
    return False


class Maintenance:
    """Maintenance of a log's files, apart from its commits."""

    def __init__(self, path: str, files: LogFiles, limits: WalLimits) -> None:
        self._path = path
        self._limits = limits
        self._too_long = 2 * limits.cut_to
        self._files = files
        self._try_again = 0.0
        self._shrinking: threading.Thread | None = None

    def after_commit(self) -> None:
        """Have another thread empty a write-ahead log that has grown long."""
        if self._files.wal_bytes <= self._too_long or time.monotonic() < self._try_again:
            return
        self._try_again = time.monotonic() + self._limits.retry_seconds
        if self._shrinking is None or not self._shrinking.is_alive():
            self._shrinking = threading.Thread(target=self._shrink, name="shrink", daemon=True)
            self._shrinking.start()

    def _shrink(self) -> None:
        with (
            suppress(StoreUnavailable),
            closing(connect(self._path, "FULL", self._limits)) as connection,
        ):
            done = shrink_write_ahead_log(connection)
            if not done:
                log.warning("write_ahead_log_grows", bytes=self._files.wal_bytes)

    def wal_bytes(self) -> int:
        with suppress(OSError):
            return Path(f"{self._path}-wal").stat().st_size
        return 0

    def trouble(self) -> str | None:
        """A sentence when the disk is full, or nearly so."""
        with suppress(OSError):
            room = room_beside(self._path)
            if room < LEAST_ROOM:
                return f"the disk of {self._path} has {room:,} bytes left: sales fail, or soon will"
        return None

    def close(self) -> None:
        """Wait for a thread that is at work."""
        if self._shrinking is not None and self._shrinking.is_alive():
            self._shrinking.join()
