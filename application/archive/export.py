"""Writes the log as Parquet files, a folder a month. A later export continues the archive."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from application.archive.flat_events import SCHEMA, flat_event, table_of
from application.archive.manifest import (
    FILE,
    LIST,
    ArchiveFile,
    BadArchive,
    Manifest,
    digest_of,
    read_manifest,
    refuse_links,
    write_manifest,
)
from application.archive.reading import another_log, last_event
from application.ports.copyable import EVENTS, Readable, Row
from application.runtime.disk import sync
from application.runtime.private_files import make_private


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How many events are read at once, are in a row group, and are in the files of a partition.

    A row group is what is in memory at once, and the unit that a reader can skip. A partition is
    the most that a kill can cost: its files are listed when all of them are closed.
    """

    batch: int = 2000
    group: int = 20_000
    partition: int = 250_000


SIZES = Sizes()

REPEATED = ["name", "actor", "show_id", "org", "vendor", "deal", "lang", "status", "payment_system"]
"""Columns that have few values."""

Progress = Callable[[int, int], None]
"""Called with the position that was reached, and the last one."""


def export_log(
    log: Readable, last: int, folder: Path, progress: Progress, sizes: Sizes = SIZES
) -> Manifest:
    """Write the events up to the position `last` that the archive lacks; return its manifest.

    The log must be complete up to there. Raises `BadArchive` if the folder has other files, has the
    archive of another log, or is being written by another process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        manifest = begin(log, folder)
        while manifest.position < last:
            progress(manifest.position, last)
            manifest = _write_partition(log, folder, manifest, last, progress, sizes)
        progress(manifest.position, last)
    return manifest


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of an archive's only writer."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise BadArchive(f"{folder} is being written by another process.") from error
    finally:
        os.close(handle)


def begin(log: Readable, folder: Path) -> Manifest:
    """The present manifest, or an empty one. Raises `BadArchive` if it is of another log."""
    if not (folder / LIST).exists():
        if any(folder.iterdir()):
            raise BadArchive(f"{folder} is not an archive, and is not empty.")
        write_manifest(folder, Manifest())
    manifest = read_manifest(folder)
    listed = {each.path for each in manifest.files}
    for file in folder.glob("month=*/*"):
        refuse_links(file.parent, file)
        path = file.relative_to(folder).as_posix()
        if path not in listed and FILE.fullmatch(path) and file.is_file():
            file.unlink()  # begun by an export that was killed
    if manifest.position:
        found = log.rows(EVENTS, (manifest.position - 1,), 1)
        if [tuple(each) for each in found] != [last_event(folder, manifest)]:
            raise another_log(folder)
    return manifest


def _write_partition(
    log: Readable,
    folder: Path,
    manifest: Manifest,
    last: int,
    progress: Progress,
    sizes: Sizes,
) -> Manifest:
    """Write the next partition, and only then list its files."""
    partition = manifest.next_partition
    writers: dict[str, _MonthWriter] = {}
    position, count = manifest.position, 0
    while position < last and count < sizes.partition:
        for event in _events(log, position, last, sizes.batch):
            month, row = msgspec.structs.astuple(flat_event(event))
            if month not in writers:
                writers[month] = _MonthWriter(folder, month, partition, sizes.group)
            writers[month].add(row)
            position = row[0]
            count += 1
        progress(position, last)
    files = tuple(writer.close() for writer in writers.values())
    grown = Manifest(position=position, files=(*manifest.files, *files))
    write_manifest(folder, grown)
    return grown


def _events(log: Readable, after: int, last: int, batch: int) -> Iterator[Row]:
    rows = log.rows(EVENTS, (after,), batch)
    return (row for row in rows if int(str(row[0])) <= last)


class _MonthWriter:
    """Writes the events of one month of a partition, a row group at a time."""

    def __init__(self, folder: Path, month: str, partition: int, group: int) -> None:
        self._folder = folder
        self._group = group
        self._part = partition
        self._path = folder / f"month={month}" / f"facts-{partition:06d}.parquet"
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        refuse_links(self._path.parent, self._path)
        make_private(self._path)
        self._writer = pq.ParquetWriter(
            self._path, SCHEMA, compression="zstd", use_dictionary=REPEATED
        )
        self._rows: list[tuple[Any, ...]] = []
        self._first = self._last = self._events = 0
        self._lower = self._upper = ""

    def add(self, row: tuple[Any, ...]) -> None:
        """Add an event's row."""
        position, order = row[:2]
        if self._events == 0:
            self._first, self._lower = position, order
        self._last = position
        self._lower, self._upper = min(self._lower, order), max(self._upper, order)
        self._events += 1
        self._rows.append(row)
        if len(self._rows) == self._group:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(table_of(self._rows))
            self._rows = []

    def close(self) -> ArchiveFile:
        """Sync the file; return its entry in the manifest."""
        self._flush()
        self._writer.close()
        sync(self._path)
        sync(self._path.parent)
        return ArchiveFile(
            path=self._path.relative_to(self._folder).as_posix(),
            partition=self._part,
            first=self._first,
            last=self._last,
            events=self._events,
            lower=self._lower,
            upper=self._upper,
            sha256=digest_of(self._path),
        )
