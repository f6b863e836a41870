"""Backups of an embedded log: made while it is in use, verified, and restored."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from application.integrity.report import Report
from application.ports.backup_files import BackupRefused, Backups, Content, Progress
from application.ports.sandbox import OfTheSandbox, carries_mark
from application.ports.store import Store
from application.runtime.disk import sync
from application.runtime.failpoints import reach


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """How a backup is made: `open_log` opens a copy's file, `check` verifies its log."""

    backups: Backups
    open_log: Callable[[str], Store]
    check: Callable[[Store, str], Report]
    progress: Progress


class Backup(msgspec.Struct, frozen=True):
    """A finished copy: its file, its log's id, and the report of its verification."""

    file: str
    log_id: str
    report: Report


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """A restored backup, and what it replaced.

    `beyond` is how many positions the replaced log went beyond the restored one; None where they
    cannot be compared: it was another log, or could not be read. `kept` is where it is now.
    """

    log_id: str
    report: Report
    before: Content | None
    beyond: int | None
    kept: str | None


def back_up(tools: Tools, target: str, *, overwrite: bool) -> Backup:
    """Copy the log to the file `target` and verify the copy. Raises `BackupRefused`.

    The file gets its name once it is complete and on the disk. A copy with findings is kept, too:
    the log itself may be what is wrong.
    """
    if Path(target).exists() and not overwrite:
        raise BackupRefused(f"{target} is there already: name another file, or give --overwrite.")
    with _beside(target) as fresh:
        tools.backups.copy_to(fresh, tools.progress)
        reach("backup.copied")
        log_id, report = _verified(tools, fresh)
        reach("backup.verified")
        os.replace(fresh, target)  # noqa: PTH105 - both are strings
        reach("backup.in_place")
    return Backup(target, log_id, report)


def restore(
    tools: Tools, backup: str, database: str, *, overwrite: bool, sandbox: bool = False
) -> Restored:
    """Put a backup in the place of the log in the file `database`. Raises `BackupRefused`.

    A backup with findings is not put back, and one of the sandbox only as one of the `sandbox`
    (`OfTheSandbox`).
    """
    before = tools.backups.content()
    if before is not None and not overwrite:
        events = "cannot be read" if before.position is None else f"ends at {before.position}"
        raise BackupRefused(
            f"{database} is not empty (its log {events}): give --overwrite to replace it."
            " It is kept beside it under another name."
        )
    with _beside(database) as fresh:
        tools.backups.copy_from(backup, fresh, tools.progress)
        if not sandbox:
            _refuse_sandbox(tools, fresh)
        elif before is not None and not before.sandbox:
            raise BackupRefused(
                f"{database} is not of the sandbox, or cannot be read: a backup of the sandbox does"
                " not take its place. Name another file."
            )
        log_id, report = _verified(tools, fresh)
        if not report.good:
            raise BackupRefused(
                f"{backup} is not put back: its verification has {report.wrong} findings, such as:"
                f" {report.findings[0].says}"
            )
        replaced = tools.backups.put_in_place(fresh)
    return Restored(
        log_id=log_id,
        report=report,
        before=before,
        beyond=_beyond(before, log_id, report),
        kept=replaced.kept,
    )


def _beyond(before: Content | None, log_id: str, report: Report) -> int | None:
    if before is None:
        return 0
    if before.position is None or before.log_id not in {"", log_id}:
        return None
    return before.position - report.position


def _refuse_sandbox(tools: Tools, path: str) -> None:
    with closing(tools.open_log(path)) as store:
        if carries_mark(store.catalog()):
            raise OfTheSandbox("The backup", "give --sandbox to put it back as such.")


def _verified(tools: Tools, path: str) -> tuple[str, Report]:
    """Open a copy, which brings an older layout up to date, and verify it."""
    with closing(tools.open_log(path)) as store:
        report = tools.check(store, path)
        log_id = store.log_id()
    if Path(f"{path}-wal").exists():
        raise BackupRefused(f"{path} is open in another process.")
    sync(path)
    return log_id, report


@contextmanager
def _beside(path: str) -> Iterator[str]:
    """A file's name in a folder of its own beside `path`, on the same disk; gone at the end."""
    folder = Path(path).absolute().parent
    with tempfile.TemporaryDirectory(prefix=f".{Path(path).name}.", dir=folder) as unfinished:
        yield str(Path(unfinished) / "log.db")
    sync(str(folder))
