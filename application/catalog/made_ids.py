"""Ids that are made of names: the same names make the same id, on every machine, for ever.

The form of what is hashed is a stored format: what was loaded by such ids is found by them again.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from application.runtime.people import one_line

DIGITS = 24
MOST_KEPT = 10_000
"""So many names are kept in their compared form: rows and numbers come again and again."""


@lru_cache(MOST_KEPT)
def same_name(text: str) -> str:
    """A name as it is compared: neither case nor the number of spaces makes a difference."""
    return one_line(text).casefold()


def made_id(kind: str, parent: str, names: Iterable[Any]) -> str:
    """The id of a thing of a kind, with these names, which belongs to `parent`."""
    hashed = msgspec.json.encode([kind, parent, *names])
    return hashlib.sha256(hashed).hexdigest()[:DIGITS]


def ticket_id(ticket_set: str, seat: dict[str, Any]) -> str:
    """The id of the ticket for a seat of a set."""
    return made_id("ticket", ticket_set, [place_names(seat)])


def place_names(seat: dict[str, Any]) -> list[str]:
    """A seat as it is compared; what it lacks is empty."""
    return [same_name(str(seat.get(part, ""))) for part in ("sector", "row", "number")]
