"""Copies a database into another one, of the same kind or not.

Positions and bytes of the log stay. A copy that was killed continues: what is there already is
compared, not written again. No service opens the target until everything was compared at the end.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

import msgspec

from application.ports.copyable import DOCUMENTS, EVENTS, PARTS, Copyable, Part, Readable, Row
from application.ports.sandbox import OfTheSandbox, carries_mark
from domain.errors import UserError

BATCH = 2000

Progress = Callable[[str, int, int], None]
"""Called with the present step, and how many rows of how many are done."""


class NotCopied(UserError):
    """The reason why there is no copy. The target is unchanged."""


class Copied(msgspec.Struct, frozen=True):
    """A part that was compared and is the same on both sides."""

    part: str
    rows: int
    digest: str


def copy(
    source: Copyable, target: Copyable, progress: Progress, batch: int = BATCH
) -> list[Copied]:
    """Make `target` a copy of `source`; return what was compared and found equal.

    Raises `NotCopied`, also if the source was changed meanwhile.
    """
    refuse(source, target)
    target.begin()
    for part in PARTS:
        copy_partition(source, target, part, progress, batch)
    found = [compare(source, target, part, progress, batch) for part in PARTS]
    if source.count(EVENTS) != target.count(EVENTS):  # written while other parts were compared
        raise _differ(EVENTS)
    target.finish(source.counters())
    return found


def refuse(source: Copyable, target: Copyable) -> None:
    """Raise `NotCopied` if a copy would be incomplete, or would overwrite something."""
    if source.is_unfinished():
        raise NotCopied("The source is itself a copy that is not finished.")
    for name, each in (("source", source), ("target", target)):
        server = each.served_by()
        if server is not None:
            raise NotCopied(f"The {name} is served by {server}: stop it, and ask again.")
    if not (target.is_empty() or target.is_unfinished()):
        raise NotCopied("The target has something in it already; a copy needs an empty database.")


def refuse_sandbox(source: Readable, remedy: str) -> None:
    """Raise `OfTheSandbox` for a source that is a database of the sandbox."""
    documents = (row for rows in _batches(source, DOCUMENTS, BATCH) for row in rows)
    if carries_mark((str(kind), str(name)) for kind, name, *_ in documents):
        raise OfTheSandbox("The source", remedy)


def copy_partition(
    source: Readable, target: Copyable, part: Part, progress: Progress, batch: int = BATCH
) -> None:
    """Make a part of the target the same as in the source. Raises `NotCopied`."""
    total = source.count(part)
    done = 0
    after: Row | None = None
    for rows in _batches(source, part, batch):
        till = part.key_of(rows[-1])
        there = [row for row in target.rows(part, after, batch) if part.key_of(row) <= till]
        if there != rows:
            if part.grows and there != rows[: len(there)]:
                raise NotCopied(f"The target has other {part.name} than the source.")
            target.replace(part, after, till, rows)
        after = till
        done += len(rows)
        progress(f"copying {part.name}", done, max(done, total))
    if target.rows(part, after, 1):
        if part.grows:
            raise NotCopied(f"The target has more {part.name} than the source.")
        target.replace(part, after, None, ())


def compare(
    source: Readable, target: Copyable, part: Part, progress: Progress, batch: int = BATCH
) -> Copied:
    """Compare a part on both sides, row by row. Raises `NotCopied`."""
    total = target.count(part)
    ours, theirs = hashlib.sha256(), hashlib.sha256()
    done = 0
    for side, digest in ((source, theirs), (target, ours)):
        done = 0
        for rows in _batches(side, part, batch):
            for row in rows:
                digest.update(msgspec.msgpack.encode(row))
            done += len(rows)
            progress(f"comparing {part.name}", done, max(done, total))
    if ours.digest() != theirs.digest():
        raise _differ(part)
    return Copied(part.name, done, ours.hexdigest())


def _differ(part: Part) -> NotCopied:
    return NotCopied(
        f"The {part.name} of source and target differ: something wrote to one of them"
        " meanwhile. See that nothing does, and ask again."
    )


def _batches(side: Readable, part: Part, batch: int) -> Iterator[Sequence[Row]]:
    after = None
    while rows := side.rows(part, after, batch):
        yield rows
        after = part.key_of(rows[-1])
