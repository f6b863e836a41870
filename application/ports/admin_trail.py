"""The port to the administrative trail: who changed keys and catalogue, and which data was read.

Each entry has a hash over its predecessor's, so none can be changed or removed unseen, and signed
checkpoints name the last one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class Deed(msgspec.Struct, frozen=True):
    """Something that was done: when, by whom, what, and `about` which things, as JSON."""

    at: datetime
    actor: str
    action: str
    about: bytes


class TrailEntry(msgspec.Struct, frozen=True):
    """A deed in the administrative trail, with its number and hash."""

    number: int
    deed: Deed
    hash: bytes


class TrailRecords(Protocol):
    """The administrative trail."""

    def add(self, deed: Deed) -> None:
        """Add a deed, in a transaction of its own."""

    def entries(self, after: int = 0, limit: int = 1000) -> Sequence[TrailEntry]:
        """At most `limit` entries with a number beyond `after`, by number."""

    def last(self) -> tuple[int, bytes]:
        """The number and hash of the last entry; 0 and the first hash for none."""

    def counted(self) -> int:
        """How many entries were made in this database; copied ones are not among them."""
