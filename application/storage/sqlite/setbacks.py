"""Stores that a log went back: in the log's file, and in the file beside it.

The log's file may be restored again, and the file beside it may be deleted: the other one still
knows.
"""

from collections.abc import Sequence

from msgspec.structs import astuple

from application.ports.integrity_records import Setback
from application.storage.shared.database import Database

PUT = "INSERT OR REPLACE INTO setbacks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def put(database: Database, setback: Setback) -> None:
    """Insert a setback, or replace the one with its id."""
    with database.transaction() as session:
        session.run(PUT, astuple(setback))


def merged(*databases: Database) -> Sequence[Setback]:
    """The setbacks of all files, oldest first; of each, the most complete record."""
    found: dict[str, Setback] = {}
    for database in databases:
        for each in (Setback(*row) for row in database.rows("SELECT * FROM setbacks")):
            if each.id not in found or _known(found[each.id]) < _known(each):
                found[each.id] = each
    return sorted(found.values(), key=lambda each: (each.at, each.id))


def _known(setback: Setback) -> tuple[bool, bool]:
    return (not setback.is_open, setback.checkpoint is not None)
