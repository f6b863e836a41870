"""The port to integrity records: the log's chains, recorded heads and signed checkpoints.

The recorded heads are how the chain of each order ended at a position. It is made from the log, and
from then on remembers: what is changed in the log behind its back no longer agrees with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from application.ports.log_point import LogPoint
from application.ports.partitions import Range

LinkRow = tuple[str, int, str, bytes, int, bytes]
"""An event as it is kept: its order, version, stored name, bytes, position and hash."""


class Link(msgspec.Struct, frozen=True):
    """An event of an order without what it says: its version, hash and position."""

    version: int
    hash: bytes
    position: int


class Head(msgspec.Struct, frozen=True):
    """How an order's chain ends: at which version, with which hash.

    `trail` is a digest over the positions of all its events.
    """

    order: str
    version: int
    hash: bytes
    position_digest: bytes


BUCKET_DIGITS = 5


def bucket_of(order: str) -> str:
    """The bucket that an order's head is in: the beginning of its id."""
    return order[:BUCKET_DIGITS]


class Bucket(msgspec.Struct, frozen=True):
    """The heads of some orders together: how many, how many events, and their digest."""

    name: str
    orders: int
    events: int
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
    events: int
    findings: int
    oversold: int


class Setback(msgspec.Struct, frozen=True):
    """The log was found to have gone back: it does not have an event that was seen in it.

    `seen_by` says who had seen the event with the hash `hash` at `position` of the log `log`;
    `found_log` and `found_position` are which log there was instead, and how far it went. `at` and
    `acknowledged_at` are in milliseconds since the epoch. It is open until somebody acknowledges
    it; then `checkpoint` is the number of the checkpoint that names it, once there is one.
    """

    id: str
    at: int
    seen_by: str
    log: str
    position: int
    hash: bytes
    found_log: str
    found_position: int
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    reason: str | None = None
    checkpoint: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has acknowledged it."""
        return self.acknowledged_at is None

    @property
    def says(self) -> str:
        """What was lost, in a sentence."""
        if not self.position:
            return f"The log went back to position {self.found_position}, without {self.seen_by}."
        other = "" if self.found_log == self.log or not self.log else " of another log"
        return (
            f"The log went back: {self.seen_by} had seen its position {self.position}, which it"
            f" does not have any more; it went up to position {self.found_position}{other}."
        )


class AuditRecords(Protocol):
    """What a store has for the audit."""

    def chains(self, part: Range) -> AbstractContextManager[Iterator[LinkRow]]:
        """The events of a range of orders, by order and version, as they are at one moment."""

    def links(self, orders: Sequence[str], till: int) -> Mapping[str, Sequence[Link]]:
        """By order, its events with positions up to `till`, by version."""

    def gaps(self, till: int, most: int) -> Sequence[tuple[int, int]]:
        """Positions up to `till` that no event has, from first to last, where there can be none.

        Empty for a store that may skip positions.
        """

    # The recorded heads.

    def recorded_heads_set_aside(self) -> Sequence[str]:
        """The names of damaged files of recorded heads that are still set aside."""

    def recorded(self) -> int:
        """The position up to which heads are recorded; 0 for none."""

    def recorded_checkpoint(self) -> int:
        """The highest number of a checkpoint that was stored since the heads are recorded."""

    def heads(self, orders: Sequence[str]) -> Mapping[str, Head]:
        """The recorded heads of these orders."""

    def heads_of_range(self, part: Range) -> tuple[int, Mapping[str, Head]]:
        """All recorded heads of a range, and the position up to which they are recorded."""

    def record_heads(self, after: int, till: int, heads: Sequence[Head]) -> bool:
        """Record heads from `after` to `till`; False if `after` is not the recorded position."""

    def unfinalised(self, limit: int) -> Sequence[str]:
        """Buckets whose heads have changed since their digests were stored."""

    def finalise(self, position: int, buckets: Sequence[Bucket]) -> bool:
        """Store the digests of buckets; False if `position` is not the recorded one."""

    def buckets(self) -> tuple[int, Sequence[Bucket]]:
        """All finalised buckets by name, and the recorded position."""

    def forget_recorded_heads(self) -> None:
        """Drop all recorded heads."""

    # A log that goes back.

    def seen(self) -> LogPoint | None:
        """How far the log was seen, kept where the log's own file does not take it along."""

    def see(self, point: LogPoint) -> None:
        """Remember how far the log is."""

    def setbacks(self) -> Sequence[Setback]:
        """All setbacks, oldest first."""

    def note_setback(self, setback: Setback) -> None:
        """Keep a setback wherever it can be kept, in the place of the one with its id."""

    def restart_recorded_heads(self, checkpoint: int) -> None:
        """Drop all recorded heads; `checkpoint` is the highest number that there is now."""

    # The last verification.

    def note_verification(self, outcome: Verification) -> None:
        """Store the outcome of a verification, in the place of the one before."""

    def last_verification(self) -> Verification | None:
        """The outcome of the last verification."""

    # Checkpoints.

    def claim(self, seconds: float) -> bool:
        """Claim the making of the next checkpoint, for so long; False when another one is."""

    def release(self) -> None:
        """Let others make the next checkpoint."""

    def checkpoints(self, after: int = 0) -> Sequence[SignedCheckpoint]:
        """The checkpoints with numbers beyond `after`, by number."""

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint with the highest number."""

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> bool:
        """Keep a checkpoint; False if there is one with its number."""
