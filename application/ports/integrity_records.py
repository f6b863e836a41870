"""The port to integrity records: the log's chains, recorded heads and signed checkpoints.

The recorded heads are the ends of all orders' chains at a position. They are computed from the
log once and then kept, so that they contradict any later change of the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from application.ports.log_point import LogPoint
from application.ports.partitions import Range

LinkRow = tuple[str, int, str, bytes, int, bytes]
"""A stored event: its order, version, stored name, bytes, position and hash."""


class Link(msgspec.Struct, frozen=True):
    """An event of an order without its content: its version, hash and position."""

    version: int
    hash: bytes
    position: int


class Head(msgspec.Struct, frozen=True):
    """The head of an order's chain: its last version and hash.

    `trail` is the position digest: over the positions of all its events.
    """

    order: str
    version: int
    hash: bytes
    position_digest: bytes


BUCKET_DIGITS = 5


def bucket_of(order: str) -> str:
    """The name of an order's bucket: the beginning of its id."""
    return order[:BUCKET_DIGITS]


class Bucket(msgspec.Struct, frozen=True):
    """A bucket of heads: how many orders and events it has, and its digest."""

    name: str
    orders: int
    events: int
    digest: bytes


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """A stored checkpoint: the bytes that were signed, and the signature."""

    number: int
    statement: bytes
    signature: bytes


NOT_PROVEN = -1


class Verification(msgspec.Struct, frozen=True):
    """The outcome of verifying the log up to `position`; `at` and `took` are in milliseconds.

    `oversold` is the number of oversold tickets, `findings` that of all findings; `NOT_PROVEN` if
    there is none and nothing proves the log either.
    """

    at: int
    took: int
    position: int
    events: int
    findings: int
    oversold: int


class Setback(msgspec.Struct, frozen=True):
    """A setback: the log lacks an event that was seen in it.

    `seen_by` had seen the event with the hash `hash` at `position` of the log `log`; `found_log`
    and `found_position` are the log that was found instead, and its end. `at` and `acknowledged_at`
    are in milliseconds since the epoch. A setback is open until somebody acknowledges it; after
    that, `checkpoint` is the number of the checkpoint that names it, once there is one.
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
        """The loss, in a sentence."""
        if not self.position:
            return f"The log went back to position {self.found_position}, without {self.seen_by}."
        other = "" if self.found_log == self.log or not self.log else " of another log"
        return (
            f"The log went back: {self.seen_by} had seen its position {self.position}, which it"
            f" does not have any more; it went up to position {self.found_position}{other}."
        )


class AuditRecords(Protocol):
    """The integrity records of a store."""

    def chains(self, part: Range) -> AbstractContextManager[Iterator[LinkRow]]:
        """The events of a range of orders by order and version, from one snapshot."""

    def links(self, orders: Sequence[str], till: int) -> Mapping[str, Sequence[Link]]:
        """By order, its events with positions up to `till`, by version."""

    def gaps(self, till: int, most: int) -> Sequence[tuple[int, int]]:
        """Ranges of missing positions up to `till`, each from first to last.

        Empty for a store that may skip positions.
        """

    # The recorded heads.

    def recorded_heads_set_aside(self) -> Sequence[str]:
        """The names of damaged files of recorded heads that were set aside and are still there."""

    def recorded(self) -> int:
        """The position up to which heads are recorded; 0 for none."""

    def recorded_checkpoint(self) -> int:
        """The highest number of a checkpoint that was stored since heads were first recorded."""

    def heads(self, orders: Sequence[str]) -> Mapping[str, Head]:
        """The recorded heads of these orders."""

    def heads_of_range(self, part: Range) -> tuple[int, Mapping[str, Head]]:
        """All recorded heads of a range, and the position up to which they are recorded."""

    def record_heads(self, after: int, till: int, heads: Sequence[Head]) -> bool:
        """Advance the recorded heads to `till`; False if they are not at `after`."""

    def unfinalised(self, limit: int) -> Sequence[str]:
        """Buckets whose heads have changed since their digests were stored."""

    def finalise(self, position: int, buckets: Sequence[Bucket]) -> bool:
        """Store the digests of buckets; False if `position` is not the recorded one."""

    def buckets(self) -> tuple[int, Sequence[Bucket]]:
        """All finalised buckets by name, and the recorded position."""

    def forget_recorded_heads(self) -> None:
        """Drop all recorded heads."""

    # Setbacks of the log.

    def seen(self) -> LogPoint | None:
        """The furthest point seen of the log, stored apart from the log's own file."""

    def see(self, point: LogPoint) -> None:
        """Store the present end of the log."""

    def setbacks(self) -> Sequence[Setback]:
        """All setbacks, oldest first."""

    def note_setback(self, setback: Setback) -> None:
        """Store a setback in every place that can be written; it replaces the one with its id."""

    def restart_recorded_heads(self, checkpoint: int) -> None:
        """Drop all recorded heads; `checkpoint` is the highest number at present."""

    # The last verification.

    def note_verification(self, outcome: Verification) -> None:
        """Store the outcome of a verification; it replaces the one before."""

    def last_verification(self) -> Verification | None:
        """The outcome of the last verification."""

    # Checkpoints.

    def claim(self, seconds: float) -> bool:
        """Claim the next checkpoint for some time; False if another process has the claim."""

    def release(self) -> None:
        """Release the claim on the next checkpoint."""

    def checkpoints(self, after: int = 0) -> Sequence[SignedCheckpoint]:
        """The checkpoints with numbers beyond `after`, by number."""

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint with the highest number."""

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> bool:
        """Store a checkpoint; False if there is one with its number."""
