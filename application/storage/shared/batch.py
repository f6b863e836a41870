"""Units of work that share a transaction. Each decides, in turn, on what was loaded for all.

A later one sees what an earlier one changed. One that needs more than was loaded is deferred: it is
loaded again in a later round or batch. There is no SQL here: `sqlite/batch.py` and
`postgres/batch.py` load and store.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from eventsourcing.persistence import Notification, StoredEvent

from application.ports.gateway_notices import GatewayNotice, WaitingNotice
from application.ports.snapshot import Snapshot
from application.ports.tickets import Ticket
from application.ports.unit_of_work import (
    IdempotencyRecord,
    LoadedState,
    ReadSet,
    TicketChange,
    UnitOfWork,
    Written,
)

Outcome = Written[Any] | Exception


class PendingWrites:
    """The pending writes of a unit of work: part of a batch once its `decide` returns.

    Its `notice` may have `waited` for its order until now.
    """

    __slots__ = ("changes", "events", "idempotency_records", "notice", "waited")

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.changes: list[TicketChange] = []
        self.idempotency_records: list[IdempotencyRecord] = []
        self.notice: GatewayNotice | None = None
        self.waited = False

    def add(
        self,
        events: Iterable[StoredEvent],
        change: TicketChange | None = None,
        idempotency_record: IdempotencyRecord | None = None,
    ) -> None:
        """Add events, the change of their tickets, and the record of the answered request."""
        self.events += events
        if change is not None:
            self.changes.append(change)
        if idempotency_record is not None:
            self.idempotency_records.append(idempotency_record)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.events or self.idempotency_records or self.changes or self.notice)


class MergedReadSet(msgspec.Struct, kw_only=True):
    """The merged read set of a batch's units of work."""

    orders: dict[str, None] = msgspec.field(default_factory=dict)
    snapshots: dict[str, Snapshot] = msgspec.field(default_factory=dict)
    requests: dict[bytes, None] = msgspec.field(default_factory=dict)
    notices: bool = False
    seats: dict[str, None] = msgspec.field(default_factory=dict)
    picks: dict[str, int] = msgspec.field(default_factory=dict)
    numbers: int = 0

    @classmethod
    def by(cls, read_set: Iterable[ReadSet]) -> "MergedReadSet":
        """The read sets of several units of work, merged."""
        merged = cls()
        for each in read_set:
            if each.order is not None:
                merged.orders[each.order] = None
                if each.snapshot is not None:
                    merged.snapshots[each.order] = each.snapshot
            if each.request is not None:
                merged.requests[each.request] = None
                merged.notices = merged.notices or each.notice
            merged.seats.update(dict.fromkeys(each.seats))
            for set_id, count in each.picks.items():
                merged.picks[set_id] = merged.picks.get(set_id, 0) + count
            merged.numbers += each.number
        return merged

    def wanted_events(self) -> Iterator[tuple[str, int, bytes]]:
        """Each order, with the version and the hash of its snapshot; 0 and empty without one."""
        for order in self.orders:
            snapshot = self.snapshots.get(order)
            yield (order, 0, b"") if snapshot is None else (order, snapshot.version, snapshot.hash)


