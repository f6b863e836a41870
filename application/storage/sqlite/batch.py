"""One batch of writes to the embedded store: a few statements, one of which stores it all.

Each statement releases the interpreter lock, and waiting for it again can cost more than all that
SQLite does. So one statement loads each kind of thing as one row, and one statement, which is a
transaction by itself, stores the whole batch.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from eventsourcing.persistence import Notification, StoredEvent

from application.event_log.hash_chain import HASH_BYTES, links
from application.ports.gateway_notices import WaitingNotice
from application.ports.unit_of_work import IdempotencyRecord, TicketTaken, UnitOfWork
from application.runtime.clock import from_ms, to_ms
from application.storage.shared.batch import (
    Batch,
    MergedReadSet,
    PendingWrites,
    events_of,
    made_of,
)
from application.storage.shared.gateway_notices import KEPT_AGAIN, WAITS, notices_of, waited_of
from application.storage.shared.ticket_places import any_place
from application.storage.shared.ticket_rows import COLUMNS, ticket_of

EVENTS = (
    "SELECT json_group_array(json_array(originator_id, originator_version, topic, hex(state),"
    " orders_events.rowid, hex(hash))) FROM json_each(?) wanted"
    " CROSS JOIN orders_events ON originator_id = wanted.value"
)
EVENTS_FROM = (
    "SELECT json_group_array(json_array(originator_id, originator_version, topic, hex(state),"
    " orders_events.rowid, hex(hash))) FROM json_each(?) wanted"
    " CROSS JOIN orders_events ON originator_id = wanted.value ->> 0 AND originator_version >="
    " coalesce((SELECT snapshot.originator_version FROM orders_events snapshot"
    " WHERE snapshot.originator_id = wanted.value ->> 0"
    " AND snapshot.originator_version = wanted.value ->> 1"
    " AND hex(snapshot.hash) = wanted.value ->> 2), 0)"
)
"""The same, where some orders have snapshots: from there on, if the snapshot is in the log."""
HASHES = (
    "SELECT originator_id, (SELECT hash FROM orders_events last WHERE"
    " last.originator_id = wanted.value ORDER BY last.originator_version DESC LIMIT 1)"
    " FROM json_each(?) wanted CROSS JOIN orders_events"
    " ON originator_id = wanted.value AND originator_version = 1"
)
DIGEST_BYTES = 32
ANSWERED = (
    f"SELECT digest, fingerprint, order_id, version, at FROM json_each(?1) wanted"  # noqa: S608 - fixed words
    f" CROSS JOIN requests ON digest = substr(?2, wanted.value, {DIGEST_BYTES})"
)
ANSWERED_OR_WAITING = (
    f"{ANSWERED}"  # noqa: S608 - fixed words
    f" UNION ALL SELECT digest, body, NULL, resolved_at, came_at FROM gateway_notices"
    f" WHERE {WAITS} AND digest IN"
    f" (SELECT substr(?2, wanted.value, {DIGEST_BYTES}) FROM json_each(?1) wanted)"
)
"""The same, and without an order the notices that wait under these digests."""
SEATS = f"SELECT {COLUMNS} FROM json_each(?) wanted CROSS JOIN tickets ON tickets.id = wanted.value"  # noqa: S608 - fixed names
_PICK = (
    "SELECT json_group_array(id) FROM (SELECT id FROM tickets"
    " WHERE set_id = ? AND order_id IS NULL AND shuffle {side} ? ORDER BY shuffle LIMIT ?)"
)
PICK_BEYOND = _PICK.format(side=">=")
PICK_BEFORE = _PICK.format(side="<")

LOST = "tickets lost"
_CHANGE = """
    UPDATE tickets SET order_id = {owner}, held_till = news.value ->> 2
        FROM json_each(NEW.{rows}) news
        WHERE tickets.id = news.value ->> 0 AND order_id {condition};
    SELECT RAISE(ABORT, '{lost}') WHERE changes() <> json_array_length(NEW.{rows});
"""
STORING = f"""
CREATE TEMP VIEW batch AS
    SELECT '' facts, x'' heap, 0 number, '' freed, '' kept, '' taken, '' answered;
