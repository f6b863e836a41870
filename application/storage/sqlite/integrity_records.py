"""The embedded store's integrity records: checkpoints, recorded heads, verifications.

Checkpoints are in the log's file. The recorded heads have a file beside it: it can be made anew
from the log, and whoever changes the log has to think of it.
"""

import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import structlog
from msgspec.structs import astuple

from application.ports.integrity_records import (
    Bucket,
    Head,
    Link,
    LinkRow,
    Setback,
    SignedCheckpoint,
    Verification,
    bucket_of,
)
from application.ports.log_point import LogPoint
from application.ports.partitions import Range
from application.runtime.clock import to_ms
from application.runtime.failpoints import reach
from application.storage.sqlite import setbacks
from application.storage.sqlite.batch import as_json
from application.storage.sqlite.connections import Connections, connect
from application.storage.sqlite.damage import (
    alone,
    files_set_aside,
    healed,
    is_cut_off,
    is_damage,
    set_aside,
)
from application.storage.sqlite.generations import transaction
from application.storage.sqlite.layout import RECORDED_HEADS, lay_out
from application.storage.sqlite.repair import inode_of

EVENT = (
    "CASE typeof(originator_id) WHEN 'text' THEN originator_id ELSE hex(originator_id) END,"
    " CAST(originator_version AS INTEGER), CAST(topic AS TEXT),"
    " CAST(state AS BLOB), rowid, CAST(hash AS BLOB)"
)
HEAD = "order_id, CAST(version AS INTEGER), CAST(hash AS BLOB), CAST(trail AS BLOB)"
CHECKPOINT = "number, CAST(statement AS BLOB), CAST(signature AS BLOB)"
"""SQLite keeps values of any type in any column: whoever changes them need not keep to ours."""

log = structlog.get_logger()

STANDS = "SELECT position FROM witness"


