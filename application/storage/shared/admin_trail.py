"""The administrative trail: a table whose rows are chained by their hashes."""

from collections.abc import Sequence

from application.event_log.admin_trail import FIRST_HASH, hash_of
from application.ports.admin_trail import Deed, TrailEntry
from application.runtime.clock import from_ms, to_ms
from application.storage.shared.database import Database, Session


class AdminTrail:
    """The port `TrailRecords` (`application/ports/admin_trail.py`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, deed: Deed) -> None:
        """Add a deed, in a transaction of its own."""
        with self._database.transaction() as session:
            record(session, deed)

    def entries(self, after: int = 0, limit: int = 1000) -> Sequence[TrailEntry]:
        """At most `limit` entries with a number beyond `after`, by number."""
        rows = self._database.rows(
            "SELECT number, at, actor, action, about, hash FROM admin_trail"
            " WHERE number > ? ORDER BY number LIMIT ?",
            (after, limit),
        )
        return [
            TrailEntry(row[0], Deed(from_ms(row[1]), row[2], row[3], bytes(row[4])), bytes(row[5]))
            for row in rows
        ]

    def last(self) -> tuple[int, bytes]:
        """The number and hash of the last entry; 0 and the first hash for none."""
        return _last(
            self._database.rows("SELECT number, hash FROM admin_trail ORDER BY number DESC LIMIT 1")
        )

    def counted(self) -> int:
        """How many entries were made in this database; copied ones are not among them."""
        return int(self._database.rows("SELECT value FROM counters WHERE name = 'trail'")[0][0])


def record(session: Session, deed: Deed) -> None:
    """Add a deed in an open transaction. Counting up first lets nobody else add one meanwhile."""
    session.run("UPDATE counters SET value = value + 1 WHERE name = 'trail'")
    number, previous = _last(
        session.rows("SELECT number, hash FROM admin_trail ORDER BY number DESC LIMIT 1")
    )
    number += 1
    session.run(
        "INSERT INTO admin_trail (number, at, actor, action, about, hash)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            number,
            to_ms(deed.at),
            deed.actor,
            deed.action,
            deed.about,
            hash_of(number, deed, previous),
        ),
    )


def _last(rows: Sequence[tuple[int, bytes]]) -> tuple[int, bytes]:
    return (int(rows[0][0]), bytes(rows[0][1])) if rows else (0, FIRST_HASH)
