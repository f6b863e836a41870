"""Where the embedded store keeps that its log went back: in the log's file and beside it.

The log's file may be put back once more, the one beside it may be deleted; what either of them has
is known.
"""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import astuple

from application.ports.integrity_records import Setback

SEEN = "SELECT log, position, CAST(hash AS BLOB) FROM seen"
ALL = "SELECT * FROM setbacks"
PUT = "INSERT OR REPLACE INTO setbacks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def put(connection: sqlite3.Connection, setback: Setback) -> None:
    """Keep a setback in the place of the one with its id."""
    connection.execute(PUT, astuple(setback))


def merged(*connections: sqlite3.Connection) -> Sequence[Setback]:
    """The setbacks of all files, oldest first, each as the one has it that knows most of it."""
    found: dict[str, Setback] = {}
    for connection in connections:
        for each in (Setback(*row) for row in connection.execute(ALL)):
            if each.id not in found or _known(found[each.id]) < _known(each):
                found[each.id] = each
    return sorted(found.values(), key=lambda each: (each.at, each.id))


def _known(setback: Setback) -> tuple[bool, bool]:
    return (not setback.is_open, setback.checkpoint is not None)
