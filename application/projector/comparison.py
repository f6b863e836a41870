"""Compares two tables of rows, both sorted by key."""

from collections.abc import Iterator

import msgspec

from application.ports.read_models import Row


class Difference(msgspec.Struct, frozen=True):
    """A row that differs between two tables; None where one of them lacks it."""

    key: str
    live: Row | None
    new: Row | None


def differences(live: Iterator[Row], new: Iterator[Row]) -> Iterator[Difference]:
    """The rows that differ between both tables, by key."""
    ours, theirs = next(live, None), next(new, None)
    while ours is not None or theirs is not None:
        if ours == theirs:
            ours, theirs = next(live, None), next(new, None)
            continue
        key = min(row.key for row in (ours, theirs) if row is not None)
        here = ours if ours is not None and ours.key == key else None
        there = theirs if theirs is not None and theirs.key == key else None
        yield Difference(key, here, there)
        ours = next(live, None) if here is not None else ours
        theirs = next(new, None) if there is not None else theirs
