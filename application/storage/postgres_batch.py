"""One batch of writes: what they need in one round trip, what they decided in a second one.

Other batches run at the same time, here and in other processes. What one of them has locked is
not waited for: the write that needs it is put aside and done in a later batch.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from eventsourcing.persistence import Notification

from application.clock import from_ms
from application.storage.group_commit import Outcome
from application.storage.postgres_keys import order_key, request_key
from application.storage.postgres_line import (
    Call,
    LineConnection,
    Lost,
    Rows,
    Statement,
    integer,
    integer_of,
    integers,
    texts,
)
from application.storage.postgres_recorder import (
    BEGIN,
    COMMIT,
    ROLLBACK,
    Draft,
    append_calls,
    positions_of,
)
from application.storage.postgres_tickets import CLAIM, SEATS, pick_calls, raw_tickets
from application.store import Answered, Found, Needs, Ticket, TicketChange, Write, Written

LOCK = Statement(
    b"lock",
    b"SELECT pg_current_xact_id()::text::bigint,"
    b" ARRAY(SELECT key FROM unnest($1::bigint[]) key WHERE pg_try_advisory_xact_lock(key))::text",
)
"""Names the transaction, so that its outcome can be asked for later, and locks orders and
requests, as many as are free. Each statement after it sees what was committed before the locks
were had: the facts of a locked order are all its facts."""

ANSWERED = Statement(
    b"answered",
    b"SELECT partner, key, fingerprint, order_id, version, at FROM requests"
    b" WHERE (partner, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
)

FACTS = Statement(
    b"facts",
    b"SELECT originator_id, originator_version, topic, state, notification_id"
    b" FROM orders_events WHERE originator_id = ANY($1::text[])"
    b" ORDER BY originator_id, originator_version",
)

NUMBERS = Statement(
    b"numbers", b"SELECT nextval('orders_numbers') FROM generate_series(1, $1::bigint)"
)


class InDoubt(Exception):
    """The connection ended while a commit was under way: it may have happened, or not."""


class View(msgspec.Struct):
    """What a batch knows: as found, and as its own writes have changed it since."""

    transaction: int = 0
    locked: set[int] = msgspec.field(default_factory=set)
    facts: dict[str, list[Notification]] = msgspec.field(default_factory=dict)
    answered: dict[tuple[str, str], Answered] = msgspec.field(default_factory=dict)
    vacant: dict[str, list[str]] = msgspec.field(default_factory=dict)
    exhausted: set[str] = msgspec.field(default_factory=set)
    claimed: set[str] = msgspec.field(default_factory=set)
    seats: dict[str, Ticket] = msgspec.field(default_factory=dict)
    numbers: list[int] = msgspec.field(default_factory=list)
    freed: bool = False


class Settled(msgspec.Struct):
    """A write that was decided: what it returned, what it wants stored, what it had found."""

    result: Any
    draft: Draft
    found: Found


class Batch:
    """Carries out writes in one transaction on `line`.

    `decide` comes first and asks all the writes; `outcomes` has the answers of those that refused.
    Then `store` saves the rest. What is in neither was put aside.
    """

    def __init__(self, line: LineConnection, writes: Mapping[int, Write[Any]]) -> None:
        self._line = line
        self.backend = line.pgconn.backend_pid
        self._writes = writes
        self.view = View()
        self.refused: dict[int, Exception] = {}
        self.settled: dict[int, Settled] = {}

    # The first round trip, and the decisions.

    def decide(self) -> None:
        """Find what the writes need and let each decide."""
        self._find_all([write.needs for write in self._writes.values()])
        for place, write in self._writes.items():
            found = self._found(write.needs)
            if found is None:
                continue
            draft = Draft()
            try:
                result = write.decide(draft, found)
            except Exception as refusal:  # noqa: BLE001 - a refusal is an outcome
                self.refused[place] = refusal
                continue
            self.settled[place] = Settled(result, draft, found)
            if not draft.empty:
                self._note(write.needs, draft)

    def _find_all(self, needs: Sequence[Needs]) -> None:
        orders = dict.fromkeys(each.order for each in needs if each.order is not None)
        requests = dict.fromkeys(each.request for each in needs if each.request is not None)
        seats = dict.fromkeys(seat for each in needs for seat in each.seats)
        picks: Counter[str] = Counter()
        for each in needs:
            picks.update(each.picks)
        numbers = sum(each.number for each in needs)
        keys = [order_key(order) for order in orders]
        keys += [request_key(*request) for request in requests]
        calls = [Call(BEGIN), Call(LOCK, (integers(keys),))]
        takers = [_nothing, self._take_locked]
        if requests:
            columns = (texts(each[0] for each in requests), texts(each[1] for each in requests))
            calls.append(Call(ANSWERED, columns))
            takers.append(self._take_answered)
        if orders:
            calls.append(Call(FACTS, (texts(orders),)))
            takers.append(self._take_facts)
        if seats:
            calls += (Call(CLAIM, (texts(seats),)), Call(SEATS, (texts(seats),)))
            takers += (self._take_claimed, self._take_seats)
        if picks:
            calls += pick_calls(picks)
            takers += (self._take_vacant, self._take_exhausted)
        if numbers:
            calls.append(Call(NUMBERS, (integer(numbers),)))
            takers.append(self._take_numbers)
        for take, rows in zip(takers, self._line.trip(calls), strict=True):
            take(rows)

    def _take_locked(self, rows: Rows) -> None:
        self.view.transaction = integer_of(rows[0][0])
        keys = rows[0][1].decode().strip("{}")
        self.view.locked = set(map(int, keys.split(","))) if keys else set()

    def _take_answered(self, rows: Rows) -> None:
        for partner, key, fingerprint, order, version, at in rows:
            name = (partner.decode(), key.decode())
            self.view.answered[name] = Answered(
                *name, fingerprint, order.decode(), integer_of(version), from_ms(integer_of(at))
            )

    def _take_facts(self, rows: Rows) -> None:
        for order, version, topic, state, position in rows:
            fact = Notification(
                order.decode(), integer_of(version), topic.decode(), state, integer_of(position)
            )
            self.view.facts.setdefault(order.decode(), []).append(fact)

    def _take_claimed(self, rows: Rows) -> None:
        self.view.claimed = {row[0].decode() for row in rows}

    def _take_seats(self, rows: Rows) -> None:
        self.view.seats = {ticket.id: ticket for ticket in raw_tickets(rows)}

    def _take_vacant(self, rows: Rows) -> None:
        for set_id, ticket in rows:
            self.view.vacant.setdefault(set_id.decode(), []).append(ticket.decode())

    def _take_exhausted(self, rows: Rows) -> None:
        """Note the sets all of whose vacant tickets were found: a short pick there is final."""
        for set_id, wanted, seen in rows:
            found = len(self.view.vacant.get(set_id.decode(), ()))
            if integer_of(seen) <= found < integer_of(wanted):
                self.view.exhausted.add(set_id.decode())

    def _take_numbers(self, rows: Rows) -> None:
        self.view.numbers = [integer_of(row[0]) for row in reversed(rows)]

    def _found(self, needs: Needs) -> Found | None:
        """What is known for a write at its turn; None to put it aside."""
        view = self.view
        found = Found()
        if needs.request is not None:
            if request_key(*needs.request) not in view.locked:
                return None
            found.answered = view.answered.get(needs.request)
            if found.answered is not None:
                return found
        if needs.order is not None:
            if order_key(needs.order) not in view.locked:
                return None
            found.facts = view.facts.get(needs.order, ())
        for set_id, count in needs.picks.items():
            vacant = view.vacant.get(set_id, ())
            if len(vacant) < count and (view.freed or set_id not in view.exhausted):
                return None
            found.picks.update(dict.fromkeys(vacant[:count], set_id))
        found.seats = [view.seats[seat] for seat in needs.seats if seat in view.seats]
        if any(seat.order is None and seat.id not in view.claimed for seat in found.seats):
            return None
        if needs.number:
            found.number = view.numbers.pop()
        return found

    def _note(self, needs: Needs, draft: Draft) -> None:
        """Change the view as a write has changed the store; its order and request are spent."""
        if needs.order is not None:
            self.view.locked.discard(order_key(needs.order))
        if needs.request is not None:
            self.view.locked.discard(request_key(*needs.request))
        for change in draft.changes:
            self._note_tickets(change)

    def _note_tickets(self, change: TicketChange) -> None:
        view = self.view
        view.freed = view.freed or bool(change.freed)
        owners = dict.fromkeys(change.taken, change.order) | dict.fromkeys(change.freed)
        view.claimed.update(change.freed)
        for ticket, owner in owners.items():
            seat = view.seats.get(ticket)
            if seat is not None:
                till = None if owner is None else change.held_till
                view.seats[ticket] = msgspec.structs.replace(seat, order=owner, held_till=till)
        taken = set(change.taken)
        if taken:
            for set_id, vacant in view.vacant.items():
                view.vacant[set_id] = [ticket for ticket in vacant if ticket not in taken]

    # The second round trip.

    @property
    def transaction(self) -> int:
        """The number of the transaction; 0 before it is known."""
        return self.view.transaction

    @property
    def drafts(self) -> list[Draft]:
        """What is to be stored, in the order of the writes."""
        return [each.draft for each in self.settled.values() if not each.draft.empty]

    def store(self) -> list[int]:
        """Save and commit; return the positions of the facts, in the order of `drafts`.

        Raises `InDoubt` when the connection ends before the server has answered.
        """
        drafts = self.drafts
        if not drafts:
            self.give_up()
            return []
        try:
            answers = self._line.trip([*append_calls(drafts), Call(COMMIT)])
        except Lost as error:
            raise InDoubt from error
        return positions_of(answers, drafts)

    def give_up(self) -> None:
        """End the transaction without a trace; a connection that is gone has done so itself."""
        if not self._line.closed:
            with suppress(Lost):
                self._line.trip([Call(ROLLBACK)])

    def outcomes(self, positions: Sequence[int]) -> dict[int, Outcome]:
        """How the writes ended that were not put aside, once the facts have their positions."""
        outcomes: dict[int, Outcome] = dict(self.refused)
        start = 0
        for place, each in self.settled.items():
            count = len(each.draft.facts)
            position = positions[start + count - 1] if count else _position_of(each.found)
            start += count
            outcomes[place] = Written(each.result, position)
        return outcomes


def _nothing(_: Rows) -> None:
    pass


def _position_of(found: Found) -> int:
    """The position that shows an order nothing was added to."""
    last = found.facts[-1] if found.facts else None
    return last.id if isinstance(last, Notification) else 0
