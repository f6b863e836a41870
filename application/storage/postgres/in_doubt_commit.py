"""Finds out whether a commit happened whose answer never came, and sees that it is safe.

Seen is not yet safe: where a standby has to confirm, a commit that was not confirmed can be seen
once its session has ended, and a fail-over loses it. So what is found is looked for in a
transaction that writes and is confirmed in its turn: its record comes later in the write-ahead
log, and the standby has all that comes before.
"""

import threading
from collections.abc import Callable, Sequence

import msgspec
import psycopg
from psycopg import errors

from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.runtime.clock import to_ms
from application.storage.postgres.batch import PostgresBatch
from application.storage.postgres.connections import Backoff, Connection, PipelinePool, Readers
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
    text,
    texts,
)
from application.storage.postgres.recorder import BEGIN, COMMIT, MARK, ROLLBACK
from application.storage.shared.batch import PendingWrites, events_of

IN_DOUBT_SECONDS = 10.0

ASK_SECONDS = 2.0
"""How long it may take to learn what a session is waiting for."""

WAITING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep')"

END_IDLE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_xid = %s::xid8::xid AND state LIKE 'idle in transaction%%'"
)
"""Ends a session that waits for us, who will not come back: not one that is at work, and above all
not one that waits for a standby, which would make others see what is not confirmed."""

FIND_EVENTS = Statement(
    b"find_events",
    b"SELECT e.notification_id"
    b" FROM unnest($1::text[], $2::bigint[], $3::bytea[]) WITH ORDINALITY"
    b" AS w (id, version, state, place)"
    b" JOIN orders_events e ON e.originator_id = w.id"
    b" AND e.originator_version = w.version AND e.state = w.state ORDER BY w.place",
)

FIND_REQUEST = Statement(
    b"find_request",
    b"SELECT 1::bigint FROM requests WHERE digest = $1"
    b" AND fingerprint = $2 AND order_id = $3 AND version = $4::bigint AND at = $5::bigint",
)


class Connections(msgspec.Struct, frozen=True):
    """What is needed to find out: connections to ask over, and to commit over.

    `closing` is set when nobody waits for anything any more.
    """

    readers: Readers
    writers: PipelinePool
    closing: threading.Event

    def replicating(self, connection: PipelineConnection) -> Callable[[], bool]:
        """Whether the server still waits for a standby to confirm what was sent over `line`.

        Then its session is left alone and waited for, without end: to open another one instead
        would, every few seconds, leave one more waiting at the server.
        """

        def submit() -> bool:
            if self.closing.is_set():
                return False
            try:
                return bool(
                    self.readers.run(lambda it: _waits(it, connection.backend), ASK_SECONDS)
                )
            except StoreUnavailable:
                return False

        return submit


def outcome_of_commit(connections: Connections, batch: PostgresBatch) -> list[int]:
    """The positions that the batch's events got, if it was committed, and now is safe.

    Raises `Lost` if it was not and never will be: it may be tried again. Raises `OutcomeUnknown`
    while the server cannot be asked, or no standby confirms.
    """
    backoff = Backoff(IN_DOUBT_SECONDS)
    while True:
        try:
            if connections.readers.run(lambda connection: _ended(connection, batch)):
                found = _confirmed(connections, _search(batch.pending_writes))
                break
        except (StoreUnavailable, psycopg.Error):
            pass
        if connections.closing.is_set() or not backoff.wait():
            raise OutcomeUnknown("The database went away during a commit.")
    positions = _positions(batch.pending_writes, found)
    if positions is None:
        raise Lost("The connection ended before the commit.")
    return positions


def _waits(connection: Connection, backend: int) -> bool:
    row = connection.execute(WAITING.encode(), (backend,)).fetchone()
    return bool(row and row[0])


def _ended(connection: Connection, batch: PostgresBatch) -> bool:
    """Whether the batch's transaction is over. A server session left with it is ended.

    A server that does not know its number yet is not the one it ran on.
    """
    number = str(batch.transaction)
    connection.execute(END_IDLE.encode(), (number,))
    try:
        row = connection.execute("SELECT pg_xact_status(%s::xid8)", (number,)).fetchone()
    except errors.InvalidParameterValue:
        return True
    return row is None or row[0] != "in progress"


def _confirmed(connections: Connections, search: Sequence[Call]) -> list[Rows]:
    """What is found, after a commit later than all of it was confirmed by the same server.

    Raises `psycopg.OperationalError` if it was not.
    """
    with connections.writers.connection() as connection:
        calls = [Call(BEGIN), *search, Call(MARK), Call(COMMIT)]
        try:
            answers = connection.round_trip(calls, longer=connections.replicating(connection))
        except BaseException:
            if not connection.closed:
                connection.round_trip([Call(ROLLBACK)])
            raise
        if connection.warned:
            raise errors.OperationalError("A standby has not confirmed a commit.")
    return answers[1 : 1 + len(search)]


def _search(pending_writes: Sequence[PendingWrites]) -> list[Call]:
    """The calls that find what pending writes have stored. What one stored is found together."""
    events = list(events_of(pending_writes))
    if events:
        values = (
            texts(str(event.originator_id) for event in events),
            integers(event.originator_version for event in events),
            binaries(event.state for event in events),
        )
        return [Call(FIND_EVENTS, values)]
    idempotency_record = next(
        (each for writes in pending_writes for each in writes.idempotency_records), None
    )
    if idempotency_record is None:
        return []
    row = (
        idempotency_record.digest,
        idempotency_record.fingerprint,
        text(idempotency_record.order),
        integer(idempotency_record.version),
        integer(to_ms(idempotency_record.at)),
    )
    return [Call(FIND_REQUEST, row)]


def _positions(pending_writes: Sequence[PendingWrites], found: Sequence[Rows]) -> list[int] | None:
    """The positions of the pending writes' events; None if nothing of them is stored."""
    if not found or not found[0]:
        return None
    count = sum(len(writes.events) for writes in pending_writes)
    if not count:
        return []
    return [integer_of(row[0]) for row in found[0]] if len(found[0]) == count else None
