"""The port to what a store has for the audit: evidence, the witness, and signed checkpoints.

The witness says how the chain of each order ended at a position. It is made from the log, and
from then on remembers: what is changed in the log behind its back no longer agrees with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from application.store import Range

LinkRow = tuple[str, int, str, bytes, int, bytes]
"""A fact as it is kept: its order, version, stored name, bytes, position and hash."""


class Link(msgspec.Struct, frozen=True):
    """A fact of an order without what it says: its version, hash and position."""

    version: int
    hash: bytes
    position: int


class Head(msgspec.Struct, frozen=True):
    """How an order's chain ends: at which version, with which hash.

    `trail` is a digest over the positions of all its facts.
    """

    order: str
    version: int
    hash: bytes
    trail: bytes


class Drawer(msgspec.Struct, frozen=True):
    """The heads of some orders together: how many, how many facts, and their digest."""

    name: str
    orders: int
    facts: int
    digest: bytes


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it is kept: the bytes that were signed, and the signature."""

    number: int
    statement: bytes
    signature: bytes


class Verification(msgspec.Struct, frozen=True):
    """What came of verifying the log up to `position`: `at` and `took` are in milliseconds.

    `oversold` is how many tickets were.
    """

    at: int
    took: int
    position: int
    facts: int
    findings: int
    oversold: int


class AuditRecords(Protocol):
    """What a store has for the audit."""

    def chains(self, part: Range) -> AbstractContextManager[Iterator[LinkRow]]:
        """The facts of a range of orders, by order and version, as they are at one moment."""

    def links(self, orders: Sequence[str], till: int) -> Mapping[str, Sequence[Link]]:
        """By order, its facts with positions up to `till`, by version."""

    def gaps(self, till: int, most: int) -> Sequence[tuple[int, int]]:
        """Positions up to `till` that no fact has, from first to last, where there can be none.

        Empty for a store that may skip positions.
        """

    # The witness.

    def witnesses_set_aside(self) -> Sequence[str]:
        """The names of damaged witnesses that were set aside and not taken away since."""

    def witnessed(self) -> int:
        """The position up to which the witness has seen the log; 0 for none."""

    def witnessed_checkpoint(self) -> int:
        """The highest number of a checkpoint that was kept while this witness stood by."""

    def heads(self, orders: Sequence[str]) -> Mapping[str, Head]:
        """The heads of these orders as witnessed."""

    def heads_of_range(self, part: Range) -> tuple[int, Mapping[str, Head]]:
        """All heads of a range as witnessed, and the position up to which that was."""

    def witness(self, after: int, till: int, heads: Sequence[Head]) -> bool:
        """Move the witness from `after` to `till`, if it still stands there; else False."""

    def unsealed(self, limit: int) -> Sequence[str]:
        """Drawers whose heads have changed since their digests were noted."""

    def seal(self, position: int, drawers: Sequence[Drawer]) -> bool:
        """Note the digests of drawers, if the witness still stands at `position`; else False."""

    def drawers(self) -> tuple[int, Sequence[Drawer]]:
        """All sealed drawers by name, and where the witness stands."""

    def forget_witness(self) -> None:
        """Drop all that was witnessed."""

    # The last verification.

    def note_verification(self, outcome: Verification) -> None:
        """Keep what came of a verification, in the place of the one before."""

    def last_verification(self) -> Verification | None:
        """What came of the last verification."""

    # Checkpoints.

    def claim(self, seconds: float) -> bool:
        """Be the one who makes a checkpoint, for so long; False when another one is."""

    def release(self) -> None:
        """Let others make the next checkpoint."""

    def checkpoints(self, after: int = 0) -> Sequence[SignedCheckpoint]:
        """The checkpoints with numbers beyond `after`, by number."""

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint with the highest number."""

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> bool:
        """Keep a checkpoint; False if there is one with its number."""
