"""Reads an archive: events by position, or those of a range of orders."""

import heapq
from collections.abc import Generator, Iterator
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from application.archive.flat_events import SCHEMA
from application.archive.manifest import (
    ArchiveFile,
    BadArchive,
    Manifest,
    check_files,
    read_manifest,
)
from application.ports.partitions import Range
from application.ports.store import Store

EVENT = ["position", "order_id", "version", "name", "state", "hash"]
"""The columns that make up an event as it was stored."""

BATCH = 2000


def events_after(folder: Path, manifest: Manifest, after: int) -> Iterator[tuple[Any, ...]]:
    """All events with a position beyond `after`, by position, each with the columns of `FACT`."""
    files = [each for each in manifest.files if each.last > after]
    for _, partition in groupby(files, attrgetter("partition")):
        months = [_events_of(folder / each.path, after) for each in partition]
        yield from heapq.merge(*months, key=itemgetter(0))


def _events_of(path: Path, after: int) -> Iterator[tuple[Any, ...]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH, columns=EVENT):
            columns = [batch.column(name).to_pylist() for name in EVENT]
            yield from (event for event in zip(*columns, strict=True) if event[0] > after)


def last_event(folder: Path, manifest: Manifest) -> tuple[Any, ...]:
    """The event with the highest position, of an archive that has some."""
    [last] = events_after(folder, manifest, manifest.position - 1)
    return last


def another_log(folder: Path) -> BadArchive:
    """The error for an archive and a log that do not belong together."""
    return BadArchive(f"{folder} is the archive of another log.")


def highest_number(folder: Path, manifest: Manifest) -> int:
    """The highest number of an order; 0 for none."""
    numbers = (
        pc.max(pq.read_table(folder / each.path, columns=["number"])["number"]).as_py()
        for each in manifest.files
    )
    return max((number for number in numbers if number is not None), default=0)


class ArchivedLog:
    """The part of the log that an archive has, read by ranges of orders as a store's is."""

    def __init__(self, folder: Path) -> None:
        """Read the manifest. Raises `BadArchive`."""
        self.folder = folder
        self.manifest = read_manifest(folder)

    @property
    def position(self) -> int:
        """Up to which position it has the log."""
        return self.manifest.position

    def refuse_other(self, store: Store) -> None:
        """Raise `BadArchive` if it is of another log than the store's, or not complete."""
        check_files(self.folder, self.manifest)
        if self.position:
            found = [
                (each.id, each.originator_id, each.originator_version, each.topic, each.state)
                for each in store.log(self.position - 1, 1)
            ]
            if found != [last_event(self.folder, self.manifest)[:5]]:
                raise another_log(self.folder)

    def events_of_range(
        self, partition: Range, till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        """The events of a range of orders with positions up to `till`, by order and version.

        An order's id begins with its time, so a range is in few files, and in few row groups of
        them.
        """
        found: list[tuple[str, int, str, bytes]] = []
        for file in self.manifest.files:
            if file.first <= till and _overlaps(partition, file.lower, file.upper):
                found += self._rows(file, partition, till)
        found.sort(key=itemgetter(0, 1))
        yield from ((order, name, state) for order, _, name, state in found)

    def _rows(self, file: ArchiveFile, partition: Range, till: int) -> Iterator[Any]:
        columns = ["order_id", "version", "name", "state"]
        with pq.ParquetFile(self.folder / file.path) as opened:
            groups = [
                number
                for number in range(opened.num_row_groups)
                if _group_overlaps(opened.metadata.row_group(number), partition)
            ]
            table = opened.read_row_groups(groups, columns=["position", *columns])
        wanted = pc.and_(
            pc.less_equal(table["position"], till),
            pc.greater_equal(table["order_id"], partition.lower),
        )
        if partition.upper is not None:
            wanted = pc.and_(wanted, pc.less(table["order_id"], partition.upper))
        table = table.filter(wanted)
        yield from zip(*(table[name].to_pylist() for name in columns), strict=True)


def _overlaps(partition: Range, lower: str, upper: str) -> bool:
    return upper >= partition.lower and (partition.upper is None or lower < partition.upper)


def _group_overlaps(group: Any, partition: Range) -> bool:
    statistics = group.column(SCHEMA.get_field_index("order_id")).statistics
    known = statistics is not None and statistics.has_min_max
    return not known or _overlaps(partition, statistics.min, statistics.max)
