"""The tables of a PostgreSQL database, and the steps from one layout of them to the next."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import psycopg
from eventsourcing.persistence import StoredEvent

from application.event_log.hash_chain import links
from application.event_log.idempotency import DOMAIN
from application.ports.order_numbers import FIRST_NUMBER
from application.ports.store import LayoutTooNew
from application.ports.ticket_lists import packed
from application.runtime.failpoints import reach
from application.storage.postgres.access_tables import ACCESS
from application.storage.postgres.advisory_locks import LAYOUT_LOCK, LOG_LOCK
from application.storage.postgres.connections import Connection, unavailable
from application.storage.postgres.notice_tables import GATEWAY_NOTICES, NOTICES_BY_ORDER
from application.storage.postgres.webhook_tables import WEBHOOKS
from application.storage.shared.derived_records import PROVEN_FROM

WAIT = "60s"
"""How long one process waits for another one that lays out the tables."""

Step = str | Callable[[Connection], None]

TABLES = f"""
CREATE TABLE orders_events (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigserial NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX orders_events_notification_id_idx ON orders_events (notification_id);
CREATE TABLE requests (
    partner text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    order_id text NOT NULL,
    version bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (partner, key)
);
CREATE TABLE tickets (
    id text COLLATE "C" PRIMARY KEY,
    show_id text COLLATE "C" NOT NULL,
    set_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    seat bytea NOT NULL,
    shuffle bigint NOT NULL,
    order_id text COLLATE "C",
    held_till bigint
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX tickets_by_show ON tickets (show_id, number);
CREATE INDEX tickets_vacant ON tickets (set_id, shuffle) WHERE order_id IS NULL;
CREATE INDEX tickets_held ON tickets (set_id, held_till, order_id) WHERE held_till IS NOT NULL;
CREATE TABLE catalog (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    document bytea NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE TABLE counters (
    name text PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO counters VALUES ('layout', 1), ('catalog', 0);
CREATE SEQUENCE orders_numbers START {FIRST_NUMBER};
CREATE TABLE read_models (
    name text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    position bigint NOT NULL,
    live boolean NOT NULL,
    stopped text,
    PRIMARY KEY (name, generation)
);
CREATE FUNCTION orders_refuse_lost(lost text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'tickets lost' USING ERRCODE = 'OL001', DETAIL = array_to_string(lost, ' ');
END $$;
CREATE FUNCTION orders_horizon(OUT server text, OUT drawn bigint, OUT appending text[])
LANGUAGE plpgsql AS $$
BEGIN
    server := pg_postmaster_start_time()::text;
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO drawn
        FROM orders_events_notification_id_seq;
    SELECT coalesce(array_agg(virtualtransaction), '{{}}') INTO appending FROM pg_locks
        WHERE locktype = 'advisory' AND granted
        AND classid = {LOG_LOCK[0]} AND objid = {LOG_LOCK[1]} AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
END $$;
"""  # noqa: S608 - our own numbers
"""Layout 1. `shuffle` is a random place among the tickets of a set: a pick starts at a random
place there. A ticket without an order is vacant; with one it is held until `held_till`
(milliseconds since the epoch), or sold when that is null. `orders_horizon` must read
the sequence before the locks: see `positions.py`."""


PROJECTORS = """
ALTER TABLE read_models ADD COLUMN feeder text, ADD COLUMN fed_till timestamptz;
"""
"""Which projector has a read model, and until when others leave that to it."""

ATTEMPTS = """
CREATE TABLE attempts (
    id bigserial PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    version bigint NOT NULL,
    actor text NOT NULL,
    request text NOT NULL,
    code text NOT NULL,
    wanted bytea NOT NULL,
    about bytea NOT NULL
);
CREATE INDEX attempts_by_order ON attempts (order_id, at);
CREATE INDEX attempts_by_age ON attempts (at);
"""
"""What was refused, for thirty days: not part of the log."""

GENERATIONS = """
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT name, generation FROM read_models LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', each.name || '_' || each.generation);
    END LOOP;
END $$;
DELETE FROM read_models;
ALTER TABLE read_models
    ADD COLUMN shape text NOT NULL, ADD COLUMN code text, ADD COLUMN target bigint;
CREATE TABLE read_model_ranges (
    name text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    number bigint NOT NULL,
    lower text COLLATE "C" NOT NULL,
    upper text COLLATE "C",
    facts bigint,
    PRIMARY KEY (name, generation, number),
    FOREIGN KEY (name, generation) REFERENCES read_models ON DELETE CASCADE
);
CREATE TABLE read_model_generations (
    name text COLLATE "C" PRIMARY KEY,
    last bigint NOT NULL
);
"""
"""The read models are filled again: what their tables look like was not known before. `target` is
the position up to which a generation is being made, by `code`; it is null once that is done.
`facts` is null for a range that is not loaded yet. `last` is the highest number that a generation
ever had: one is never given twice, so that a process that is late cannot write into another one."""


def chain_events(connection: Connection) -> None:
    """Give every event its hash, over its predecessor's (`application/event_log/hash_chain.py`)."""
    connection.execute("ALTER TABLE orders_events ADD COLUMN hash bytea NOT NULL DEFAULT ''")
    place: tuple[str, int] = ("", 0)
    heads: dict[str, bytes] = {}
    while True:
        rows = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM orders_events"
            " WHERE (originator_id, originator_version) > (%s, %s)"
            " ORDER BY originator_id, originator_version LIMIT 5000",
            place,
        ).fetchall()
        if not rows:
            return
        hashes = links([StoredEvent(*row) for row in rows], heads)
        connection.execute(
            "UPDATE orders_events e SET hash = w.hash"
            " FROM unnest(%s::text[], %s::bigint[], %s::bytea[]) AS w (id, version, hash)"
            " WHERE e.originator_id = w.id AND e.originator_version = w.version",
            ([row[0] for row in rows], [row[1] for row in rows], hashes),
        )
        place = (rows[-1][0], rows[-1][1])
        heads = {place[0]: hashes[-1]}


CHECKPOINTS = """
CREATE TABLE checkpoints (
    number bigint PRIMARY KEY,
    statement bytea NOT NULL,
    signature bytea NOT NULL
);
INSERT INTO counters VALUES ('checkpointing', 0);
CREATE TABLE witness (
    position bigint NOT NULL,
    checkpoint bigint NOT NULL
);
INSERT INTO witness VALUES (0, 0);
CREATE TABLE heads (
    order_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    trail bytea NOT NULL
);
CREATE TABLE drawers (
    name text COLLATE "C" PRIMARY KEY,
    orders bigint NOT NULL,
    facts bigint NOT NULL,
    digest bytea
);
CREATE INDEX drawers_unsealed ON drawers (name) WHERE digest IS NULL;
"""
"""`checkpointing` is until when (milliseconds) a process has the making of the next one.
Recorded heads: how all orders' chains ended at a position, and the highest number of a checkpoint
that was kept meanwhile; `digest` is null for a bucket whose
heads have changed since it was worked out."""

WATCHED = """
CREATE TABLE verification (
    id bigint PRIMARY KEY CHECK (id = 1),
    at bigint NOT NULL,
    took bigint NOT NULL,
    position bigint NOT NULL,
    facts bigint NOT NULL,
    findings bigint NOT NULL,
    oversold bigint NOT NULL
);
ALTER TABLE read_models ADD COLUMN stopped_since bigint;
"""
"""What came of the last verification of the log; and since when (milliseconds) a read model stands
still, which means nothing for one that does not."""

LOG_IDENTITY = """
CREATE TABLE log_identity (id text NOT NULL);
INSERT INTO log_identity VALUES (replace(gen_random_uuid()::text, '-', ''));
"""
"""The log's own id, by which read models, consumers and backups know it."""

SEEN = """
ALTER TABLE read_models ADD COLUMN log text NOT NULL DEFAULT '',
    ADD COLUMN hash bytea NOT NULL DEFAULT '', ADD COLUMN awaited bigint NOT NULL DEFAULT 0;
CREATE TABLE seen (
    id bigint PRIMARY KEY CHECK (id = 1),
    log text NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE setbacks (
    id text COLLATE "C" PRIMARY KEY,
    at bigint NOT NULL,
    seen_by text NOT NULL,
    log text NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    found_log text NOT NULL,
    found_position bigint NOT NULL,
    acknowledged_at bigint,
    acknowledged_by text,
    reason text,
    checkpoint bigint
);
"""
"""Which event of which log a generation shows last, and up to which position one that was begun
anew is not read; how far the log was seen; and when it was found to have gone back, who
acknowledged that, and which checkpoint names it."""
DIGESTED_REQUESTS = f"""
ALTER TABLE requests RENAME TO requests_by_key;
CREATE TABLE requests (
    digest bytea PRIMARY KEY,
    fingerprint bytea NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    at bigint NOT NULL
);
INSERT INTO requests
    SELECT sha256('\\x{DOMAIN.hex()}'::bytea
        || int4send(octet_length(p)) || p || int4send(octet_length(k)) || k),
        fingerprint, order_id, version, at
    FROM requests_by_key,
        LATERAL (SELECT convert_to(partner, 'UTF8') p, convert_to(key, 'UTF8') k) utf8;
DROP TABLE requests_by_key;
INSERT INTO counters
    SELECT '{PROVEN_FROM}', coalesce(max(notification_id), 0) FROM orders_events;
"""  # noqa: S608 - our own words
"""Idempotency records are named by their keys' digests: `event_log/idempotency.py`, in SQL."""

TICKET_LISTS = """
CREATE TABLE ticket_lists (
    show_id text COLLATE "C" PRIMARY KEY,
    tickets bytea NOT NULL
);
"""
"""Which tickets each show has, as the catalogue made them (`application/ports/ticket_lists.py`)."""


def list_tickets(connection: Connection) -> None:
    """List the tickets that there are: from now on they are held against the lists."""
    connection.execute(TICKET_LISTS.encode())
    shows = connection.execute("SELECT DISTINCT show_id FROM tickets").fetchall()
    for (show,) in shows:
        rows = connection.execute(
            "SELECT id, set_id, number, seat FROM tickets WHERE show_id = %s", (show,)
        ).fetchall()
        tickets = [(row[0], row[1], row[2], row[3]) for row in rows]
        connection.execute("INSERT INTO ticket_lists VALUES (%s, %s)", (show, packed(tickets)))


STEPS: Mapping[int, Step] = MappingProxyType(
    {
        2: PROJECTORS,
        3: ATTEMPTS,
        4: GENERATIONS,
        5: chain_events,
        6: CHECKPOINTS,
        7: WATCHED,
        8: LOG_IDENTITY,
        9: SEEN,
        10: DIGESTED_REQUESTS,
        11: list_tickets,
        12: ACCESS,
        13: GATEWAY_NOTICES,
        14: NOTICES_BY_ORDER,
        15: WEBHOOKS,
    }
)
"""How each layout is made of the one before it: by SQL, or by a function that gets the connection.

A new database is laid out by the same steps. A step that was released is never changed; what
comes later is a step of its own.
"""

LAYOUT = max(STEPS)


def lay_out(connection: Connection) -> None:
    """Bring the tables to this version's layout; other processes may be doing the same.

    `connection` is in autocommit mode. Raises `LayoutTooNew`, `StoreUnavailable`.
    """
    try:
        if layout_of(connection) != LAYOUT:
            with _alone(connection), connection.transaction():
                _take_steps(connection)
            reach("upgrade.after_commit")
    except psycopg.Error as error:
        raise unavailable(error) from error


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold the layout's lock for the session.

    A transaction that waited for it would see the old tables.
    """
    for name in ("lock_timeout", "statement_timeout"):
        connection.execute("SELECT set_config(%s, %s, false)", (name, WAIT))
    connection.execute("SELECT pg_advisory_lock(%s, %s)", LAYOUT_LOCK)
    connection.execute("SELECT set_config('statement_timeout', '0', false)")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", LAYOUT_LOCK)


def _take_steps(connection: Connection) -> None:
    """Take the steps that are missing, in one transaction."""
    known = layout_of(connection)
    if known is None:
        connection.execute(TABLES.encode())
        known = 1
    if known > LAYOUT:
        raise LayoutTooNew(known, LAYOUT)
    for number in range(known + 1, LAYOUT + 1):
        step = STEPS[number]
        if isinstance(step, str):
            connection.execute(step.encode())
        else:
            step(connection)
        reach("upgrade.step")
    connection.execute("UPDATE counters SET value = %s WHERE name = 'layout'", (LAYOUT,))
    reach("upgrade.before_commit")


def layout_of(connection: Connection) -> int | None:
    """The number of a database's layout; None for a database without our tables."""
    found = connection.execute("SELECT to_regclass('counters')::text").fetchone()
    if found is None or found[0] is None:
        return None
    row = connection.execute("SELECT value FROM counters WHERE name = 'layout'").fetchone()
    return None if row is None else int(row[0])


def is_unfinished_copy(connection: Connection) -> bool:
    """Whether a database that is laid out is a copy that was begun and not finished."""
    found = connection.execute("SELECT 1 FROM counters WHERE name = 'copying'").fetchone()
    return found is not None
