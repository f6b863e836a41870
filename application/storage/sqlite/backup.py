"""Copies of the embedded store's log, and putting one in its place.

A copy is taken by SQLite's own interface from one moment of the log, while it is served or not. It
is one file; the companions are made again from it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from application.ports.backup_files import BackupRefused, Content, Progress, Replaced
from application.ports.sandbox import carries_mark
from application.ports.store import StoreUnavailable
from application.runtime.clock import stamp
from application.runtime.disk import sync
from application.runtime.private_files import make_private
from application.storage.sqlite.connections import connect
from application.storage.sqlite.file_identity import FilesDiffer, check_before_opening
from application.storage.sqlite.layout import LOG

PAGES_AT_ONCE = 500
"""So many pages are copied and made durable at a time. A file system that has to write much more
at once keeps the commits of a sale waiting."""
SHARED_FIRST, SHARED_SIZE = 0x40000002, 510
"""SQLite's shared lock: every process that has the file open holds a read lock on these bytes."""
VIEWS, RECORDED_HEADS, FILES = "-views", "-views-witness", "-files"
SIDES = ("-wal", "-shm", FILES)
"""Removed in this order: `-files` says which log the write-ahead log belongs to, so it goes
last."""


class SqliteBackups:
    """The port `Backups` (`application/copying/backup.py`) on an SQLite file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def copy_to(self, target: str, progress: Progress) -> None:
        if not Path(self._path).exists():
            raise StoreUnavailable(f"There is no file {self._path}.")
        check_before_opening(self._path)
        with closing(connect(self._path, "FULL")) as log:
            _copy(log, self._path, target, progress)

    def copy_from(self, backup: str, target: str, progress: Progress) -> None:
        with _read_only(backup) as copy:
            _copy(copy, backup, target, progress)

    def content(self) -> Content | None:
        if not _has_bytes(self._path):
            return None
        try:
            check_before_opening(self._path)
            with closing(connect(self._path, "FULL")) as log:
                found = _content(log)
        except (FilesDiffer, StoreUnavailable, sqlite3.Error):
            return Content("", None)
        return found if found.position or found.catalog else None

    def put_in_place(self, fresh: str) -> Replaced:
        """Put the file `fresh`, which is synced, in the place of the log, whole or not at all.

        What was there is kept beside it under another name. Raises `BackupRefused` where somebody
        has the log open.
        """
        with _nobody_has_it_open(self._path):
            kept = _kept_name(self._path)
            log_id = _log_id(fresh)
            self._keep(kept)
            self._remove_read_models()
            os.replace(fresh, self._path)  # noqa: PTH105 - paths are strings here, as SQLite has them
            self._set_recorded_heads_aside(kept, log_id)
            self._remove_sides()
            sync(str(Path(self._path).absolute().parent))
        return Replaced(kept if _has_bytes(kept) else None)

    def _keep(self, kept: str) -> None:
        """Link the old log, and what its write-ahead log still has, to another name."""
        for side in ("", *SIDES):
            with suppress(FileNotFoundError):
                os.link(self._path + side, kept + side)

    def _remove_sides(self) -> None:
        """Remove the old write-ahead log. Until then a start refuses to apply it to the new log."""
        for side in SIDES:
            Path(self._path + side).unlink(missing_ok=True)

    def _remove_read_models(self) -> None:
        folder, name = os.path.split(self._path + VIEWS)
        record_heads = Path(self._path + RECORDED_HEADS).name
        for each in Path(folder or ".").glob(f"{name}*"):
            if not each.name.startswith(record_heads):
                each.unlink()

    def _set_recorded_heads_aside(self, kept: str, log_id: str) -> None:
        """Keep the recorded heads with the replaced log, unless they are the restored one's."""
        record_heads = self._path + RECORDED_HEADS
        with suppress(sqlite3.Error, StoreUnavailable):
            if _has_bytes(record_heads) and _heads_log_id(record_heads) not in {None, log_id}:
                os.replace(record_heads, kept + RECORDED_HEADS)  # noqa: PTH105 - see above


def _copy(source: sqlite3.Connection, name: str, target: str, progress: Progress) -> None:
    """Copy a log page by page, as of one moment.

    Writers go on meanwhile and do not restart the copy.
    """
    try:
        if LOG.layout(source) is None:
            raise BackupRefused(f"{name} is not a log of orderlog.")
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM counters LIMIT 1").fetchone()
        make_private(target)
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # synced step by step
            copy.execute(f"PRAGMA cache_size={PAGES_AT_ONCE}")

            def flushed(_: int, left: int, total: int) -> None:
                sync(target)
                progress(total - left, total)

            source.backup(copy, pages=PAGES_AT_ONCE, sleep=0, progress=flushed)
    except sqlite3.DatabaseError as error:
        raise BackupRefused(f"{name} cannot be copied: {error}.") from error
    finally:
        if source.in_transaction:
            source.execute("ROLLBACK")
    sync(target)


@contextmanager
def _read_only(path: str) -> Iterator[sqlite3.Connection]:
    """A backup, which may have a write-ahead log of its own beside it. Nothing is written."""
    if not Path(path).is_file():
        raise BackupRefused(f"There is no file {path}.")
    how = "mode=ro" if _has_bytes(path + "-wal") else "immutable=1"
    try:
        db = sqlite3.connect(f"{Path(path).absolute().as_uri()}?{how}", uri=True)
        db.isolation_level = None
    except sqlite3.Error as error:
        raise BackupRefused(f"{path} cannot be read: {error}.") from error
    with closing(db):
        yield db


def _content(log: sqlite3.Connection) -> Content:
    if LOG.layout(log) is None:
        return Content("", 0)
    (position,) = log.execute("SELECT coalesce(max(rowid), 0) FROM orders_events").fetchone()
    names = log.execute("SELECT kind, id FROM catalog").fetchall()
    return Content(_id_of(log), position, len(names), carries_mark(names))


def _id_of(log: sqlite3.Connection) -> str:
    with suppress(sqlite3.OperationalError):  # an old layout without an id
        return str(log.execute("SELECT id FROM log_identity").fetchone()[0])
    return ""


def _log_id(path: str) -> str:
    with _read_only(path) as log:
        return _id_of(log)


def _heads_log_id(path: str) -> str | None:
    with closing(connect(path, "NORMAL")) as record_heads:
        row = record_heads.execute("SELECT id FROM log_identity").fetchone()
        return None if row is None else str(row[0])


@contextmanager
def _nobody_has_it_open(path: str) -> Iterator[None]:
    """Hold the file alone, by the lock that SQLite itself asks for. Raises `BackupRefused`.

    The file is opened without SQLite: closing it releases all locks that this process has on the
    file, so no SQLite connection of this process may be open.
    """
    try:
        file = open(path, "rb+")  # noqa: PTH123, SIM115 - see above
    except FileNotFoundError:
        yield
        return
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except OSError as error:
            raise BackupRefused(
                f"{path} is open in another process: stop all that serve it or read it first."
            ) from error
        yield


def _kept_name(path: str) -> str:
    """An unused name beside the log."""
    moment = stamp()
    name, number = f"{path}.replaced-{moment}", 1
    while Path(name).exists():
        number += 1
        name = f"{path}.replaced-{moment}-{number}"
    return name


def _has_bytes(path: str) -> bool:
    return Path(path).exists() and Path(path).stat().st_size > 0