class SqliteAudit:
    """The port `AuditRecords` (`application/ports/integrity_records.py`) on SQLite files."""

    def __init__(
        self,
        path: str,
        heads_path: str,
        belong: Callable[[sqlite3.Connection, str], None],
        reader: Callable[[], sqlite3.Connection],
        transaction_of_log: Callable[[], AbstractContextManager[sqlite3.Connection]],
        clock: Callable[[], datetime],
    ) -> None:
        """Read the log at `path`; `reader` is this thread's connection to it.

        `belong` writes the log's id into the file of recorded heads, or refuses the file.
        """
        self._clock = clock
        self._path = path
        self._reader = reader
        self._transaction = transaction_of_log
        self._connections = Connections(heads_path, "NORMAL")
        self._belong = belong
        self._heads_path = heads_path
        self._laid_out = False
        self._inode: int | None = None

    def heal(self, error: Exception, *_: Any) -> bool:
        """Set a damaged file of recorded heads aside, to be made anew; True if that was done.

        It is a memory that verification relies on: from then on that names the file, until
        somebody has looked at it and taken it away.
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
        """The file of recorded heads, made at its first use, and again when it was removed."""
        if inode_of(self._heads_path) != self._inode:
            self._connections.renew()
            self._laid_out = False
        if not self._laid_out:
            with alone(self._heads_path):
                self._open_recorded_heads()
        return self._connections.mine

    def _open_recorded_heads(self) -> None:
        """Lay out the recorded heads. An empty file was cut off: a new one is not there yet."""
        if is_cut_off(self._heads_path):
            self._set_recorded_heads_aside("it is empty")
        lay_out(self._connections.mine, RECORDED_HEADS)
        self._belong(self._connections.mine, self._heads_path)
        self._laid_out = True
        self._inode = inode_of(self._heads_path)

    def _set_recorded_heads_aside(self, reason: str) -> None:
        log.error("witness_lost", reason=reason)
        set_aside(self._heads_path, reason)

    @contextmanager
    def chains(self, partition: Range) -> Iterator[Iterator[LinkRow]]:
        """The events of a range of orders, by order and version, as they are at one moment."""
        where, values = _within("originator_id", partition)
        connection = connect(self._path, "FULL")
        try:
            yield connection.execute(
                f"SELECT {EVENT} FROM orders_events"  # noqa: S608 - our own words
                f" WHERE {where} ORDER BY originator_id, originator_version",
                values,
            )
        finally:
            connection.close()

    def links(self, orders: Sequence[str], till: int) -> Mapping[str, Sequence[Link]]:
        """By order, its events with positions up to `till`, by version."""
        found: defaultdict[str, list[Link]] = defaultdict(list)
        for order, version, own, position in self._reader().execute(
            "SELECT originator_id, originator_version, hash, orders_events.rowid"
            " FROM json_each(?) wanted CROSS JOIN orders_events ON originator_id = wanted.value"
            " WHERE orders_events.rowid <= ? ORDER BY originator_id, originator_version",
            (as_json(list(orders)), till),
        ):
            found[order].append(Link(version, own, position))
        return found

    def gaps(self, till: int, most: int) -> Sequence[tuple[int, int]]:
        """Positions that no event has, beyond those that a copied log came with."""
        reader = self._reader()
        row = reader.execute("SELECT value FROM counters WHERE name = 'copied_till'").fetchone()
        start = 0 if row is None else row[0]
        rows = reader.execute(
            "SELECT before + 1, position - 1 FROM (SELECT rowid AS position,"
            " lag(rowid, 1, ?) OVER (ORDER BY rowid) AS before"
            " FROM orders_events WHERE rowid > ? AND rowid <= ?)"
            " WHERE position > before + 1 LIMIT ?",
            (start, start, till, most),
        )
        return rows.fetchall()

    # The recorded heads.

    @healed
    def recorded(self) -> int:
        """The position up to which heads are recorded."""
        return int(self._heads_db.execute(STANDS).fetchone()[0])

    @healed
    def recorded_checkpoint(self) -> int:
        """The highest number of a checkpoint that was stored since the heads are recorded."""
        return int(self._heads_db.execute("SELECT checkpoint FROM witness").fetchone()[0])

    @healed
    def heads(self, orders: Sequence[str]) -> Mapping[str, Head]:
        """The recorded heads of these orders."""
        rows = self._heads_db.execute(
            f"SELECT {HEAD} FROM json_each(?) wanted"  # noqa: S608 - our own words
            " CROSS JOIN heads ON order_id = wanted.value",
            (as_json(list(orders)),),
        )
        return {row[0]: Head(*row) for row in rows}

    @healed
    def heads_of_range(self, partition: Range) -> tuple[int, Mapping[str, Head]]:
        """All recorded heads of a range, and the position up to which they are recorded."""
        where, values = _within("order_id", partition)
        with self._moment():
            position = self.recorded()
            rows = self._heads_db.execute(
                f"SELECT {HEAD} FROM heads WHERE {where}",  # noqa: S608 - our own words
                values,
            ).fetchall()
        return position, {row[0]: Head(*row) for row in rows}

    @healed
    def record_heads(self, after: int, till: int, heads: Sequence[Head]) -> bool:
        """Record heads from `after` up to `till`; False if `after` is not the recorded position."""
        with transaction(self._heads_db):
            moved = self._heads_db.execute(
                "UPDATE witness SET position = ? WHERE position = ?", (till, after)
            )
            if moved.rowcount != 1:
                return False
            self._heads_db.executemany(
                "INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)",
                [(head.order, head.version, head.hash, head.position_digest) for head in heads],
            )
            self._heads_db.executemany(
                "INSERT OR REPLACE INTO drawers VALUES (?, 0, 0, NULL)",
                {(bucket_of(head.order),) for head in heads},
            )
        return True

    @healed
    def unfinalised(self, limit: int) -> Sequence[str]:
        """Buckets whose heads have changed since their digests were stored."""
        rows = self._heads_db.execute(
            "SELECT name FROM drawers WHERE digest IS NULL LIMIT ?", (limit,)
        )
        return [row[0] for row in rows]

    @healed
    def finalise(self, position: int, buckets: Sequence[Bucket]) -> bool:
        """Store the digests of buckets, if heads are still recorded up to `position`."""
        with transaction(self._heads_db):
            if self.recorded() != position:
                return False
            self._heads_db.executemany(
                "UPDATE drawers SET orders = ?, facts = ?, digest = ? WHERE name = ?",
                [(each.orders, each.events, each.digest, each.name) for each in buckets],
            )
        return True

    @healed
    def buckets(self) -> tuple[int, Sequence[Bucket]]:
        """All finalised buckets by name, and the recorded position."""
        with self._moment():
            position = self.recorded()
            rows = self._heads_db.execute(
                "SELECT name, orders, facts, digest FROM drawers"
                " WHERE digest IS NOT NULL ORDER BY name"
            ).fetchall()
        return position, [Bucket(*row) for row in rows]

    @contextmanager
    def _moment(self) -> Iterator[None]:
        """Several reads of the recorded heads at one moment."""
        self._heads_db.execute("BEGIN")
        try:
            yield
        finally:
            self._heads_db.execute("COMMIT")

    @healed
    def forget_recorded_heads(self) -> None:
        """Drop all recorded heads."""
        with transaction(self._heads_db):
            for table in ("heads", "drawers"):
                self._heads_db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._heads_db.execute("UPDATE witness SET position = 0")

    @healed
    def restart_recorded_heads(self, checkpoint: int) -> None:
        """Drop all recorded heads; go on from a checkpoint."""
        self.forget_recorded_heads()
        self._heads_db.execute("UPDATE witness SET checkpoint = ?", (checkpoint,))

    # A log that goes back.

    @healed
    def seen(self) -> LogPoint | None:
        """How far the log was seen."""
        row = self._heads_db.execute(setbacks.SEEN).fetchone()
        return None if row is None else LogPoint(*row)

    @healed
    def see(self, point: LogPoint) -> None:
        """Remember how far the log is."""
        self._heads_db.execute(
            "INSERT OR REPLACE INTO seen VALUES (1, ?, ?, ?)",
            (point.log, point.position, point.hash),
        )

    @healed
    def setbacks(self) -> Sequence[Setback]:
        """All setbacks, oldest first: those of both files, each as it is known latest."""
        return setbacks.merged(self._heads_db, self._reader())

    @healed
    def note_setback(self, setback: Setback) -> None:
        """Keep a setback in the file of recorded heads and in the log's."""
        setbacks.put(self._heads_db, setback)
        with self._transaction() as log:
            setbacks.put(log, setback)

    # The last verification.

    @healed
    def note_verification(self, outcome: Verification) -> None:
        """Store the outcome of a verification, in the place of the one before."""
        self._heads_db.execute(
            "INSERT OR REPLACE INTO verification VALUES (1, ?, ?, ?, ?, ?, ?)", astuple(outcome)
        )

    @healed
    def last_verification(self) -> Verification | None:
        """The outcome of the last verification."""
        row = self._heads_db.execute(
            "SELECT at, took, position, facts, findings, oversold FROM verification"
        ).fetchone()
        return None if row is None else Verification(*row)

    # Checkpoints.

    def claim(self, seconds: float) -> bool:
        """Claim the making of the next checkpoint, for so long."""
        moment = to_ms(self._clock())
        with self._transaction() as connection:
            claimed = connection.execute(
                "UPDATE counters SET value = ? WHERE name = 'checkpointing'"
                " AND value NOT BETWEEN ? AND ?",
                (moment + int(seconds * 1000), moment, moment + int(seconds * 1000)),
            )
        return claimed.rowcount == 1

    def release(self) -> None:
        """Let others make the next checkpoint."""
        with self._transaction() as connection:
            connection.execute("UPDATE counters SET value = 0 WHERE name = 'checkpointing'")

    def checkpoints(self, after: int = 0) -> Sequence[SignedCheckpoint]:
        """The checkpoints with numbers beyond `after`, by number."""
        rows = self._reader().execute(
            f"SELECT {CHECKPOINT} FROM checkpoints WHERE number > ? ORDER BY number",  # noqa: S608 - our own words
            (after,),
        )
        return [SignedCheckpoint(*row) for row in rows]

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint with the highest number."""
        row = (
            self._reader()
            .execute(
                f"SELECT {CHECKPOINT} FROM checkpoints ORDER BY number DESC LIMIT 1"  # noqa: S608 - our own words
            )
            .fetchone()
        )
        return None if row is None else SignedCheckpoint(*row)

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> bool:
        """Keep a checkpoint; False if there is one with its number."""
        with self._transaction() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?)",
                (checkpoint.number, checkpoint.statement, checkpoint.signature),
            )
        if added.rowcount != 1:
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


def _within(column: str, partition: Range) -> tuple[str, tuple[Any, ...]]:
    """The condition that an order is in a range, and its values."""
    if partition.upper is None:
        return f"{column} >= ?", (partition.lower,)
    return f"{column} >= ? AND {column} < ?", (partition.lower, partition.upper)
