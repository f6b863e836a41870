"""The tables of the log's file, and the steps from one layout to the next.

A step that was released is never changed; what comes later is a step of its own.
"""

import secrets
import sqlite3

from eventsourcing.persistence import StoredEvent

from application.event_log.hash_chain import links
from application.event_log.idempotency import key_digest
from application.ports.order_numbers import FIRST_NUMBER
from application.ports.ticket_lists import packed
from application.storage.shared.derived_records import PROVEN_FROM
from application.storage.sqlite.script import run

LOG_TABLES = f"""
CREATE TABLE orders_events (
    rowid INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version)
);
CREATE TABLE requests (
    partner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    order_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (partner, key)
) WITHOUT ROWID;
CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    show_id TEXT NOT NULL,
    set_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    seat BLOB NOT NULL,
    shuffle INTEGER NOT NULL,
    order_id TEXT,
    held_till INTEGER
) WITHOUT ROWID;
CREATE INDEX tickets_by_show ON tickets (show_id, number);
CREATE INDEX tickets_vacant ON tickets (set_id, shuffle) WHERE order_id IS NULL;
CREATE INDEX tickets_held ON tickets (set_id, held_till, order_id)
    WHERE held_till IS NOT NULL;
CREATE TABLE catalog (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counters VALUES ('layout', 1), ('catalog', 0), ('number', {FIRST_NUMBER - 1});
"""  # noqa: S608 - our own number
"""Layout 1. `shuffle` is a random place among the tickets of a set: a pick starts at a random
place there. A ticket without an order is vacant; with one it is held until `held_till`
(milliseconds since the epoch), or sold when that is NULL."""

ATTEMPTS = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    code TEXT NOT NULL,
    wanted BLOB NOT NULL,
    about BLOB NOT NULL
);
CREATE INDEX attempts_by_order ON attempts (order_id, at);
CREATE INDEX attempts_by_age ON attempts (at);
"""
"""What was refused, for thirty days: not part of the log."""


def chain_events(connection: sqlite3.Connection) -> None:
    """Give every event its hash, over its predecessor's (`application/event_log/hash_chain.py`)."""
    connection.execute("ALTER TABLE orders_events ADD COLUMN hash BLOB NOT NULL DEFAULT x''")
    place: tuple[str, int] = ("", 0)
    heads: dict[str, bytes] = {}
    while True:
        rows = connection.execute(
            "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
            " WHERE (originator_id, originator_version) > (?, ?)"
            " ORDER BY originator_id, originator_version LIMIT 1000",
            place,
        ).fetchall()
        if not rows:
            return
        hashes = links([StoredEvent(*row[:4]) for row in rows], heads)
        connection.executemany(
            "UPDATE orders_events SET hash = ? WHERE rowid = ?",
            [(own, row[4]) for own, row in zip(hashes, rows, strict=True)],
        )
        place = rows[-1][:2]
        heads = {place[0]: hashes[-1]}


DIGESTED_REQUESTS = f"""
ALTER TABLE requests RENAME TO requests_by_key;
CREATE TABLE requests (
    digest BLOB PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    order_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO requests
    SELECT key_digest(partner, key), fingerprint, order_id, version, at FROM requests_by_key;
DROP TABLE requests_by_key;
INSERT INTO counters
    SELECT '{PROVEN_FROM}', coalesce(max(rowid), 0) FROM orders_events;
"""  # noqa: S608 - our own name


def digest_requests(connection: sqlite3.Connection) -> None:
    """Name idempotency records by their keys' digests (`application/event_log/idempotency.py`)."""
    connection.create_function("key_digest", 2, key_digest, deterministic=True)
    run(connection, DIGESTED_REQUESTS)


TICKET_LISTS = """
CREATE TABLE ticket_lists (
    show_id TEXT PRIMARY KEY,
    tickets BLOB NOT NULL
) WITHOUT ROWID;
"""
"""Which tickets each show has, as the catalogue made them (`application/ports/ticket_lists.py`)."""


