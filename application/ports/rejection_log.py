"""The port to the log of rejected requests, which is apart from the events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

MOST_ATTEMPTS = 200


"""The most rejected requests that are kept of one order, so that a looping client fills no disk."""


class Attempt(msgspec.Struct, frozen=True):
    """A request about an order that was rejected, or got less than it asked for.

    `version` is the order's when the request was decided. `code` is the refusal's, or one of the
    timeline's if nothing was refused. `wanted` and `about` are JSON: the request, and the values
    that explain the outcome.
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
    """The log of rejected requests, apart from the events."""

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Add rejected requests, except for orders that have `MOST_ATTEMPTS` already."""

    def of(self, order: str) -> Sequence[Attempt]:
        """The rejected requests about an order, oldest first."""

    def purge(self, before: datetime, most: int) -> int:
        """Delete at most `limit` entries older than `before`; return how many."""
