"""The lock of a rebuild: at most one process makes a generation of a read model."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from application.ports.read_models import BeingRebuilt
from application.runtime.private_files import make_private
from application.storage.sqlite.connections import RETRY_SECONDS

LINGER_SECONDS = 0.2
"""How long a rebuild waits for its lock: `is_rebuilding` holds it for an instant."""


@contextmanager
def rebuilding(list_path: str, name: str) -> Iterator[None]:
    """Hold the lock of the read model `name`. Raises `BeingRebuilt`."""
    deadline = time.monotonic() + LINGER_SECONDS
    make_private(_file(list_path, name))
    with _file(list_path, name).open("wb") as lock:
        while not _locked(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise BeingRebuilt(name)
            time.sleep(RETRY_SECONDS)
        yield


def is_rebuilding(list_path: str, name: str) -> bool:
    """Whether a process holds the lock of the read model `name` now."""
    try:
        with _file(list_path, name).open("rb") as lock:
            return not _locked(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _file(list_path: str, name: str) -> Path:
    return Path(f"{list_path}-{name}-rebuild")


def _locked(file: BinaryIO, how: int) -> bool:
    """Whether a file could be locked, for as long as it is open."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
