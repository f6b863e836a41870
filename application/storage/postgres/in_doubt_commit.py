"""Finds out whether an unanswered commit happened, and makes sure that it is durable.

A commit that can be seen is not yet safe: where a standby has to confirm it, an unconfirmed commit
becomes visible once its session has ended, and a fail-over loses it. So the look-up runs in a
transaction that writes, and that is itself confirmed: its record is later in the write-ahead log,
so the standby has everything before it, too.
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
"""How long the question what a session waits for may take."""

WAITING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep')"

END_IDLE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_xid = %s::xid8::xid AND state LIKE 'idle in transaction%%'"
)
"""Ends a session that is idle in our transaction.

It never ends a session that is at work, and above all none that waits for a standby: that would
make unconfirmed commits visible.
"""

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
    """The connections to ask over, and to commit over.

    `closing` is set when the store is being closed.
    """

    readers: Readers
    writers: PipelinePool
    closing: threading.Event

    def replicating(self, connection: PipelineConnection) -> Callable[[], bool]:
        """Whether the server still waits for a standby to confirm what was sent over `connection`.

        Then that session is waited for, without a limit: a new session every few seconds would
        leave one more waiting at the server.
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
    """The positions of the batch's events, if it was committed and is safe now.

    Raises `Lost` if it was not and never will be: a retry is safe. Raises `OutcomeUnknown` while
    the server cannot be asked, or while no standby confirms.
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
    """Whether the batch's transaction has ended. An idle session that still has it open is ended.

    A server that does not know the transaction's number is not the one it ran on.
    """
    number = str(batch.transaction)
    connection.execute(END_IDLE.encode(), (number,))
    try:
        row = connection.execute("SELECT pg_xact_status(%s::xid8)", (number,)).fetchone()
    except errors.InvalidParameterValue:
        return True
    return row is None or row[0] != "in progress"


def _confirmed(connections: Connections, search: Sequence[Call]) -> list[Rows]:
    """What is found, once a later commit was confirmed by the same server.

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
    """The calls that look up what pending writes have stored.

    It was stored as a whole or not at all.
    """
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
