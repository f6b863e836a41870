"""Sets damaged files aside that can be made again from the log.

A damaged file keeps its bytes under another name, so that its damage can be examined.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import structlog

from application.ports.store import StoreUnavailable
from application.storage.sqlite.connections import unavailable

DAMAGED = ".damaged"
SIDES = ("-wal", "-shm", "-journal", "-lock")
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
CANNOT_OPEN = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})

C = TypeVar("C", bound=Callable[..., Any])

log = structlog.get_logger()


class Gone(StoreUnavailable):
    """A read model, or a file of one, is not there: it is being made, or cannot be."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not there: read models are being made.")


def is_damage(error: BaseException | None, path: str) -> bool:
    """Whether an error, or its cause, means that the file `path` is damaged.

    A full disk, a file that another process writes, and too many open files are no damage.
    """
    while error is not None:
        if isinstance(error, sqlite3.Error):
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            lacks = code == sqlite3.SQLITE_ERROR and str(error).startswith("no such ")
            unusable = code in CANNOT_OPEN and os.path.lexists(path) and not _is_usable(path)
            return code in DAMAGE or lacks or unusable
        error = error.__cause__
    return False


def _is_usable(path: str) -> bool:
    return Path(path).is_file() and os.access(path, os.R_OK | os.W_OK)


def is_cut_off(path: str) -> bool:
    """Whether a file exists and is empty. No process may be creating it at that time."""
    return Path(path).is_file() and not Path(path).stat().st_size


def set_aside(path: str, reason: object) -> None:
    """Rename a damaged file, and log that."""
    kept, number = path + DAMAGED, 1
    while os.path.lexists(kept):
        number += 1
        kept = f"{path}{DAMAGED}.{number}"
    for side in SIDES:
        with suppress(FileNotFoundError):
            os.replace(path + side, kept + side)  # noqa: PTH105 - paths are strings, as SQLite has them
    os.replace(path, kept)  # noqa: PTH105 - see above
    log.error("damaged_file_set_aside", file=path, kept=kept, reason=str(reason))


def files_set_aside(path: str) -> list[str]:
    """The names under which a file was set aside."""
    folder, name = os.path.split(path)
    found = (each.name for each in Path(folder or ".").glob(f"{name}{DAMAGED}*"))
    return sorted(each for each in found if not each.endswith(SIDES))


@contextmanager
def alone(path: str) -> Iterator[None]:
    """Be the only process that sets files in this folder aside."""
    folder = os.open(Path(path).absolute().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def healed(method: C) -> C:
    """Run a method again, once, if its object could repair the file (`heal`)."""

    @wraps(method)
    def once_more(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return method(self, *args, **named)
        except (sqlite3.Error, StoreUnavailable) as error:
            if not self.heal(error, *args):
                if isinstance(error, sqlite3.OperationalError):  # such as a disk that is full
                    raise unavailable(error) from error
                raise
            return method(self, *args, **named)

    return once_more  # type: ignore[return-value] # it has the same shape
