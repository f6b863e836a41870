"""Which files belong together: a log, its write-ahead log, and the companions beside it.

They are examined before SQLite opens the log. SQLite would create an empty log where there is none,
and would apply a left-over write-ahead log to any file that has the log's name.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import structlog

from application.ports.store import StoreUnavailable
from application.runtime.private_files import make_private

WAL = "-wal"
FILES = "-files"
COMPANIONS = ("-views", "-views-witness")
"""The companions that store the id of their log."""

log = structlog.get_logger()


class FilesDiffer(StoreUnavailable):
    """Files that do not belong together; the text says what to do."""


class Files(msgspec.Struct, frozen=True):
    """The files that were opened together: their inodes, and the schema version of the log.

    Devices are not stored: their numbers may change when the machine starts. The schema version is
    0 while part of the schema is still in the write-ahead log.
    """

    log: int
    wal: int
    schema: int


def check_before_opening(path: str) -> None:
    """Refuse to open a log whose files do not belong together. Raises `FilesDiffer`."""
    wal = _size(path + WAL)
    if not _size(path):
        _refuse_without_log(path, wal)
    elif wal:
        _refuse_foreign_wal(path)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _refuse_without_log(path: str, wal: int) -> None:
    left = [path + WAL] if wal else []
    left += [each for each in (path + side for side in COMPANIONS) if _has_tables(each)]
    if left:
        raise FilesDiffer(
            f"{path} is missing or empty, but {' and '.join(left)} of a log are beside it."
            " Put the log back (orderlog restore BACKUP);"
            f" to begin a new log, move {path}-wal, {path}-shm and {path}-views* away first."
        )


def _has_tables(path: str) -> bool:
    """Whether a companion has tables. A damaged one counts as none: it is made anew."""
    if not _size(path):
        return False
    with suppress(sqlite3.Error), closing(_as_it_is(path)) as file:
        return file.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
    return False


def _as_it_is(path: str) -> sqlite3.Connection:
    """A file without its write-ahead log, opened for reading only."""
    return sqlite3.connect(f"{Path(path).absolute().as_uri()}?immutable=1", uri=True)


def _refuse_foreign_wal(path: str) -> None:
    """Refuse a write-ahead log that was written for another file of the log's name.

    If both files are other ones than before, the whole folder was moved or copied, which is fine.
    """
    noted = _noted(path)
    if noted is None:
        return
    there = files_of(path)
    if there is None or there == noted:
        return
    same_wal_only = there.wal == noted.wal and there.log != noted.log
    other_schema = noted.schema and there.log == noted.log and there.schema != noted.schema
    if same_wal_only or other_schema:
        raise FilesDiffer(
            f"{path}{WAL} was written for another file than the {path} that is there now: its"
            f" changes would spoil it. If {path} was put there on purpose, move {path}{WAL} and"
            f" {path}-shm away (or put the backup there by orderlog restore, which does so). If the"
            f" two belong together, remove {path}{FILES} and start again."
        )
    if there.log != noted.log:
        log.warning("log_files_copied", log=path)


def files_of(path: str) -> Files | None:
    """The present files; None if they cannot be read."""
    try:
        log_file, wal = (Path(path + side).stat().st_ino for side in ("", WAL))
        with closing(_as_it_is(path)) as file:
            (schema,) = file.execute("PRAGMA schema_version").fetchone()
    except (OSError, sqlite3.Error):
        return None
    return Files(log_file, wal, schema)


def _noted(path: str) -> Files | None:
    try:
        return msgspec.json.decode(Path(path + FILES).read_bytes(), type=Files)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def note_opened(path: str, connection: sqlite3.Connection) -> None:
    """Record which files were opened together.

    If the record cannot be written, the old one is removed.
    """
    there = files_of(path)
    if there is None:
        return
    (schema,) = connection.execute("PRAGMA schema_version").fetchone()
    if there.schema != schema:
        there = msgspec.structs.replace(there, schema=0)
    if there == _noted(path):
        return
    fresh = Path(f"{path}{FILES}.{os.getpid()}")
    try:
        make_private(fresh)
        fresh.write_bytes(msgspec.json.encode(there))
        fresh.replace(path + FILES)
    except OSError as error:
        log.warning("opened_files_not_noted", reason=str(error))
        for each in (fresh, Path(path + FILES)):
            with suppress(OSError):
                each.unlink()


def belong(connection: sqlite3.Connection, path: str, log_path: str, log_id: str) -> None:
    """Store the log's id in its companion. Raises `FilesDiffer` if it has another log's.

    `connection` is in autocommit mode; the companion is laid out.
    """
    known = next(_ids(connection), None)
    if known is None:
        with suppress(sqlite3.OperationalError):  # on a full disk: the next start notes it
            connection.execute(
                "INSERT INTO log_identity SELECT ? WHERE NOT EXISTS (SELECT 1 FROM log_identity)",
                (log_id,),
            )
    elif known != log_id:
        raise FilesDiffer(
            f"{path} is of the log {known}, but {log_path} is the log {log_id}."
            f" If that is the right log, move {log_path}-views* away: they are made again from it."
            " Else put the right log back (orderlog restore BACKUP)."
        )


def _ids(connection: sqlite3.Connection) -> Iterator[str]:
    yield from (row[0] for row in connection.execute("SELECT id FROM log_identity"))
