"""A write's unit of work, and what it may know: read set in, events and tickets out.

A write goes through in three steps, for as many requests at once as are waiting: the store finds
what each of them needs to know (`Needs`, `Found`), each decides on its own and saves its events,
and one durable commit carries them all.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from eventsourcing.persistence import Notification

from application.ports.tickets import Ticket

T = TypeVar("T")


class TicketTaken(Exception):
    """A ticket that was vacant a moment ago belongs to another order now."""


class IdempotencyRecord(msgspec.Struct, frozen=True):
    """An idempotency record: a request that was answered, and what came of it.

    `digest` is that of its Idempotency-Key (`application/event_log/idempotency.py`). The answer
    itself is not kept: it is the order at `version`, seen at `at`. Where the request brought
    events about, they are the record's: the last of them has the same digest, fingerprint,
    version and time.
    """

    digest: bytes
    fingerprint: bytes
    order: str
    version: int
    at: datetime


class ReadSet(msgspec.Struct, frozen=True, kw_only=True):
    """What a write must know before it can decide.

    `request` is the digest of its Idempotency-Key.
    """

    order: str | None = None
    number: bool = False
    seats: tuple[str, ...] = ()
    picks: dict[str, int] = msgspec.field(default_factory=dict)
    request: bytes | None = None


class LoadedState(msgspec.Struct):
    """The answers to a write's `Needs`. `picks` maps vacant tickets to their sets."""

    events: Sequence[Notification] = ()
    number: int = 0
    seats: Sequence[Ticket] = ()
    picks: dict[str, str] = msgspec.field(default_factory=dict)
    idempotency_record: IdempotencyRecord | None = None

    @property
    def position(self) -> int:
        """The position that shows the order as it was found; 0 for none."""
        return self.events[-1].id if self.events else 0


class TicketChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an order's new events mean for the rows of its tickets.

    `taken` tickets become the order's, `freed` ones nobody's, and `kept` ones stay; taken and
    kept are held until `held_till`, or are sold when that is None.
    """

    order: str
    taken: Sequence[str] = ()
    freed: Sequence[str] = ()
    kept: Sequence[str] = ()
    held_till: datetime | None = None


class UnitOfWork(msgspec.Struct, Generic[T]):
    """What one command needs to load, and how it decides on that.

    `decide` gets the store's open transaction (to hand on to `Application.save`) and what was
    found. It runs once or, after a lost race, again. It may refuse by raising; it must not wait.
    `till` (of the monotonic clock) is when its request waits no longer; a store that bounds
    waiting sets it if it is None, and a request hands it on to all that it has to write.
    """

    read_set: ReadSet
    decide: Callable[[Any, LoadedState], T]
    till: float | None = None


class Written(msgspec.Struct, Generic[T]):
    """What a write's `decide` returned, and the log's position that shows it."""

    result: T
    position: int
