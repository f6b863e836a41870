"""The list of read models and their generations."""

import sqlite3
from typing import Any

PROJECTOR = (
    "SELECT generation, CASE WHEN fed_till > ? THEN feeder END, stopped_since,"
    " coalesce(target, 0), awaited"
    " FROM read_models WHERE "
)
LEASE = (
    "UPDATE read_models SET feeder = ?, fed_till = ? WHERE name = ? AND live"
    " AND (feeder IS NULL OR feeder = ? OR fed_till NOT BETWEEN ? AND ?)"
)
"""A lease that ends later than any lease can was made by a clock that was wrong."""

SWAP = (
    "UPDATE read_models SET live = NOT live, target = NULL, (feeder, fed_till) ="
    " (SELECT feeder, fed_till FROM read_models WHERE name = ? AND live)"
    " WHERE name = ? AND (live OR generation = ?)"
)
ADD = "INSERT INTO read_models (name, generation, live, shape, code, target)"
LEASED = "SELECT feeder, fed_till FROM read_models WHERE name = ? AND generation = ? AND live"
NEXT = (
    "INSERT INTO generations VALUES (?, 1)"
    " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last"
)


def live_generation(db: sqlite3.Connection, name: str) -> int | None:
    """The number of a read model's live generation, if it is listed."""
    statement = "SELECT generation FROM read_models WHERE name = ? AND live"
    row = db.execute(statement, (name,)).fetchone()
    return None if row is None else int(row[0])


def next_generation(db: sqlite3.Connection, name: str) -> int:
    """A number that no generation of the read model has ever had. Needs an open transaction."""
    return int(db.execute(NEXT, (name,)).fetchone()[0])


def forget(db: sqlite3.Connection, condition: str, *values: Any) -> list[int]:
    """Remove generations from the list, in the open transaction; return their numbers."""
    statement = f"DELETE FROM read_models WHERE {condition} RETURNING generation"  # noqa: S608 - our own words
    return [row[0] for row in db.execute(statement, values).fetchall()]


def is_listed(db: sqlite3.Connection, name: str, generation: int) -> bool:
    """Whether a generation is on the list."""
    statement = "SELECT 1 FROM read_models WHERE name = ? AND generation = ?"
    return db.execute(statement, (name, generation)).fetchone() is not None
