"""The tables of a PostgreSQL database, and the number that names their layout."""

from application.numbers import FIRST_NUMBER
from application.storage.postgres_connections import Connection
from application.storage.postgres_keys import LAYOUT_LOCK, LOG_LOCK

LAYOUT = 1

WAIT = "60s"
"""How long one process waits for another to make the tables."""


class LayoutTooNew(Exception):
    """The database was laid out by a later version of this service."""


LOG = f"""
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
INSERT INTO counters VALUES ('layout', {LAYOUT}), ('catalog', 0);
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
"""`shuffle` is a random place among the tickets of a set: a pick starts at a random place there.
A ticket without an order is vacant; with one it is held until `held_till` (milliseconds since
the epoch), or sold when that is null. `orders_horizon` must read the sequence before the locks:
see `postgres_positions.py`."""


def lay_out(connection: Connection) -> None:
    """Make the tables if there are none, whoever else may be starting at this moment.

    `connection` is in autocommit mode. Raises `LayoutTooNew`.
    """
    known = layout_of(connection)
    if known is None:
        known = _lay_out_alone(connection)
    if known > LAYOUT:
        raise LayoutTooNew(
            f"The database has layout {known}; this version of orderlog knows up to {LAYOUT}."
            " Use the version that the other processes use."
        )


def _lay_out_alone(connection: Connection) -> int:
    """Make the tables unless another process comes first; return the layout's number.

    The lock is the session's: a transaction that waited for it would not see the new tables.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (WAIT,))
    connection.execute("SELECT set_config('statement_timeout', %s, false)", (WAIT,))
    connection.execute("SELECT pg_advisory_lock(%s, %s)", LAYOUT_LOCK)
    known = layout_of(connection)
    if known is None:
        with connection.transaction():
            connection.execute(LOG.encode())
        known = LAYOUT
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", LAYOUT_LOCK)
    return known


def layout_of(connection: Connection) -> int | None:
    """The number of a database's layout; None for a database without our tables."""
    found = connection.execute("SELECT to_regclass('counters')::text").fetchone()
    if found is None or found[0] is None:
        return None
    row = connection.execute("SELECT value FROM counters WHERE name = 'layout'").fetchone()
    return None if row is None else int(row[0])