CREATE TEMP TRIGGER store_batch INSTEAD OF INSERT ON batch BEGIN
    INSERT INTO orders_events (rowid, originator_id, originator_version, topic, state, hash)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3,
            substr(NEW.heap, value ->> 4, value ->> 5),
            substr(NEW.heap, (value ->> 4) + (value ->> 5), {HASH_BYTES})
        FROM json_each(NEW.facts);
    UPDATE counters SET value = NEW.number WHERE name = 'number' AND value < NEW.number;
    {_CHANGE.format(rows="freed", owner="NULL", condition="= news.value ->> 1", lost=LOST)}
    {_CHANGE.format(rows="kept", owner="order_id", condition="= news.value ->> 1", lost=LOST)}
    {_CHANGE.format(rows="taken", owner="news.value ->> 1", condition="IS NULL", lost=LOST)}
    INSERT INTO requests (digest, fingerprint, order_id, version, at)
        SELECT substr(NEW.heap, value ->> 0, value ->> 1),
            substr(NEW.heap, value ->> 2, value ->> 3),
            value ->> 4, value ->> 5, value ->> 6 FROM json_each(NEW.answered);
END;
CREATE TEMP VIEW noticed_batch AS SELECT *, '' notices FROM batch;
CREATE TEMP TRIGGER store_noticed_batch INSTEAD OF INSERT ON noticed_batch BEGIN
    INSERT INTO batch VALUES
        (NEW.facts, NEW.heap, NEW.number, NEW.freed, NEW.kept, NEW.taken, NEW.answered);
    INSERT INTO gateway_notices (digest, system, notice, type, came_at, body, state, order_id)
        SELECT substr(NEW.heap, value ->> 0, value ->> 1), value ->> 2, value ->> 3, value ->> 4,
            value ->> 5, substr(NEW.heap, value ->> 6, value ->> 7),
            CASE WHEN EXISTS (SELECT 1 FROM gateway_notices
                WHERE {WAITS} AND digest = substr(NEW.heap, news.value ->> 0, news.value ->> 1))
            THEN NULL ELSE value ->> 8 END, value ->> 9
        FROM json_each(NEW.notices) news WHERE true {KEPT_AGAIN};
END;
CREATE TEMP VIEW rare_batch AS SELECT *, '' waited, '' made FROM noticed_batch;
CREATE TEMP TRIGGER store_rare_batch INSTEAD OF INSERT ON rare_batch BEGIN
    INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, x'7b7d', value ->> 3
        FROM json_each(NEW.made) WHERE true ON CONFLICT (id) DO NOTHING;
    DELETE FROM gateway_notices WHERE {WAITS} AND resolved_at IS NULL AND digest IN
        (SELECT substr(NEW.heap, value ->> 0, value ->> 1) FROM json_each(NEW.waited));
    INSERT INTO noticed_batch VALUES (NEW.facts, NEW.heap, NEW.number, NEW.freed, NEW.kept,
        NEW.taken, NEW.answered, NEW.notices);
