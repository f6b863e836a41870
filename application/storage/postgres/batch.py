"""One batch of writes: one round trip loads what they need, a second stores what they decided.

Other batches run at the same time, here and in other processes. What another batch has locked is
not waited for: the write that needs it is deferred to a later batch.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from eventsourcing.persistence import Notification

from application.ports.gateway_notices import WaitingNotice
from application.ports.unit_of_work import IdempotencyRecord, UnitOfWork
from application.runtime.clock import from_ms
from application.storage.postgres.advisory_locks import order_key, request_key
from application.storage.postgres.events_from import events_from
from application.storage.postgres.pipeline import (
    Call,
    Lost,
    PipelineConnection,
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
from application.storage.postgres.tickets import CLAIM, SEATS, pick_call, raw_tickets
from application.storage.shared.batch import Batch, MergedReadSet
from application.storage.shared.gateway_notices import WAITS

LOCK = Statement(
    b"lock",
    b"SELECT pg_current_xact_id()::text::bigint,"
    b" ARRAY(SELECT key FROM unnest($1::bigint[]) key WHERE pg_try_advisory_xact_lock(key))::text,"
    b" ARRAY(SELECT nextval('orders_numbers') FROM generate_series(1, $2::bigint))::text",
)
"""Names the transaction, so that its outcome can be asked for later, locks orders and requests, as
many as are free, and takes numbers for new orders. Each statement after it sees what was committed
before the locks were had: the events of a locked order are all its events."""

ANSWERED = Statement(
    b"answered",
    b"SELECT digest, fingerprint, order_id, version, at FROM requests"
    b" WHERE digest = ANY($1::bytea[])",
)

WAITING = Statement(
    b"waiting",
    b"SELECT digest, body, came_at, resolved_at FROM gateway_notices"
    b" WHERE digest = ANY($1::bytea[]) AND " + WAITS.encode(),
)
"""The notices that wait under the digests of requests."""

EVENTS = Statement(
    b"facts",
    b"SELECT originator_id, originator_version, topic, state, notification_id, hash"
    b" FROM orders_events WHERE originator_id = ANY($1::text[])"
    b" ORDER BY originator_id, originator_version",
)

EVENTS_FROM = Statement(b"facts_from", events_from("$1", "$2", "$3").encode())


class InDoubt(Exception):
    """A commit whose answer did not come, or came without the confirmation of a standby.

    It may have happened or not, and if it has, it may not be safe yet.
    """


class PostgresBatch(Batch):
    """Carries out writes in one transaction on `connection`.

    `find` loads, then `decide` decides, then `store` saves what was decided. What is neither
    refused nor decided then is deferred.
    """

    def __init__(
        self, connection: PipelineConnection, writes: Mapping[int, UnitOfWork[Any]]
    ) -> None:
        super().__init__(writes)
        self._connection = connection
        self.transaction = 0

    # The first round trip.

    def find(self) -> None:
        """Load what the writes need, and lock what they may change."""
        merged = MergedReadSet.by(write.read_set for write in self.writes.values())
        keys = [order_key(order) for order in merged.orders]
        keys += [request_key(request) for request in merged.requests]
        calls = [Call(BEGIN), Call(LOCK, (integers(keys), integer(merged.numbers)))]
        takers: list[Callable[[Rows], None]] = [_nothing, partial(self._take_locked, merged)]
        if merged.requests:
            calls.append(Call(ANSWERED, (binaries(merged.requests),)))
            takers.append(self._take_idempotency_records)
        if merged.notices:
            calls.append(Call(WAITING, (binaries(merged.requests),)))
            takers.append(self._take_waiting)
        if merged.orders:
            calls.append(self._events_call(merged))
            takers.append(self._take_events)
        if merged.seats:
            seats = texts(merged.seats)
            calls += (Call(CLAIM, (seats,)), Call(SEATS, (seats,)))
            takers += (self._take_claimed, self._take_seats)
        if merged.picks:
            calls.append(pick_call(merged.picks))
            takers.append(partial(self._take_vacant, merged))
        for take, rows in zip(takers, self._connection.round_trip(calls), strict=True):
            take(rows)

    def _events_call(self, merged: MergedReadSet) -> Call:
        if not merged.snapshots:
            return Call(EVENTS, (texts(merged.orders),))
        self.state.snapshots = merged.snapshots
        orders, versions, hashes = zip(*merged.wanted_events(), strict=True)
        return Call(EVENTS_FROM, (texts(orders), integers(versions), binaries(hashes)))

    def _take_locked(self, merged: MergedReadSet, rows: Rows) -> None:
        self.transaction = integer_of(rows[0][0])
        locked = set(_numbers_in(rows[0][1]))
        self.state.numbers = _numbers_in(rows[0][2])[::-1]
        self.state.orders = {each for each in merged.orders if order_key(each) in locked}
        self.state.requests = {each for each in merged.requests if request_key(each) in locked}

    def _take_idempotency_records(self, rows: Rows) -> None:
        for digest, fingerprint, order, version, at in rows:
            self.state.idempotency_records[digest] = IdempotencyRecord(
                digest, fingerprint, order.decode(), integer_of(version), from_ms(integer_of(at))
            )

    def _take_waiting(self, rows: Rows) -> None:
        for digest, body, came_at, resolved_at in rows:
            self.state.waiting[digest] = WaitingNotice(
                body, from_ms(integer_of(came_at)), resolved=resolved_at is not None
            )

    def _take_events(self, rows: Rows) -> None:
        for order, version, topic, state, position, head, *_ in rows:
            self.state.heads[order.decode()] = head
            event = Notification(
                order.decode(), integer_of(version), topic.decode(), state, integer_of(position)
            )
            self.state.events.setdefault(order.decode(), []).append(event)

    def _take_claimed(self, rows: Rows) -> None:
        self.state.claimed = {row[0].decode() for row in rows}

    def _take_seats(self, rows: Rows) -> None:
        self.state.seats = {ticket.id: ticket for ticket in raw_tickets(rows)}

    def _take_vacant(self, merged: MergedReadSet, rows: Rows) -> None:
        """Take tickets, and note sets all of whose vacant ones were found: no more can be had."""
        few = {}
        for set_id, ticket, seen in rows:
            if ticket is None:
                few[set_id.decode()] = integer_of(seen)
            else:
                self.state.vacant.setdefault(set_id.decode(), []).append(ticket.decode())
        for each, seen in few.items():
            if seen <= len(self.state.vacant.get(each, ())) < merged.picks[each]:
                self.state.exhausted.add(each)

    # The second round trip.

    def store(self, replicating: Callable[[], bool] = not_longer) -> list[int]:
        """Save and commit; return the positions of the events, in order of `pending_writes`.

        If something was decided but nothing is to be saved, there is a commit all the same: the
        decision may rest on commits of others that no standby has confirmed yet. The answer is
        waited for as long as the server is `replicating`. Raises `InDoubt`.
        """
        pending_writes = self.pending_writes
        if not self.decided:
            self.give_up()
            return []
        calls = append_calls(pending_writes, self.state.heads) if pending_writes else [Call(MARK)]
        try:
            answers = self._connection.round_trip([*calls, Call(COMMIT)], longer=replicating)
        except Lost as error:
            raise InDoubt from error
        if self._connection.warned:
            raise InDoubt
        return positions_of(answers, pending_writes)

    def give_up(self) -> None:
        """Roll back. A closed connection has rolled back by itself."""
        if not self._connection.closed:
            with suppress(Lost):
                self._connection.round_trip([Call(ROLLBACK)])


def _numbers_in(array: bytes) -> list[int]:
    """The numbers of an array that was sent as text."""
    listed = array.decode().strip("{}")
    return [int(each) for each in listed.split(",")] if listed else []


def _nothing(_: Rows) -> None:
    pass
