"""The port to the log of rejected requests, which is apart from the events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

MOST_ATTEMPTS = 200


"""So many refused attempts are kept of one order: a client that tries for ever fills no disk."""


class Attempt(msgspec.Struct, frozen=True):
    """Something that was asked of an order and could not be had.

    `version` is the order's that was met, `code` the refusal's, or a word of `explain`'s for what
    is no refusal. `wanted` and `about` are JSON: what was asked, and the values that explain why.
    """

    order: str
    at: datetime
    version: int
    actor: str
    request: str
    code: str
    wanted: bytes
    about: bytes


class AttemptRecords(Protocol):
    """Refused attempts, apart from the events."""

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Note attempts; of an order that has `MOST_ATTEMPTS` already, no more."""

    def of(self, order: str) -> Sequence[Attempt]:
        """The attempts on an order, oldest first."""

    def purge(self, before: datetime, most: int) -> int:
        """Forget attempts older than `before`, at most so many; return how many."""
