"""The tables of the files beside the log, and the steps from one layout to the next.

One companion has the list of read models, the other the recorded chain heads. A step that was
released is never changed; what comes later is a step of its own.
"""

import sqlite3

from application.storage.sqlite.generations import add_point
from application.storage.sqlite.script import run

LOG_IDENTITY = "CREATE TABLE log_identity (id TEXT NOT NULL);"
"""In a companion: the id of the log that it belongs to (`file_identity.py`)."""

SEEN = """
CREATE TABLE seen (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    log TEXT NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL
);
"""
"""Up to which position the log was seen, and which event was there."""

RECORDED_HEADS_TABLES = """
CREATE TABLE witness (
    position INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL
);
INSERT INTO witness VALUES (0, 0);
CREATE TABLE heads (
    order_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    hash BLOB NOT NULL,
    trail BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE drawers (
    name TEXT PRIMARY KEY,
    orders INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    digest BLOB
) WITHOUT ROWID;
CREATE INDEX drawers_unsealed ON drawers (name) WHERE digest IS NULL;
"""
"""How all orders' chains ended at a position, and the highest number of a checkpoint that was kept
meanwhile. `digest` is null for a bucket whose heads have
changed since it was worked out."""

VERIFICATION = """
CREATE TABLE verification (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL,
    took INTEGER NOT NULL,
    position INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    oversold INTEGER NOT NULL
);
"""
"""The outcome of the last verification of the log."""

VIEWS_TABLES = """
CREATE TABLE read_models (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    live INTEGER NOT NULL,
    stopped TEXT,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID;
"""
"""Layout 1."""

PROJECTORS = """
ALTER TABLE read_models ADD COLUMN feeder TEXT;
ALTER TABLE read_models ADD COLUMN fed_till INTEGER;
"""
"""The projector that leases a read model, and until when (milliseconds since the epoch)."""


GENERATIONS = """
CREATE TABLE read_models (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    live INTEGER NOT NULL,
    shape TEXT NOT NULL,
    code TEXT,
    target INTEGER,
    feeder TEXT,
    fed_till INTEGER,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID;
CREATE TABLE generations (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;
"""
"""Each generation has a file of its own, with its rows and its position (`generations.py`).
`target` is the position up to which one is being made, by `code`; it is null once that is done.
`last` is the highest number that a generation ever had: one is never given twice, so that a process
that is late cannot write into another generation than it meant."""


STOPPED_SINCE = """
ALTER TABLE read_models ADD COLUMN stopped_since INTEGER;
"""
"""Since when (milliseconds since the epoch) a read model is stopped. It means nothing for one that
runs."""


AWAITED = """
ALTER TABLE read_models ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0;
"""
"""Up to which position a read model that was begun anew must not be read."""


def add_points(connection: sqlite3.Connection) -> None:
    """Have each generation record which event of which log is at its position."""
    run(connection, AWAITED)
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    for name, generation in connection.execute("SELECT name, generation FROM read_models"):
        add_point(f"{path}-{name}-{generation}")


def begin_read_models_anew(connection: sqlite3.Connection) -> None:
    """Drop what was made from the log: the read models are filled again."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in tables:
        connection.execute(f"DROP TABLE {name}")
    run(connection, GENERATIONS)
