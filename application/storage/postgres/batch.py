"""One batch of writes: what they need in one round trip, what they decided in a second one.

Other batches run at the same time, here and in other processes. What one of them has locked is
not waited for: the write that needs it is put aside and done in a later batch.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from eventsourcing.persistence import Notification

from application.ports.unit_of_work import Answered, Write
from application.runtime.clock import from_ms
from application.storage.postgres.advisory_locks import order_key, request_key
from application.storage.postgres.pipeline import (
    Call,
    LineConnection,
    Lost,
    Rows,
    Statement,
    binaries,
    integer,
    integer_of,
    integers,
    not_longer,
    texts,
)
from application.storage.postgres.recorder import (
    BEGIN,
    COMMIT,
    MARK,
    ROLLBACK,
    append_calls,
    positions_of,
)
from application.storage.postgres.tickets import CLAIM, SEATS, pick_calls, raw_tickets
from application.storage.shared.batch import Batch, Sought

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
    b"SELECT digest, fingerprint, order_id, version, at FROM requests"
    b" WHERE digest = ANY($1::bytea[])",
)

FACTS = Statement(
    b"facts",
    b"SELECT originator_id, originator_version, topic, state, notification_id, hash"
    b" FROM orders_events WHERE originator_id = ANY($1::text[])"
    b" ORDER BY originator_id, originator_version",
)

NUMBERS = Statement(
    b"numbers", b"SELECT nextval('orders_numbers') FROM generate_series(1, $1::bigint)"
)


class InDoubt(Exception):
    """A commit was under way and its answer did not come, or came without a standby's word.

    It may have happened, or not; and what has happened may not be safe.
    """


class PostgresBatch(Batch):
    """Carries out writes in one transaction on `line`.

    `find` comes first, then `decide`, then `store` saves what was settled. What is neither refused
    nor settled then was put aside.
    """

    def __init__(self, line: LineConnection, writes: Mapping[int, Write[Any]]) -> None:
        super().__init__(writes)
        self._line = line
        self.transaction = 0

    # The first round trip.

    def find(self) -> None:
        """Find what the writes need, and lock what they may change."""
        sought = Sought.by(write.needs for write in self.writes.values())
        keys = [order_key(order) for order in sought.orders]
        keys += [request_key(request) for request in sought.requests]
        calls = [Call(BEGIN), Call(LOCK, (integers(keys),))]
        takers: list[Callable[[Rows], None]] = [_nothing, partial(self._take_locked, sought)]
        if sought.requests:
            calls.append(Call(ANSWERED, (binaries(sought.requests),)))
            takers.append(self._take_answered)
        if sought.orders:
            calls.append(Call(FACTS, (texts(sought.orders),)))
            takers.append(self._take_facts)
        if sought.seats:
            seats = texts(sought.seats)
            calls += (Call(CLAIM, (seats,)), Call(SEATS, (seats,)))
            takers += (self._take_claimed, self._take_seats)
        if sought.picks:
            calls += pick_calls(sought.picks)
            takers += (self._take_vacant, self._take_exhausted)
        if sought.numbers:
            calls.append(Call(NUMBERS, (integer(sought.numbers),)))
            takers.append(self._take_numbers)
        for take, rows in zip(takers, self._line.trip(calls), strict=True):
            take(rows)

    def _take_locked(self, sought: Sought, rows: Rows) -> None:
        self.transaction = integer_of(rows[0][0])
        keys = rows[0][1].decode().strip("{}")
        locked = set(map(int, keys.split(","))) if keys else set()
        self.view.orders = {each for each in sought.orders if order_key(each) in locked}
        self.view.requests = {each for each in sought.requests if request_key(each) in locked}

    def _take_answered(self, rows: Rows) -> None:
        for digest, fingerprint, order, version, at in rows:
            self.view.answered[digest] = Answered(
                digest, fingerprint, order.decode(), integer_of(version), from_ms(integer_of(at))
            )

    def _take_facts(self, rows: Rows) -> None:
        for order, version, topic, state, position, head in rows:
            self.view.heads[order.decode()] = head
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

    # The second round trip.

    def store(self, replicating: Callable[[], bool] = not_longer) -> list[int]:
        """Save and commit; return the positions of the facts, in the order of `drafts`.

        Where nothing is to be saved but something was decided, that may rest on what others have
        committed and no standby has confirmed: so there is a commit all the same. The answer is
        waited for as long as the server is `replicating`. Raises `InDoubt`.
        """
        drafts = self.drafts
        if not self.settled:
            self.give_up()
            return []
        calls = append_calls(drafts, self.view.heads) if drafts else [Call(MARK)]
        try:
            answers = self._line.trip([*calls, Call(COMMIT)], longer=replicating)
        except Lost as error:
            raise InDoubt from error
        if self._line.warned:
            raise InDoubt
        return positions_of(answers, drafts)

    def give_up(self) -> None:
        """End the transaction without a trace; a connection that is gone has done so itself."""
        if not self._line.closed:
            with suppress(Lost):
                self._line.trip([Call(ROLLBACK)])


def _nothing(_: Rows) -> None:
    pass