END;
"""  # noqa: S608 - fixed words
"""A batch is stored by inserting it into a view. JSON holds no bytes: events' bytes, requests'
digests and fingerprints stand one after another in `heap`, and are named by place (from 1) and
length. An event's hash stands right after its bytes. A batch with notices of gateways has a view
of its own, so that all others cost nothing more, and so has one with notices that waited or with
rows of tickets that have to be made. What was loaded may be old by then: where a notice came to
wait meanwhile, a state of NULL, which no row may have, fails the batch."""
STORE = "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)"
STORE_NOTICED = "INSERT INTO noticed_batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
STORE_RARE = "INSERT INTO rare_batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_encode = msgspec.json.Encoder().encode
_ids = msgspec.json.Decoder(list[str]).decode
_rows = msgspec.json.Decoder(list[tuple[str, int, str, str, int, str]]).decode


def as_json(values: Any) -> str:
    """Values as JSON text for `json_each`."""
    return _encode(values).decode()


class Heads(msgspec.Struct):
    """The last assigned position and order number."""

    position: int
    number: int


def read_heads(connection: sqlite3.Connection) -> Heads:
    """The present heads. They stay so only within a writing transaction."""
    row = connection.execute(
        "SELECT (SELECT max(rowid) FROM orders_events),"
        " (SELECT value FROM counters WHERE name = 'number')"
    ).fetchone()
    return Heads(row[0] or 0, row[1])


def read_hashes(connection: sqlite3.Connection, events: Iterable[StoredEvent]) -> dict[str, bytes]:
    """The last hash of each order of these events, as far as it has events already."""
    orders = {str(event.originator_id) for event in events}
    rows = connection.execute(HASHES, (as_json(list(orders)),))
    return dict(rows.fetchall())


class SqliteBatch(Batch):
    """Carries out writes on a connection that was prepared by `STORING`.

    `heads` have to be up to date when the batch is stored, or it fails; afterwards they are up to
    date again.
    """

    def __init__(
        self, connection: sqlite3.Connection, writes: Mapping[int, UnitOfWork[Any]], heads: Heads
    ) -> None:
        super().__init__(writes)
        self._connection = connection
        self._heads = heads

    def find(self) -> None:
        """Load what the writes need."""
        merged = MergedReadSet.by(write.read_set for write in self.writes.values())
        state = self.state
        state.orders, state.requests = set(merged.orders), set(merged.requests)
        if merged.requests:
            statement = ANSWERED_OR_WAITING if merged.notices else ANSWERED
            self._find_requests(statement, merged.requests)
        if merged.orders:
            self._find_events(merged)
        if merged.seats:
            rows = self._connection.execute(SEATS, (as_json(list(merged.seats)),)).fetchall()
            state.seats = {row[0]: ticket_of(row) for row in rows}
            state.claimed = {each.id for each in state.seats.values() if each.order is None}
        for set_id, count in merged.picks.items():
            self._pick(set_id, count)
        last = self._heads.number
        state.numbers = list(range(last + merged.numbers, last, -1))

    def _find_requests(self, statement: str, requests: Collection[bytes]) -> None:
        places = as_json(list(range(1, len(requests) * DIGEST_BYTES, DIGEST_BYTES)))
        for digest, content, order, number, at in self._connection.execute(
            statement, (places, b"".join(requests))
        ).fetchall():
            if order is None:
                waiting = WaitingNotice(content, from_ms(at), resolved=number is not None)
                self.state.waiting[digest] = waiting
                continue
            self.state.idempotency_records[digest] = IdempotencyRecord(
                digest, content, order, number, from_ms(at)
            )

    def _find_events(self, merged: MergedReadSet) -> None:
        statement, wanted = EVENTS, as_json(list(merged.orders))
        if merged.snapshots:
            self.state.snapshots = merged.snapshots
            rows = [(*each, own.hex().upper()) for *each, own in merged.wanted_events()]
            statement, wanted = EVENTS_FROM, as_json(rows)
        row = self._connection.execute(statement, (wanted,)).fetchone()
        for order, version, topic, state, position, head in sorted(_rows(row[0])):
            self.state.heads[order] = bytes.fromhex(head)
            event = Notification(order, version, topic, bytes.fromhex(state), position)
            self.state.events.setdefault(order, []).append(event)

    def _pick(self, set_id: str, count: int) -> None:
        """At most `count` vacant tickets of a set, from a random place in its shuffled order."""
        start = any_place()
        picked = self._picked(PICK_BEYOND, set_id, start, count)
        if len(picked) < count:
            picked += self._picked(PICK_BEFORE, set_id, start, count - len(picked))
        self.state.vacant[set_id] = picked
        if len(picked) < count:
            self.state.exhausted.add(set_id)

    def _picked(self, statement: str, set_id: str, start: int, count: int) -> list[str]:
        row = self._connection.execute(statement, (set_id, start, count)).fetchone()
        return _ids(row[0])

    def store(self) -> list[int]:
        """Store what was decided; return the positions, in the order of `pending_writes`."""
        pending_writes = self.pending_writes
        if not pending_writes:
            return []
        numbers = [each.found.number for each in self.decided.values() if not each.writes.empty]
        number = max(self._heads.number, *numbers)
        return store_pending(
            self._connection, pending_writes, self._heads, number, self.state.heads
        )


def store_pending(
    connection: sqlite3.Connection,
    pending_writes: Sequence[PendingWrites],
    heads: Heads,
    number: int,
    hashes: dict[str, bytes],
) -> list[int]:
    """Store pending writes by one statement and move `heads`; return the positions of their events.

    `number` is the highest order number that they use; `hashes` has the last hash of each order
    that has events already. Raises `TicketTaken`, and `sqlite3.IntegrityError` for a position, a
    version or a request that exists.
    """
    heap = Heap()
    events = _event_rows(heap, pending_writes, heads.position + 1, hashes)
    records = _record_rows(heap, pending_writes)
    freed, kept, taken = _ticket_rows(pending_writes)
    texts = [as_json(rows) for rows in (freed, kept, taken, records)]
    notices, waited = _notice_rows(heap, pending_writes), waited_of(pending_writes)
    made = made_of(pending_writes)
    statement = STORE
    if notices or waited or made:
        statement = STORE_NOTICED
        texts.append(as_json(notices))
    if waited or made:
        statement = STORE_RARE
        texts += [as_json([heap.put(each) for each in waited]), as_json(made)]
    try:
        connection.execute(statement, (as_json(events), heap.bytes, number, *texts))
    except sqlite3.IntegrityError as error:
        if str(error) == LOST:
            raise TicketTaken(", ".join(row[0] for row in freed + kept + taken)) from error
        raise
    heads.position += len(events)
    heads.number = number
    return [row[0] for row in events]


def _event_rows(
    heap: "Heap", pending_writes: Sequence[PendingWrites], first: int, hashes: dict[str, bytes]
) -> list[tuple[int, Any, int, str, int, int]]:
    """The events' rows, with positions from `first`; each event's hash follows its bytes."""
    new = list(events_of(pending_writes))
    rows = []
    for position, (event, own) in enumerate(zip(new, links(new, hashes), strict=True), first):
        place = heap.put(event.state)
        heap.put(own)
        rows.append((position, event.originator_id, event.originator_version, event.topic, *place))
    return rows


def _record_rows(heap: "Heap", pending_writes: Sequence[PendingWrites]) -> list[tuple[Any, ...]]:
    """The rows of idempotency records."""
    return [
        (*heap.put(r.digest), *heap.put(r.fingerprint), r.order, r.version, to_ms(r.at))
        for writes in pending_writes
        for r in writes.idempotency_records
    ]


def _notice_rows(heap: "Heap", pending_writes: Sequence[PendingWrites]) -> list[tuple[Any, ...]]:
    """The rows of notices of gateways."""
    return [
        (
            *heap.put(each.digest),
            *(each.system, each.notice, each.type, to_ms(each.came_at)),
            *heap.put(each.body),
            *(each.state.value, each.order),
        )
        for each in notices_of(pending_writes)
    ]


class Heap:
    """Byte strings one after another."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._end = 1

    def put(self, partition: bytes) -> tuple[int, int]:
        """Add some bytes; return their place, from 1, and their length."""
        place, length = self._end, len(partition)
        self._parts.append(partition)
        self._end += length
        return place, length

    @property
    def bytes(self) -> bytes:
        """All bytes."""
        return b"".join(self._parts)


TicketRow = tuple[str, str, int | None]


def _ticket_rows(pending_writes: Sequence[PendingWrites]) -> tuple[list[TicketRow], ...]:
    """The tickets that pending writes free, keep and take, with their orders and holds."""
    freed: list[TicketRow] = []
    kept: list[TicketRow] = []
    taken: list[TicketRow] = []
    for writes in pending_writes:
        for change in writes.changes:
            till = None if change.held_till is None else to_ms(change.held_till)
            freed += [(ticket, change.order, None) for ticket in change.freed]
            kept += [(ticket, change.order, till) for ticket in change.kept]
            taken += [(ticket, change.order, till) for ticket in change.taken]
    return freed, kept, taken
