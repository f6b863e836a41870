"""The unit of work of a write: its read set, the loaded state, and its decision.

Units of work that wait at the same time are carried out together, in three steps: the store loads
what each needs (`ReadSet`, `LoadedState`), each decides on its own and saves its events, and one
durable commit carries them all.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from eventsourcing.persistence import Notification

from application.ports.gateway_notices import WaitingNotice
from application.ports.snapshot import Snapshot
from application.ports.tickets import Ticket

T = TypeVar("T")


class TicketTaken(Exception):
    """A ticket that was vacant a moment ago belongs to another order now."""


class IdempotencyRecord(msgspec.Struct, frozen=True):
    """An idempotency record: an answered request and its outcome.

    `digest` is that of its Idempotency-Key (`application/event_log/idempotency.py`). The answer
    itself is not stored: it is the order at `version`, seen at `at`. If the request recorded
    events, the last of them has the same digest, fingerprint, version and time.
    """

    digest: bytes
    fingerprint: bytes
    order: str
    version: int
    at: datetime


class ReadSet(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit of work has to load before it can decide.

    `request` is the digest of its Idempotency-Key; that of a `notice` may wait under it. Of an
    order with a snapshot only the events from there on are loaded.
    """

    order: str | None = None
    snapshot: Snapshot | None = None
    number: bool = False
    seats: tuple[str, ...] = ()
    picks: dict[str, int] = msgspec.field(default_factory=dict)
    request: bytes | None = None
    notice: bool = False


class LoadedState(msgspec.Struct, kw_only=True):
    """What was loaded for a `ReadSet`.

    `read_set` is what was sought; `picks` maps vacant tickets to their sets.
    `events` are all of the order's, or begin with the last event of `snapshot`. That may be the
    snapshot of another unit of work.
    """

    read_set: ReadSet = ReadSet()
    events: Sequence[Notification] = ()
    snapshot: Snapshot | None = None
    number: int = 0
    seats: Sequence[Ticket] = ()
    picks: dict[str, str] = msgspec.field(default_factory=dict)
    idempotency_record: IdempotencyRecord | None = None
    waiting: WaitingNotice | None = None

    @property
    def position(self) -> int:
        """The position that shows the order as it was loaded; 0 for none."""
        return self.events[-1].id if self.events else 0


class TicketChange(msgspec.Struct, frozen=True, kw_only=True):
    """The changes that an order's new events make to the rows of its tickets.

    `made` are rows that there have to be before anything is taken. `taken` tickets become the
    order's, `freed` ones nobody's, and `kept` ones stay; taken and kept are held until
    `held_till`, or are sold when that is None.
    """

    order: str
    made: Sequence[Ticket] = ()
    taken: Sequence[str] = ()
    freed: Sequence[str] = ()
    kept: Sequence[str] = ()
    held_till: datetime | None = None


class UnitOfWork(msgspec.Struct, Generic[T]):
    """The unit of work of a command: its read set, and its decision on the loaded state.

    `decide` gets the store's open transaction (to pass on to `Application.save`) and the loaded
    state. It runs once or, after a lost race, again. It may refuse by raising; it must not wait.
    `till` is the deadline of its request by the monotonic clock; a store that bounds waiting sets
    it if it is None, and a request passes it on to all its units of work.
    """

    read_set: ReadSet
    decide: Callable[[Any, LoadedState], T]
    till: float | None = None


class Written(msgspec.Struct, Generic[T]):
    """What `decide` returned, and the log's position that shows it."""

    result: T
    position: int
