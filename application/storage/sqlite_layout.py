"""The tables of the embedded store, and the number that names their layout."""

LAYOUT = 1

LOG = """
CREATE TABLE IF NOT EXISTS orders_events (
    rowid INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version)
);
CREATE TABLE IF NOT EXISTS requests (
    partner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    order_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (partner, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tickets (
    id TEXT PRIMARY KEY,
    show_id TEXT NOT NULL,
    set_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    seat BLOB NOT NULL,
    shuffle INTEGER NOT NULL,
    order_id TEXT,
    held_till INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tickets_by_show ON tickets (show_id, number);
CREATE INDEX IF NOT EXISTS tickets_vacant ON tickets (set_id, shuffle) WHERE order_id IS NULL;
CREATE INDEX IF NOT EXISTS tickets_held ON tickets (set_id, held_till, order_id)
    WHERE held_till IS NOT NULL;
CREATE TABLE IF NOT EXISTS catalog (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT OR IGNORE INTO counters VALUES ('layout', {layout}), ('catalog', 0), ('number', {number});
"""
"""`shuffle` is a random place among the tickets of a set: a pick starts at a random place there.
A ticket without an order is vacant; with one it is held until `held_till` (milliseconds since
the epoch), or sold when that is NULL."""

READ_MODELS = """
CREATE TABLE IF NOT EXISTS read_models (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    live INTEGER NOT NULL,
    stopped TEXT,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID;
"""