class BatchState(msgspec.Struct, kw_only=True):
    """The state of a batch: as it was loaded, with the changes that its own writes have made since.

    `orders` and `requests` are locked: only this batch can change them. `heads` are the hashes of
    the orders' last events; their `events` were asked for with `snapshots`. `claimed` are the
    vacant seats that only this batch can take. A short pick in an `exhausted` set is final.
    `numbers` are taken from the end.
    """

    orders: set[str] = msgspec.field(default_factory=set)
    requests: set[bytes] = msgspec.field(default_factory=set)
    events: dict[str, list[Notification]] = msgspec.field(default_factory=dict)
    snapshots: dict[str, Snapshot] = msgspec.field(default_factory=dict)
    heads: dict[str, bytes] = msgspec.field(default_factory=dict)
    idempotency_records: dict[bytes, IdempotencyRecord] = msgspec.field(default_factory=dict)
    waiting: dict[bytes, WaitingNotice] = msgspec.field(default_factory=dict)
    vacant: dict[str, list[str]] = msgspec.field(default_factory=dict)
    exhausted: set[str] = msgspec.field(default_factory=set)
    claimed: set[str] = msgspec.field(default_factory=set)
    seats: dict[str, Ticket] = msgspec.field(default_factory=dict)
    numbers: list[int] = msgspec.field(default_factory=list)
    freed: bool = False

    def found(self, read_set: ReadSet) -> LoadedState | None:
        """The loaded state for a write; None to defer it."""
        found = LoadedState(read_set=read_set)
        if read_set.request is not None:
            if read_set.request not in self.requests:
                return None
            found.idempotency_record = self.idempotency_records.get(read_set.request)
            if found.idempotency_record is not None:
                return found
            found.waiting = self.waiting.get(read_set.request)
        if read_set.order is not None:
            if read_set.order not in self.orders:
                return None
            found.events = self.events.get(read_set.order, ())
            found.snapshot = self.snapshots.get(read_set.order)
        for set_id, count in read_set.picks.items():
            vacant = self.vacant.get(set_id, ())
            if len(vacant) < count and (self.freed or set_id not in self.exhausted):
                return None
            found.picks.update(dict.fromkeys(vacant[-count:], set_id))
        if read_set.seats and not self._find_seats(read_set, found):
            return None
        if read_set.number:
            found.number = self.numbers.pop()
        return found

    def _find_seats(self, read_set: ReadSet, found: LoadedState) -> bool:
        """Add the seats that are sought; return whether all vacant ones of them can be taken."""
        found.seats = [self.seats[seat] for seat in read_set.seats if seat in self.seats]
        return all(seat.order is not None or seat.id in self.claimed for seat in found.seats)

    def note(self, read_set: ReadSet, writes: PendingWrites) -> None:
        """Apply a write's changes to the state. Its order and request cannot be used again."""
        if read_set.order is not None:
            self.orders.discard(read_set.order)
        if read_set.request is not None:
            self.requests.discard(read_set.request)
        for change in writes.changes:
            self._note_tickets(change)

    def _note_tickets(self, change: TicketChange) -> None:
        if change.freed:
            self.freed = True
            self.claimed.update(change.freed)
        if change.made:
            self.seats.update((each.id, each) for each in change.made)
        if self.seats:
            owners = dict.fromkeys(change.taken, change.order) | dict.fromkeys(change.freed)
            for ticket, owner in owners.items():
                self._note_owner(ticket, owner, change)
        if change.taken and self.vacant:
            self._note_taken(change.taken)

    def _note_owner(self, ticket: str, owner: str | None, change: TicketChange) -> None:
        seat = self.seats.get(ticket)
        if seat is not None:
            till = None if owner is None else change.held_till
            self.seats[ticket] = msgspec.structs.replace(seat, order=owner, held_till=till)

    def _note_taken(self, tickets: Sequence[str]) -> None:
        """Remove taken tickets from the vacant ones.

        Mostly they are the last ones, as they were picked.
        """
        for vacant in self.vacant.values():
            count = len(tickets)
            if vacant[-count:] == list(tickets):
                del vacant[-count:]
            else:
                taken = set(tickets)
                vacant[:] = [ticket for ticket in vacant if ticket not in taken]


class Decided(msgspec.Struct):
    """A decided write: its result, its pending writes, and the state it was decided on."""

    result: Any
    writes: PendingWrites
    found: LoadedState


class Batch:
    """Has each unit of work decide what to store. Units are named by their place in the batch.

    After `decide`, one that is neither in `refused` nor in `decided` is deferred.
    """

    def __init__(self, writes: Mapping[int, UnitOfWork[Any]]) -> None:
        self.writes = writes
        self.state = BatchState()
        self.refused: dict[int, Exception] = {}
        self.decided: dict[int, Decided] = {}

    def decide(self) -> None:
        """Let each unit of work decide on its loaded state."""
        for place, write in self.writes.items():
            found = self.state.found(write.read_set)
            if found is None:
                continue
            writes = PendingWrites()
            try:
                result = write.decide(writes, found)
            except Exception as refusal:  # noqa: BLE001 - a refusal is an outcome
                self.refused[place] = refusal
                if write.read_set.number:
                    self.state.numbers.append(found.number)
                continue
            self.decided[place] = Decided(result, writes, found)
            if not writes.empty:
                self.state.note(write.read_set, writes)

    @property
    def pending_writes(self) -> list[PendingWrites]:
        """What is to be stored, in the order of the writes."""
        return [each.writes for each in self.decided.values() if not each.writes.empty]

    def outcomes(self, positions: Sequence[int]) -> dict[int, Outcome]:
        """The outcomes of the units that were not deferred, given their events' positions."""
        outcomes: dict[int, Outcome] = dict(self.refused)
        start = 0
        for place, each in self.decided.items():
            count = len(each.writes.events)
            position = positions[start + count - 1] if count else each.found.position
            start += count
            outcomes[place] = Written(each.result, position)
        return outcomes


def made_of(pending_writes: Iterable[PendingWrites]) -> list[tuple[str, str, str, int]]:
    """The rows of tickets to make, by id: a fixed order, in which nobody waits in a circle."""
    made = {
        each.id: (each.id, each.show, each.set, each.number)
        for writes in pending_writes
        for change in writes.changes
        for each in change.made
    }
    return [row for _, row in sorted(made.items())]


def events_of(pending_writes: Iterable[PendingWrites]) -> Iterator[StoredEvent]:
    """The events of pending writes, in their order."""
    return (event for writes in pending_writes for event in writes.events)
