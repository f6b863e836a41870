"""The embedded store's integrity records: checkpoints, recorded heads, verifications.

Checkpoints are in the log's file. The recorded heads have a file of their own: it can be made again
from the log, and somebody who rewrites the log has to find it, too.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog

from application.ports.integrity_records import Setback, SignedCheckpoint
from application.runtime.clock import to_ms
from application.runtime.failpoints import reach
from application.storage.shared.integrity_records import IntegrityTables
from application.storage.sqlite import setbacks
from application.storage.sqlite.connections import Connections
from application.storage.sqlite.damage import (
    alone,
    files_set_aside,
    healed,
    is_cut_off,
    is_damage,
    set_aside,
)
from application.storage.sqlite.database import SqliteDatabase, SqliteSession
from application.storage.sqlite.generations import transaction
from application.storage.sqlite.layout import RECORDED_HEADS, lay_out
from application.storage.sqlite.repair import inode_of

log = structlog.get_logger()


class HeadsDatabase(SqliteDatabase):
    """Opens transactions of the file of recorded heads, on the calling thread's connection."""

    @contextmanager
    def snapshot(self) -> Iterator[SqliteSession]:
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            yield SqliteSession(connection)
        finally:
            connection.execute("COMMIT")


class SqliteAudit(IntegrityTables):
    """The port `AuditRecords` (`application/ports/integrity_records.py`) on SQLite files."""

    def __init__(
        self,
        database: SqliteDatabase,
        heads_path: str,
        belong: Callable[[sqlite3.Connection, str], None],
        clock: Callable[[], datetime],
    ) -> None:
        """Keep checkpoints in the log's `database`, and the recorded heads in `heads_path`.

        `belong` stores the log's id in the file of recorded heads, or refuses the file.
        """
        heads = HeadsDatabase(heads_path, lambda: self._heads_db, self._heads_transaction)
        super().__init__(database, heads)
        self._clock = clock
        self._connections = Connections(heads_path, "NORMAL")
        self._belong = belong
        self._heads_path = heads_path
        self._laid_out = False
        self._inode: int | None = None

    def heal(self, error: Exception, *_: Any) -> bool:
        """Set a damaged file of recorded heads aside, to be made anew; True if that was done.

        Verification relies on the recorded heads: it names the damaged file until somebody has
        taken it away.
        """
        if not is_damage(error, self._heads_path):
            return False
        with alone(self._heads_path):
            is_ours = not self._laid_out or inode_of(self._heads_path) == self._inode
            if is_ours and os.path.lexists(self._heads_path):
                self._set_recorded_heads_aside(str(error))
            self._connections.renew()
            self._laid_out = False
        return True

    def recorded_heads_set_aside(self) -> Sequence[str]:
        """The damaged files of recorded heads that nobody has taken away yet."""
        return files_set_aside(self._heads_path)

    @property
    def _heads_db(self) -> sqlite3.Connection:
        """The file of recorded heads. It is made at its first use, and again if it was removed."""
        if inode_of(self._heads_path) != self._inode:
            self._connections.renew()
            self._laid_out = False
        if not self._laid_out:
            with alone(self._heads_path):
                self._open_recorded_heads()
        return self._connections.mine

    @contextmanager
    def _heads_transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._heads_db
        with transaction(connection):
            yield connection

    def _open_recorded_heads(self) -> None:
        """Lay out the recorded heads.

        An empty file is a damaged one; a new one is laid out at once.
        """
        if is_cut_off(self._heads_path):
            self._set_recorded_heads_aside("it is empty")
        lay_out(self._connections.mine, RECORDED_HEADS)
        self._belong(self._connections.mine, self._heads_path)
        self._laid_out = True
        self._inode = inode_of(self._heads_path)

    def _set_recorded_heads_aside(self, reason: str) -> None:
        log.error("witness_lost", reason=reason)
        set_aside(self._heads_path, reason)

    def gaps(self, till: int, most: int) -> Sequence[tuple[int, int]]:
        """Positions without an event, except for those that a copied log came with."""
        rows = self._database.rows("SELECT value FROM counters WHERE name = 'copied_till'")
        start = rows[0][0] if rows else 0
        return self._database.rows(
            "SELECT before + 1, position - 1 FROM (SELECT rowid AS position,"
            " lag(rowid, 1, ?) OVER (ORDER BY rowid) AS before"
            " FROM orders_events WHERE rowid > ? AND rowid <= ?)"
            " WHERE position > before + 1 LIMIT ?",
            (start, start, till, most),
        )

    # What is in the file of recorded heads.

    recorded = healed(IntegrityTables.recorded)
    recorded_checkpoint = healed(IntegrityTables.recorded_checkpoint)
    heads = healed(IntegrityTables.heads)
    heads_of_range = healed(IntegrityTables.heads_of_range)
    record_heads = healed(IntegrityTables.record_heads)
    unfinalised = healed(IntegrityTables.unfinalised)
    finalise = healed(IntegrityTables.finalise)
    buckets = healed(IntegrityTables.buckets)
    forget_recorded_heads = healed(IntegrityTables.forget_recorded_heads)
    restart_recorded_heads = healed(IntegrityTables.restart_recorded_heads)
    seen = healed(IntegrityTables.seen)
    see = healed(IntegrityTables.see)
    note_verification = healed(IntegrityTables.note_verification)
    last_verification = healed(IntegrityTables.last_verification)

    @healed
    def setbacks(self) -> Sequence[Setback]:
        """All setbacks of both files, oldest first, each in its latest state."""
        return setbacks.merged(self._heads_database, self._database)

    @healed
    def note_setback(self, setback: Setback) -> None:
        """Store a setback in both files."""
        for database in (self._heads_database, self._database):
            setbacks.put(database, setback)

    # Checkpoints.

    def claim(self, seconds: float) -> bool:
        moment = to_ms(self._clock())
        till = moment + int(seconds * 1000)
        with self._database.transaction() as session:
            claimed = session.run(
                "UPDATE counters SET value = ? WHERE name = 'checkpointing'"
                " AND value NOT BETWEEN ? AND ?",
                (till, moment, till),
            )
        return claimed == 1

    def release(self) -> None:
        with self._database.transaction() as session:
            session.run("UPDATE counters SET value = 0 WHERE name = 'checkpointing'")

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> bool:
        with self._database.transaction() as session:
            added = session.run(
                "INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?)",
                (checkpoint.number, checkpoint.statement, checkpoint.signature),
            )
        if added != 1:
            return False
        reach("checkpoint.stored")
        self._note_checkpoint(checkpoint.number)
        return True

    @healed
    def _note_checkpoint(self, number: int) -> None:
        self._heads_db.execute("UPDATE witness SET checkpoint = max(checkpoint, ?)", (number,))

    def close(self) -> None:
        """Close the connections to the recorded heads."""
        self._connections.close()
