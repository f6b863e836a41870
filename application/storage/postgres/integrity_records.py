"""PostgreSQL's integrity records: everything is in the one database."""

from collections.abc import Sequence

from msgspec.structs import astuple

from application.ports.integrity_records import Setback, SignedCheckpoint
from application.runtime.failpoints import reach
from application.storage.postgres.connections import Readers
from application.storage.postgres.database import PostgresDatabase
from application.storage.shared.integrity_records import IntegrityTables

CLAIM = (
    "UPDATE counters SET value = w.now + %(most)s"
    " FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now) w"
    " WHERE name = 'checkpointing' AND value NOT BETWEEN w.now AND w.now + %(most)s RETURNING 1"
)
PUT_SETBACK = (
    "INSERT INTO setbacks VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (id) DO UPDATE SET"
    " (acknowledged_at, acknowledged_by, reason, checkpoint) = (excluded.acknowledged_at,"
    " excluded.acknowledged_by, excluded.reason, excluded.checkpoint) RETURNING 1"
)


class PostgresAudit(IntegrityTables):
    """The port `AuditRecords` (`application/ports/integrity_records.py`) on PostgreSQL."""

    def __init__(self, readers: Readers, database: PostgresDatabase) -> None:
        super().__init__(database, database)
        self._readers = readers

    def gaps(self, till: int, most: int) -> Sequence[tuple[int, int]]:  # noqa: ARG002 - the port's
        """None: a position that was assigned to an append that rolled back stays empty for good."""
        return ()

    def recorded_heads_set_aside(self) -> Sequence[str]:
        """None: the recorded heads are in the database itself."""
        return ()

    def setbacks(self) -> Sequence[Setback]:
        rows = self._readers.rows("SELECT * FROM setbacks ORDER BY at, id")
        return [Setback(*row) for row in rows]

    def note_setback(self, setback: Setback) -> None:
        self._readers.rows(PUT_SETBACK, astuple(setback))

    def claim(self, seconds: float) -> bool:
        """Claim the making of the next checkpoint, for so long by the server's clock."""
        return bool(self._readers.rows(CLAIM, {"most": int(seconds * 1000)}))

    def release(self) -> None:
        self._readers.rows("UPDATE counters SET value = 0 WHERE name = 'checkpointing' RETURNING 1")

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> bool:
        with self._readers.acknowledged() as connection:
            added = connection.execute(
                "INSERT INTO checkpoints VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (checkpoint.number, checkpoint.statement, checkpoint.signature),
            )
            connection.execute(
                "UPDATE witness SET checkpoint = greatest(checkpoint, %s)", (checkpoint.number,)
            )
        reach("checkpoint.stored")
        return added.rowcount == 1
