"""Ranges of orders: how a log is read side by side."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec


class Range(msgspec.Struct, frozen=True):
    """The orders whose ids are at least `lower` and below `upper`; all beyond, if that is None."""

    number: int
    lower: str
    upper: str | None


def ranges_between(split_keys: Sequence[str]) -> list[Range]:
    """The ranges that have these ids, which ascend, as their bounds: one more than there are."""
    bounds: list[str | None] = ["", *split_keys, None]
    return [
        Range(number, lower or "", upper) for number, (lower, upper) in enumerate(pairwise(bounds))
    ]
