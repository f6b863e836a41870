"""Partitions of a log: ranges of orders that are read in parallel."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec


class Range(msgspec.Struct, frozen=True):
    """The orders with ids from `lower` up to but not including `upper`; None: no upper bound."""

    number: int
    lower: str
    upper: str | None


def ranges_between(split_keys: Sequence[str]) -> list[Range]:
    """The ranges between these ascending ids: one more than there are ids."""
    bounds: list[str | None] = ["", *split_keys, None]
    return [
        Range(number, lower or "", upper) for number, (lower, upper) in enumerate(pairwise(bounds))
    ]
