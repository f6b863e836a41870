"""Writes the log as Parquet files, a folder a month, and goes on from where it was."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
from eventsourcing.persistence import Notification

from application.archive.flat_facts import SCHEMA, flat_fact, table_of
from application.archive.manifest import (
    LIST,
    ArchiveFile,
    BadArchive,
    Manifest,
    digest_of,
    read_manifest,
    settle,
    write_manifest,
)
from application.archive.reading import refuse_other_log
from application.store import Store

BATCH = 2000
GROUP_FACTS = 20_000
"""Facts of a row group: how much is in memory at once, and how finely a reader can choose."""

PART_FACTS = 250_000
"""Facts after which files are closed and listed: what a kill may cost."""

REPEATED = ["name", "actor", "show_id", "org", "vendor", "deal", "lang", "status", "payment_system"]
"""Columns that have few values."""

Progress = Callable[[int, int], None]
"""Is told the position reached, and the one to reach."""


def export_log(store: Store, folder: Path, progress: Progress) -> Manifest:
    """Write what is not in the archive yet; return the list of its files.

    Raises `BadArchive` where the folder has something else, or the archive of another log.
    """
    manifest = begin(store, folder)
    last = store.last_position()
    while manifest.position < last:
        progress(manifest.position, last)
        manifest = _write_part(store, folder, manifest, last, progress)
    progress(manifest.position, last)
    return manifest


def begin(store: Store, folder: Path) -> Manifest:
    """The archive as it is, after a look at whether it is of this log; an empty one for none."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / LIST).exists():
        if any(folder.iterdir()):
            raise BadArchive(f"{folder} is no archive, and has something in it.")
        write_manifest(folder, Manifest())
    manifest = read_manifest(folder)
    listed = {each.path for each in manifest.files}
    for file in folder.glob("month=*/*"):
        if file.relative_to(folder).as_posix() not in listed:
            file.unlink()  # begun by an export that was killed
    refuse_other_log(store, folder, manifest)
    return manifest


def _write_part(
    store: Store, folder: Path, manifest: Manifest, last: int, progress: Progress
) -> Manifest:
    """Write the next piece of the log, and only then list its files."""
    part = manifest.next_part
    writers: dict[str, _MonthWriter] = {}
    position, count = manifest.position, 0
    while position < last and count < PART_FACTS:
        for stored in _log(store, position, last):
            month, row = msgspec.structs.astuple(flat_fact(stored))
            if month not in writers:
                writers[month] = _MonthWriter(folder, month, part)
            writers[month].add(row)
            position = stored.id
            count += 1
        progress(position, last)
    files = tuple(writer.close() for writer in writers.values())
    grown = Manifest(position=position, files=(*manifest.files, *files))
    write_manifest(folder, grown)
    return grown


def _log(store: Store, after: int, last: int) -> Iterator[Notification]:
    return (each for each in store.log(after, BATCH) if each.id <= last)


class _MonthWriter:
    """Writes a month's facts of a piece of the log, a row group at a time."""

    def __init__(self, folder: Path, month: str, part: int) -> None:
        self._folder = folder
        self._part = part
        self._path = folder / f"month={month}" / f"facts-{part:06d}.parquet"
        self._path.parent.mkdir(exist_ok=True)
        self._writer = pq.ParquetWriter(
            self._path, SCHEMA, compression="zstd", use_dictionary=REPEATED
        )
        self._rows: list[tuple[Any, ...]] = []
        self._first = self._last = self._facts = 0
        self._lower = self._upper = ""

    def add(self, row: tuple[Any, ...]) -> None:
        """Add a fact's row."""
        position, order = row[:2]
        if self._facts == 0:
            self._first, self._lower = position, order
        self._last = position
        self._lower, self._upper = min(self._lower, order), max(self._upper, order)
        self._facts += 1
        self._rows.append(row)
        if len(self._rows) == GROUP_FACTS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(table_of(self._rows))
            self._rows = []

    def close(self) -> ArchiveFile:
        """Have the file on the disk, and say what is in it."""
        self._flush()
        self._writer.close()
        settle(self._path)
        settle(self._path.parent)
        return ArchiveFile(
            path=self._path.relative_to(self._folder).as_posix(),
            part=self._part,
            first=self._first,
            last=self._last,
            facts=self._facts,
            lower=self._lower,
            upper=self._upper,
            sha256=digest_of(self._path),
        )
