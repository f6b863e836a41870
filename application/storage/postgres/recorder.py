"""The library's recorder, appending side by side with other writers."""

from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, errors
from psycopg.rows import DictRow, dict_row, tuple_row

from application.event_log.hash_chain import links
from application.ports.gateway_notices import GatewayNotice
from application.ports.unit_of_work import IdempotencyRecord, TicketChange
from application.runtime.clock import to_ms
from application.storage.postgres.advisory_locks import LOG_LOCK
from application.storage.postgres.connections import PipelinePool, Readers
from application.storage.postgres.pipeline import (
    Call,
    PipelineConnection,
    Rows,
    Statement,
    binaries,
    integer_of,
    integers,
    texts,
)
from application.storage.postgres.positions import Positions
from application.storage.postgres.tickets import change_calls, make_calls
from application.storage.shared.batch import PendingWrites, events_of, made_of
from application.storage.shared.gateway_notices import KEPT_AGAIN, WAITS, notices_of, waited_of

BEGIN = Statement(b"begin", b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
COMMIT = Statement(b"commit", b"COMMIT")
ROLLBACK = Statement(b"rollback", b"ROLLBACK")

MARK = Statement(b"mark", b"SELECT pg_logical_emit_message(true, 'orderlog', '')")
"""Writes a message to the write-ahead log, so that the commit waits for a standby: everything that
the transaction has seen is then as safe as the message. Nobody reads it."""

APPEND = Statement(
    b"append",
    "WITH entered AS MATERIALIZED"  # noqa: S608 - our own numbers
    f" (SELECT pg_advisory_xact_lock_shared({LOG_LOCK[0]}, {LOG_LOCK[1]}))"
    " INSERT INTO orders_events (originator_id, originator_version, topic, state, hash)"
    " SELECT w.* FROM entered,"
    " unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[]) AS w"
    " RETURNING notification_id".encode(),
)
"""The lock marks an append as open. It is had before the first row, and so the first position, and
lasts until the append's end is visible to all: `positions.py` relies on both."""

HASHES = Statement(
    b"hashes",
    b"SELECT DISTINCT ON (originator_id) originator_id, hash FROM orders_events"
    b" WHERE originator_id = ANY($1::text[]) ORDER BY originator_id, originator_version DESC",
)

REMEMBER = Statement(
    b"remember",
    b"INSERT INTO requests (digest, fingerprint, order_id, version, at)"
    b" SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bigint[], $5::bigint[])",
)

KEEP_NOTICES = Statement(
    b"keep_notices",
    b"INSERT INTO gateway_notices"
    b" (digest, system, notice, type, came_at, body, state, order_id)"
    b" SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[],"
    b" $6::bytea[], $7::text[], $8::text[]) " + KEPT_AGAIN.encode(),
)

WAITED = Statement(
    b"waited",
    b"DELETE FROM gateway_notices WHERE digest = ANY($1::bytea[]) AND " + WAITS.encode(),
)
"""Notices that waited have their orders now, and come with their events."""


def append_calls(
    pending_writes: Sequence[PendingWrites], hashes: MutableMapping[str, bytes]
) -> list[Call]:
    """The calls that store pending writes in the open transaction; the first returns positions.

    They come in the order of the pending writes and their events. Without events there is none.
    `hashes` has the last hash of each order that has events already.
    """
    calls = []
    events = list(events_of(pending_writes))
    if events:
        values = (
            texts(str(event.originator_id) for event in events),
            integers(event.originator_version for event in events),
            texts(event.topic for event in events),
            binaries(event.state for event in events),
            binaries(links(events, hashes)),
        )
        calls.append(Call(APPEND, values))
    calls += make_calls(made_of(pending_writes))
    calls += change_calls(change for writes in pending_writes for change in writes.changes)
    records = [each for writes in pending_writes for each in writes.idempotency_records]
    if records:
        calls.append(Call(REMEMBER, _request_rows(records)))
    if waited := waited_of(pending_writes):
        calls.append(Call(WAITED, (binaries(waited),)))
    if notices := notices_of(pending_writes):
        calls.append(Call(KEEP_NOTICES, _notice_rows(notices)))
    return calls


def _request_rows(records: Sequence[IdempotencyRecord]) -> tuple[bytes, ...]:
    return (
        binaries(each.digest for each in records),
        binaries(each.fingerprint for each in records),
        texts(each.order for each in records),
        integers(each.version for each in records),
        integers(to_ms(each.at) for each in records),
    )


def _notice_rows(notices: Sequence[GatewayNotice]) -> tuple[bytes, ...]:
    return (
        binaries(each.digest for each in notices),
        texts(each.system for each in notices),
        texts(each.notice for each in notices),
        texts(each.type for each in notices),
        integers(to_ms(each.came_at) for each in notices),
        binaries(each.body for each in notices),
        texts(each.state.value for each in notices),
        texts(each.order or "" for each in notices),
    )


class Datastore(PostgresDatastore):
    """The library's datastore, reading through our pool and without its composite types."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self.schema = str(readers.rows("SELECT current_schema()")[0][0])
        self.originator_id_type = "text"
        self.enable_db_functions = False
        self.single_row_tracking = True
        self.lock_timeout = 0
        self.db_type_names = set()

    def register_type_adapters(self) -> None:
        """Nothing to register."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        """A connection whose rows are dictionaries, as the library wants them."""
        with self._readers.borrow() as connection:
            connection.row_factory = dict_row  # type: ignore[assignment]
            try:
                yield cast("Connection[DictRow]", connection)
            finally:
                connection.row_factory = tuple_row

    def close(self) -> None:
        """Nothing to close: the pool is the store's."""


class PostgresRecorder(PostgresApplicationRecorder):
    """The library's recorder without its table lock and NOTIFY: writers append side by side.

    Readers get positions in order all the same, as far as `Positions` knows them to be complete.
    """

    def __init__(self, readers: Readers, writers: PipelinePool, positions: Positions) -> None:
        super().__init__(Datastore(readers), events_table_name="orders_events")
        self._writers = writers
        self._positions = positions

    def create_table(self) -> None:
        """Nothing to create: the layout makes the tables."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        within: PendingWrites | None = None,
        change: TicketChange | None = None,
        idempotency_record: IdempotencyRecord | None = None,
        **_: Any,
    ) -> Sequence[int] | None:
        """Append events in a batch, or in a transaction of their own.

        `within` is what a write's `decide` was given: the events are stored with its batch.
        Without it the positions are returned, or the library's `IntegrityError` is raised for a
        version that exists.
        """
        if within is not None:
            within.add(stored_events, change, idempotency_record)
            return None
        writes = PendingWrites()
        writes.add(stored_events, change, idempotency_record)
        try:
            with self._writers.connection() as connection:
                return append_alone(connection, writes)
        except errors.IntegrityError as error:
            raise IntegrityError(str(error)) from error
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position, in the complete part of the log."""
        known = self._positions.wait_until_safe()
        end = known if stop is None else min(stop, known)
        found: Sequence[Notification] = super().select_notifications(
            start, limit, end, topics, inclusive_of_start=inclusive_of_start
        )
        return found

    def max_notification_id(self) -> int | None:
        """The highest position that a reader may see; None for an empty log."""
        return self._positions.last() or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Refuse: the library's subscription waits for a NOTIFY, which no append sends."""
        raise NotImplementedError("orders are followed by position")


def append_alone(connection: PipelineConnection, writes: PendingWrites) -> list[int]:
    """Store pending writes in a transaction of their own; return its positions.

    If another append comes first, this one is refused with the version that both want.
    """
    try:
        hashes = _last_hashes(connection, writes.events)
        answers = connection.round_trip(
            [Call(BEGIN), *append_calls([writes], hashes), Call(COMMIT)]
        )
        if connection.warned:
            raise psycopg.OperationalError("A standby has not confirmed the commit.")
    except psycopg.Error:
        if not connection.closed:
            connection.round_trip([Call(ROLLBACK)])
        raise
    return positions_of(answers[1:], [writes])


def _last_hashes(connection: PipelineConnection, events: Sequence[StoredEvent]) -> dict[str, bytes]:
    """The last hash of each order that these events continue."""
    orders = {str(event.originator_id) for event in events if event.originator_version > 1}
    if not orders:
        return {}
    [rows] = connection.round_trip([Call(HASHES, (texts(orders),))])
    return {order.decode(): last for order, last in rows}


def positions_of(answers: Sequence[Rows], pending_writes: Sequence[PendingWrites]) -> list[int]:
    """The positions of the pending writes' events, from the answers to their `append_calls`."""
    if not any(writes.events for writes in pending_writes):
        return []
    return [integer_of(row[0]) for row in answers[0]]
