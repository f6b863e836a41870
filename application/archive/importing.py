"""Imports an archive into an empty database: the log, with positions and bytes unchanged.

An archive has only the log: no catalogue, no tickets, no idempotency records. An imported log can
be read, audited and projected; to move a database that goes on selling, use `orderlog copy`.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from application.archive.manifest import check_files, read_manifest
from application.archive.reading import events_after, highest_number
from application.copying.copy import Copied, NotCopied, Progress, compare, copy_partition
from application.ports.copyable import EVENTS, Copyable, Counters, Part, Row
from application.ports.order_numbers import FIRST_NUMBER


def import_log(folder: Path, target: Copyable, progress: Progress) -> Copied:
    """Make the target's log that of the archive; return what was compared and found equal.

    An interrupted import continues where it stopped; until it is finished no service opens the
    target. Raises `BadArchive` for missing or changed files, and `NotCopied`.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    server = target.served_by()
    if server is not None:
        raise NotCopied(f"The target is served by {server}: stop it, and ask again.")
    if not (target.is_empty() or target.is_unfinished()):
        raise NotCopied(
            "The target has something in it already; an import needs an empty database."
        )
    target.begin()
    source = _ArchivedEvents(folder)
    copy_partition(source, target, EVENTS, progress)
    copied = compare(source, target, EVENTS, progress)
    number = max(highest_number(folder, manifest), FIRST_NUMBER - 1)
    target.finish(Counters(number=number, catalog=target.counters().catalog))
    return copied


class _ArchivedEvents:
    """An archive's events as rows to copy. A further read continues after the last one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = read_manifest(folder)
        self._events: Iterator[tuple[Any, ...]] = iter(())
        self._at: Row | None = None

    def count(self, _: Part) -> int:
        """How many events there are."""
        return self._manifest.events

    def rows(self, _: Part, after: Row | None, limit: int) -> Sequence[Row]:
        """At most `limit` events with positions beyond `after`."""
        if after is None or after != self._at:
            position = 0 if after is None else int(str(after[0]))
            self._events = events_after(self._folder, self._manifest, position)
        found = list(islice(self._events, limit))
        self._at = found[-1][:1] if found else after
        return found
