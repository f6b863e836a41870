"""Databases as the first version laid them out, with an order in them. Never edited."""

import sqlite3
from contextlib import closing

import psycopg

SQLITE_LOG = """
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
INSERT INTO counters VALUES ('layout', 1), ('catalog', 0), ('number', 497291902);
"""

SQLITE_VIEWS = """
CREATE TABLE read_models (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    live INTEGER NOT NULL,
    stopped TEXT,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID;
CREATE TABLE orders_1 (key TEXT PRIMARY KEY, vendor TEXT, number INTEGER, document BLOB NOT NULL)
    WITHOUT ROWID;
"""

POSTGRES = """
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
CREATE SEQUENCE orders_numbers START 497291903;
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
    SELECT coalesce(array_agg(virtualtransaction), '{}') INTO appending FROM pg_locks
        WHERE locktype = 'advisory' AND granted
        AND classid = 1330792514 AND objid = 1 AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
END $$;
CREATE TABLE orders_1 (
    key text COLLATE "C" PRIMARY KEY,
    vendor text COLLATE "C",
    number bigint,
    document bytea NOT NULL
);
"""

EVENTS = [
    ("a", 1, "OrderCreated.1", b'{"n": 1}'),
    ("b", 1, "OrderCreated.1", b"\x00\xff"),
    ("a", 2, "CustomerSet.1", b"{}"),
]
REQUEST = ("partner", "key-1", b"\x01\xff", "a", 2, 1_906_545_600_000)
TICKETS = [
    ("parterre-1", "show", "parterre", 1, b'{"row": 1}', 17, "a", 1_906_546_200_000),
    ("parterre-2", "show", "parterre", 2, b'{"row": 1}', 5, None, None),
]
DOCUMENT = ("event", "show", b'{"id": "show"}')
MODEL = ("orders", 1, 3)
MODEL_ROW = ("a", "vendor", 7, b'{"id": "a"}')


def lay_out_sqlite(path):
    with closing(sqlite3.connect(path)) as log:
        log.executescript("PRAGMA journal_mode=WAL;" + SQLITE_LOG)
        log.executemany("INSERT INTO orders_events VALUES (NULL, ?, ?, ?, ?)", EVENTS)
        log.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", REQUEST)
        log.executemany("INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", TICKETS)
        log.execute("INSERT INTO catalog VALUES (?, ?, ?)", DOCUMENT)
        log.commit()
    with closing(sqlite3.connect(path + "-views")) as views:
        views.executescript("PRAGMA journal_mode=WAL;" + SQLITE_VIEWS)
        views.execute("INSERT INTO read_models VALUES (?, ?, ?, 1, NULL)", MODEL)
        views.execute("INSERT INTO orders_1 VALUES (?, ?, ?, ?)", MODEL_ROW)
        views.commit()


def lay_out_postgres(url):
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(POSTGRES)
        cursor.executemany("INSERT INTO orders_events VALUES (%s, %s, %s, %s)", EVENTS)
        cursor.execute("INSERT INTO requests VALUES (%s, %s, %s, %s, %s, %s)", REQUEST)
        cursor.executemany("INSERT INTO tickets VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", TICKETS)
        cursor.execute("INSERT INTO catalog VALUES (%s, %s, %s)", DOCUMENT)
        cursor.execute("INSERT INTO read_models VALUES (%s, %s, %s, true, NULL)", MODEL)
        cursor.execute("INSERT INTO orders_1 VALUES (%s, %s, %s, %s)", MODEL_ROW)
