"""Keeps the write-ahead log of a busy database short, and sees when the disk gets full."""

import os
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import structlog

from application.ports.store import StoreUnavailable
from application.runtime.private_files import make_private
from application.storage.sqlite.connections import WAL_LIMIT, connect, shrink_write_ahead_log
from application.storage.sqlite.file import LogFiles

TRY_AGAIN_SECONDS = 5.0
RESERVE = "-reserve"
RESERVE_BYTES = 2**20
ROOM_FOR_RESERVE = 16 * 2**20
LEAST_ROOM = 2 * 2**20
"""With fewer bytes free on its disk a log can hardly be written."""

log = structlog.get_logger()


def room_beside(path: str) -> int:
    """How many bytes are free on a file's disk."""
    found = os.statvfs(Path(path).absolute().parent)
    return found.f_bavail * found.f_frsize


def keep_reserve(path: str) -> None:
    """Have a file beside the log whose room a start on a full disk can use.

    To be read, each database needs an index file of its own, which a full disk has no room for.
    """
    reserve = Path(path + RESERVE)
    with suppress(OSError):
        if not reserve.exists() and room_beside(path) > ROOM_FOR_RESERVE:
            make_private(reserve)
            with reserve.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)


def spend_reserve(path: str) -> bool:
    """Give the reserve's room away, if the disk is full; True if there is some now."""
    with suppress(OSError):
        if room_beside(path) < RESERVE_BYTES:
            Path(path + RESERVE).unlink()
            log.error("disk_full", reason=f"The disk of {path} is full: its reserve is spent.")
            return True
    return False


class Maintenance:
    """What is done for the files of a log beside its commits."""

    def __init__(self, path: str, files: LogFiles) -> None:
        self._path = path
        self._files = files
        self._try_again = 0.0
        self._shrinking: threading.Thread | None = None

    def after_commit(self) -> None:
        """Have a write-ahead log that has grown long emptied, by another thread."""
        if self._files.wal_bytes <= 2 * WAL_LIMIT or time.monotonic() < self._try_again:
            return
        self._try_again = time.monotonic() + TRY_AGAIN_SECONDS
        if self._shrinking is None or not self._shrinking.is_alive():
            self._shrinking = threading.Thread(target=self._shrink, name="shrink", daemon=True)
            self._shrinking.start()

    def _shrink(self) -> None:
        with suppress(StoreUnavailable), closing(connect(self._path, "FULL")) as connection:
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