def list_tickets(connection: sqlite3.Connection) -> None:
    """List the tickets that there are: from now on they are held against the lists."""
    run(connection, TICKET_LISTS)
    shows = connection.execute("SELECT DISTINCT show_id FROM tickets").fetchall()
    for (show,) in shows:
        rows = connection.execute(
            "SELECT id, set_id, number, seat FROM tickets WHERE show_id = ?", (show,)
        ).fetchall()
        connection.execute("INSERT INTO ticket_lists VALUES (?, ?)", (show, packed(rows)))


ACCESS = """
CREATE TABLE key_usage (
    key_id TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE console_sessions (
    digest TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    key_name TEXT NOT NULL,
    zone TEXT NOT NULL,
    began INTEGER NOT NULL,
    used INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX console_sessions_by_key ON console_sessions (key_name);
CREATE TABLE admin_trail (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    about BLOB NOT NULL,
    hash BLOB NOT NULL
);
INSERT INTO counters VALUES ('trail', 0);
DELETE FROM catalog WHERE kind = 'secret';
"""
"""When keys were last used, who is signed in at the console, and the administrative trail. The
secret that signed cookies goes: sessions are found by reference."""

CHECKPOINTS = """
CREATE TABLE checkpoints (
    number INTEGER PRIMARY KEY,
    statement BLOB NOT NULL,
    signature BLOB NOT NULL
);
INSERT INTO counters VALUES ('checkpointing', 0);
"""
"""`checkpointing` is until when (milliseconds) a process has the making of the next one."""

GATEWAY_NOTICES = """
CREATE TABLE gateway_notices (
    digest BLOB PRIMARY KEY,
    system TEXT NOT NULL,
    notice TEXT NOT NULL,
    type TEXT NOT NULL,
    came_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    order_id TEXT,
    resolved_at INTEGER,
    resolved_by TEXT
) WITHOUT ROWID;
CREATE INDEX gateway_notices_by_order ON gateway_notices (order_id, came_at);
CREATE INDEX gateway_notices_waiting ON gateway_notices (state, came_at, digest)
    WHERE state IN ('pending', 'unknown_buyer');
"""
"""The notices of gateways, as they came, by the digest of the system and the notice's own id."""

NOTICES_BY_ORDER = """
ALTER TABLE gateway_notices RENAME TO notices_by_digest;
DROP INDEX gateway_notices_by_order;
DROP INDEX gateway_notices_waiting;
CREATE TABLE gateway_notices (
    order_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    system TEXT NOT NULL,
    notice TEXT NOT NULL,
    type TEXT NOT NULL,
    came_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    resolved_at INTEGER,
    resolved_by TEXT,
    PRIMARY KEY (order_id, digest)
) WITHOUT ROWID;
CREATE INDEX gateway_notices_waiting ON gateway_notices (state, came_at, digest)
    WHERE state IN ('pending', 'unknown_buyer');
CREATE UNIQUE INDEX gateway_notices_once ON gateway_notices (digest)
    WHERE state IN ('pending', 'unknown_buyer');
INSERT INTO gateway_notices
    SELECT coalesce(order_id, ''), digest, system, notice, type, came_at, body, state,
        resolved_at, resolved_by FROM notices_by_digest;
DROP TABLE notices_by_digest;
"""
"""The same by order, and '' for nobody: one tree, to which notices of new orders are added near its
end. One that was acted on has its digest in `requests`; those that wait have an index by digest."""

LOG_ID_BYTES = 16


def identify_log(connection: sqlite3.Connection) -> None:
    """Give the log an id of its own, by which its companion files and backups know it."""
    connection.execute("CREATE TABLE log_identity (id TEXT NOT NULL)")
    connection.execute("INSERT INTO log_identity VALUES (?)", (secrets.token_hex(LOG_ID_BYTES),))


SETBACKS = """
CREATE TABLE setbacks (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    seen_by TEXT NOT NULL,
    log TEXT NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL,
    found_log TEXT NOT NULL,
    found_position INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    reason TEXT,
    checkpoint INTEGER
) WITHOUT ROWID;
"""
"""When the log was found to have gone back, who acknowledged that, and which checkpoint names it.
It is kept in the log's file and in that of the recorded heads: one of them may go back, too."""
