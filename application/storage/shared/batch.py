"""Writes that share a transaction: each decides in its turn on what was found for all of them.

What an earlier write of the batch changed, a later one sees. What cannot be told without looking
again is put aside: it is found anew, in a later round or batch. No SQL here; `sqlite_batch.py` and
`postgres_batch.py` find and store.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from eventsourcing.persistence import Notification, StoredEvent

from application.ports.tickets import Ticket
from application.ports.unit_of_work import Answered, Found, Needs, TicketChange, Write, Written

Outcome = Written[Any] | Exception


class Draft:
    """What a write wants stored: it becomes part of a batch when the write's `decide` returns."""

    __slots__ = ("answered", "changes", "facts")

    def __init__(self) -> None:
        self.facts: list[StoredEvent] = []
        self.changes: list[TicketChange] = []
        self.answered: list[Answered] = []

    def add(
        self,
        facts: Iterable[StoredEvent],
        change: TicketChange | None = None,
        answered: Answered | None = None,
    ) -> None:
        """Add facts, what they mean for tickets, and the request that they answer."""
        self.facts += facts
        if change is not None:
            self.changes.append(change)
        if answered is not None:
            self.answered.append(answered)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.facts or self.answered or self.changes)


class Sought(msgspec.Struct):
    """What all the writes of a batch need to know, each thing once."""

    orders: dict[str, None] = msgspec.field(default_factory=dict)
    requests: dict[bytes, None] = msgspec.field(default_factory=dict)
    seats: dict[str, None] = msgspec.field(default_factory=dict)
    picks: dict[str, int] = msgspec.field(default_factory=dict)
    numbers: int = 0

    @classmethod
    def by(cls, needs: Iterable[Needs]) -> "Sought":
        """The needs of several writes together."""
        sought = cls()
        for each in needs:
            if each.order is not None:
                sought.orders[each.order] = None
            if each.request is not None:
                sought.requests[each.request] = None
            sought.seats.update(dict.fromkeys(each.seats))
            for set_id, count in each.picks.items():
                sought.picks[set_id] = sought.picks.get(set_id, 0) + count
            sought.numbers += each.number
        return sought


class View(msgspec.Struct):
    """What a batch knows: as found, and as its own writes have changed it since.

    `orders` and `requests` are those whose facts and answers are known and cannot change but by
    this batch; `heads` are the hashes of the orders' last facts. `claimed` are the vacant seats
    that are this batch's to give away. A short pick in an `exhausted` set is final. `numbers` are
    handed out from the end.
    """

    orders: set[str] = msgspec.field(default_factory=set)
    requests: set[bytes] = msgspec.field(default_factory=set)
    facts: dict[str, list[Notification]] = msgspec.field(default_factory=dict)
    heads: dict[str, bytes] = msgspec.field(default_factory=dict)
    answered: dict[bytes, Answered] = msgspec.field(default_factory=dict)
    vacant: dict[str, list[str]] = msgspec.field(default_factory=dict)
    exhausted: set[str] = msgspec.field(default_factory=set)
    claimed: set[str] = msgspec.field(default_factory=set)
    seats: dict[str, Ticket] = msgspec.field(default_factory=dict)
    numbers: list[int] = msgspec.field(default_factory=list)
    freed: bool = False

    def found(self, needs: Needs) -> Found | None:
        """What is known for a write at its turn; None to put it aside."""
        found = Found()
        if needs.request is not None:
            if needs.request not in self.requests:
                return None
            found.answered = self.answered.get(needs.request)
            if found.answered is not None:
                return found
        if needs.order is not None:
            if needs.order not in self.orders:
                return None
            found.facts = self.facts.get(needs.order, ())
        for set_id, count in needs.picks.items():
            vacant = self.vacant.get(set_id, ())
            if len(vacant) < count and (self.freed or set_id not in self.exhausted):
                return None
            found.picks.update(dict.fromkeys(vacant[-count:], set_id))
        found.seats = [self.seats[seat] for seat in needs.seats if seat in self.seats]
        if any(seat.order is None and seat.id not in self.claimed for seat in found.seats):
            return None
        if needs.number:
            found.number = self.numbers.pop()
        return found

    def note(self, needs: Needs, draft: Draft) -> None:
        """Change the view as a write has changed the store; its order and request are spent."""
        if needs.order is not None:
            self.orders.discard(needs.order)
        if needs.request is not None:
            self.requests.discard(needs.request)
        for change in draft.changes:
            self._note_tickets(change)

    def _note_tickets(self, change: TicketChange) -> None:
        self.freed = self.freed or bool(change.freed)
        self.claimed.update(change.freed)
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
        """Picks were handed out from the end, and are mostly taken as they were handed out."""
        for vacant in self.vacant.values():
            count = len(tickets)
            if vacant[-count:] == list(tickets):
                del vacant[-count:]
            else:
                taken = set(tickets)
                vacant[:] = [ticket for ticket in vacant if ticket not in taken]


class Settled(msgspec.Struct):
    """A write that was decided: what it returned, what it wants stored, what it had found."""

    result: Any
    draft: Draft
    found: Found


class Batch:
    """Asks writes, each by its place in the batch, what they want stored.

    After `decide`, what is neither in `refused` nor in `settled` was put aside.
    """

    def __init__(self, writes: Mapping[int, Write[Any]]) -> None:
        self.writes = writes
        self.view = View()
        self.refused: dict[int, Exception] = {}
        self.settled: dict[int, Settled] = {}

    def decide(self) -> None:
        """Let each write decide on what is known for it."""
        for place, write in self.writes.items():
            found = self.view.found(write.needs)
            if found is None:
                continue
            draft = Draft()
            try:
                result = write.decide(draft, found)
            except Exception as refusal:  # noqa: BLE001 - a refusal is an outcome
                self.refused[place] = refusal
                if write.needs.number:
                    self.view.numbers.append(found.number)
                continue
            self.settled[place] = Settled(result, draft, found)
            if not draft.empty:
                self.view.note(write.needs, draft)

    @property
    def drafts(self) -> list[Draft]:
        """What is to be stored, in the order of the writes."""
        return [each.draft for each in self.settled.values() if not each.draft.empty]

    def outcomes(self, positions: Sequence[int]) -> dict[int, Outcome]:
        """How the writes ended that were not put aside, once the facts have their positions."""
        outcomes: dict[int, Outcome] = dict(self.refused)
        start = 0
        for place, each in self.settled.items():
            count = len(each.draft.facts)
            position = positions[start + count - 1] if count else each.found.position
            start += count
            outcomes[place] = Written(each.result, position)
        return outcomes


def facts_of(drafts: Iterable[Draft]) -> Iterator[StoredEvent]:
    """The facts of some drafts, in their order."""
    return (fact for draft in drafts for fact in draft.facts)
