"""The embedded store: one SQLite file for the log, the tickets and the catalogue.

There is one writer at a time, so what a write finds cannot change under it. Every commit is on
the disk before an answer leaves (`synchronous=FULL`).
"""

import sqlite3
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from eventsourcing.persistence import Notification

from application.ports.log_point import Excerpt, LogPoint
from application.ports.partitions import Range
from application.ports.snapshot import Snapshot
from application.ports.store import CopyUnfinished, StoreUnavailable
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import from_ms
from application.storage.shared.admin_trail import AdminTrail
from application.storage.shared.catalog import CatalogChange, read_documents
from application.storage.shared.console_sessions import ConsoleSessionTable
from application.storage.shared.gateway_notices import GatewayNotices
from application.storage.shared.key_usage import KeyUsageTable
from application.storage.shared.ownership import TicketOwnership
from application.storage.shared.rejection_log import RejectionLog
from application.storage.shared.split_keys import SAMPLE_OF_A_PART, every_nth
from application.storage.shared.webhooks import Webhooks
from application.storage.sqlite.clock import SharedClock
from application.storage.sqlite.connections import USUAL_LIMITS, Connections, WalLimits
from application.storage.sqlite.damage import is_damage
from application.storage.sqlite.database import SqliteDatabase, SqliteSession
from application.storage.sqlite.derived_records import SqliteDerivedRecords
from application.storage.sqlite.file import LogFiles
from application.storage.sqlite.file_identity import belong, check_before_opening, note_opened
from application.storage.sqlite.integrity_records import SqliteAudit
from application.storage.sqlite.layout import LOG, is_unfinished_copy, lay_out
from application.storage.sqlite.maintenance import Maintenance, keep_reserve, spend_reserve
from application.storage.sqlite.probe import trouble_with_writing
from application.storage.sqlite.read_models import SqliteReadModels
from application.storage.sqlite.recorder import SqliteRecorder
from application.storage.sqlite.tickets import TicketReading
from application.storage.sqlite.write_lock import WriteLock
from application.storage.sqlite.writing import SqliteWriter

POLL_SECONDS = 0.05

EXCERPT = (
    "SELECT l.id, e.* FROM log_identity l LEFT JOIN ("
    "SELECT originator_id, originator_version, topic, state, rowid AS position,"
    " CAST(hash AS BLOB) FROM orders_events WHERE rowid >= ? ORDER BY rowid LIMIT ?) e"
    " ORDER BY position"
)
EVENTS = (
    "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
    " WHERE originator_id = ?1{since} ORDER BY originator_version"
)
EVENTS_OF_ORDER = EVENTS.format(since="")
EVENTS_FROM = EVENTS.format(
    since=" AND originator_version >= coalesce((SELECT snapshot.originator_version"
    " FROM orders_events snapshot WHERE snapshot.originator_id = ?1"
    " AND snapshot.originator_version = ?2 AND snapshot.hash = ?3), 0)"
)
POINT_AT = (
    "SELECT (SELECT id FROM log_identity),"
    " (SELECT CAST(hash AS BLOB) FROM orders_events WHERE rowid = ?)"
)
DURABLE = {"journal_mode": "wal", "synchronous": 2}
"""With any other value a crash of the machine may undo what was confirmed; 2 is FULL."""
RECENTLY_SECONDS = 2.0
"""A process that has written within so many seconds need not probe."""


class SqliteStore(TicketReading):
    """The port to a store (`application/ports/store.py`) on an SQLite file."""

    def __init__(self, path: str, limits: WalLimits = USUAL_LIMITS) -> None:
        """Open the log, or make it; its write-ahead log stays within `limits`."""
        self.path = path
        check_before_opening(path)
        self._files = LogFiles(path)
        self._connections = Connections(path, "FULL", self._files.require, limits)
        self._news = threading.Condition()
        self._latest = 0
        connection = self._open_log()
        if is_unfinished_copy(connection):
            raise CopyUnfinished
        self._lock = WriteLock(path)
        self._maintenance = Maintenance(path, self._files, limits)
        self._writer = SqliteWriter(connection, self._files, self._lock, self._notify)
        self.transaction = self._writer.transaction
        self.write_all = self._writer.write_all
        self._files.opened()
        note_opened(path, connection)
        keep_reserve(path)
        self._clock = SharedClock(path + "-clock")
        file_identity = partial(belong, log_path=path, log_id=self.log_id())
        self._models = SqliteReadModels(
            path + "-views", file_identity, self._files.look, self.point_at, self._clock.moment
        )
        self.recorder = SqliteRecorder(path, self._writer.append)
        self._database = SqliteDatabase(path, lambda: self._reader, self.transaction)
        self._attempts = RejectionLog(self._database)
        self._notices = GatewayNotices(self._database)
        self._webhooks = Webhooks(self._database, self._writer.run_script, self.moment)
        self._trail = AdminTrail(self._database)
        self._sessions = ConsoleSessionTable(self._database)
        self._key_usage = KeyUsageTable(self._database)
        self._audit = SqliteAudit(
            self._database, path + "-views-witness", file_identity, self._clock.moment
        )

    def _open_log(self) -> sqlite3.Connection:
        """A connection to the log, laid out. A damaged log is never set aside."""
        try:
            connection = self._connections.open()
            lay_out(connection, LOG)
        except StoreUnavailable as error:
            if spend_reserve(self.path):
                return self._open_log()
            if not is_damage(error, self.path):
                raise
            raise StoreUnavailable(
                f"The log {self.path} is damaged and is left as it is: {error.__cause__}. Put a"
                " backup in its place: orderlog restore BACKUP --overwrite (it keeps the damaged"
                " file)."
            ) from error
        return connection

    @property
    def _reader(self) -> sqlite3.Connection:
        self._files.look()
        return self._connections.mine

    # Writing.

    def _notify(self, position: int) -> None:
        """Wake those who wait for the log to grow."""
        with self._news:
            self._latest = max(self._latest, position)
            self._news.notify_all()
        self._maintenance.after_commit()

    # Reading the log.

    def events(self, order: str, snapshot: Snapshot | None = None) -> Sequence[Notification]:
        if snapshot is None:
            rows = self._reader.execute(EVENTS_OF_ORDER, (order,))
        else:
            known = (order, snapshot.version, snapshot.hash)
            rows = self._reader.execute(EVENTS_FROM, known)
        return [Notification(*row) for row in rows]

    def events_before(self, versions: Mapping[str, int]) -> dict[str, Sequence[Notification]]:
        found: dict[str, Sequence[Notification]] = {}
        for order, version in versions.items():
            rows = self._reader.execute(
                "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
                " WHERE originator_id = ? AND originator_version < ? ORDER BY originator_version",
                (order, version),
            )
            if events := [Notification(*row) for row in rows]:
                found[order] = events
        return found

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """Events by position. The one writer commits in order, so none can be missing."""
        rows = self._reader.execute(
            "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
            " WHERE rowid > ? ORDER BY rowid LIMIT ?",
            (after, limit),
        )
        return [Notification(*row) for row in rows]

    def excerpt(self, after: int, limit: int) -> Excerpt:
        """Events beyond `after` with what is at `after` itself, by one statement."""
        rows = self._reader.execute(EXCERPT, (after, limit + 1)).fetchall()
        log = rows[0][0]
        found = {row[5]: row for row in rows if row[5] is not None}
        here = found.pop(after, None)
        events = [Notification(*row[1:6]) for row in list(found.values())[:limit]]
        last = found[events[-1].id][6] if events else b""
        return Excerpt(log, after, here[6] if here else b"", events, last)

    def point_at(self, position: int) -> LogPoint:
        log, own = self._reader.execute(POINT_AT, (position,)).fetchone()
        return LogPoint(log, position, own or b"")

    def split_keys(self, count: int) -> Sequence[str]:
        """Ids that split the log by orders: those of a sample of its events, at even distances."""
        last = self.last_position()
        sample = min(last, count * SAMPLE_OF_A_PART)
        positions = (last * each // sample for each in range(sample))
        statement = (
            "SELECT originator_id FROM orders_events"
            " WHERE rowid > ? AND typeof(originator_id) = 'text' ORDER BY rowid LIMIT 1"
        )
        found = (self._reader.execute(statement, (each,)).fetchone() for each in positions)
        return every_nth((row[0] for row in found if row), count)

    def events_of_range(
        self, partition: Range, till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        below = "" if partition.upper is None else " AND originator_id < ?"
        upper = () if partition.upper is None else (partition.upper,)
        yield from self._reader.execute(
            "SELECT originator_id, topic, state FROM orders_events"  # noqa: S608 - our own words
            f" WHERE originator_id >= ?{below} AND rowid <= ?"
            " ORDER BY originator_id, originator_version",
            (partition.lower, *upper, till),
        )

    def last_position(self) -> int:
        row = self._reader.execute("SELECT max(rowid) FROM orders_events").fetchone()
        return row[0] or 0

    def ends_at(self, position: int) -> bool:  # noqa: ARG002 - it was so a moment ago
        return True

    def assigned_position(self) -> int:  # positions are assigned one after the other here
        return self.last_position()

    def idempotency_record(self, digest: bytes) -> IdempotencyRecord | None:
        """The idempotency record of a request."""
        row = self._reader.execute(
            "SELECT fingerprint, order_id, version, at FROM requests WHERE digest = ?", (digest,)
        ).fetchone()
        return row and IdempotencyRecord(digest, row[0], row[1], row[2], from_ms(row[3]))

    def wait_for_news(self, after: int, seconds: float) -> None:
        """Return on a commit of this process, and poll for commits of other processes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with self._news:
                if self._latest > after:
                    return
                self._news.wait(min(left, POLL_SECONDS))
            if self.last_position() > after:
                return

    # The catalogue, and the rest.

    def moment(self) -> datetime:
        """The time by the clock that all processes on this file share."""
        return self._clock.follow()

    def undurable_settings(self) -> Sequence[str]:
        """Ours, unless the file system or another hand has not let a connection have them."""
        reader = self._reader
        found = {name: reader.execute(f"PRAGMA {name}").fetchone()[0] for name in DURABLE}
        return [f"{name}={found[name]}" for name, good in DURABLE.items() if found[name] != good]

    def log_id(self) -> str:
        return str(self._reader.execute("SELECT id FROM log_identity").fetchone()[0])

    def catalog_version(self) -> int:
        row = self._reader.execute("SELECT value FROM counters WHERE name = 'catalog'").fetchone()
        return int(row[0])

    def catalog(self) -> dict[tuple[str, str], bytes]:
        return read_documents(self._database)

    @contextmanager
    def change_catalog(self) -> Iterator[CatalogChange]:
        with self.transaction() as connection:
            change = CatalogChange(SqliteSession(connection))
            yield change
            change.finish()

    def read_models(self) -> SqliteReadModels:
        """The read models: files of their own, so that they never delay sales."""
        return self._models

    def audit(self) -> SqliteAudit:
        return self._audit

    def ownership(self) -> TicketOwnership:
        self._files.require()
        return TicketOwnership(self._database)

    def derived_records(self) -> SqliteDerivedRecords:
        return SqliteDerivedRecords(self._database)

    def attempts(self) -> RejectionLog:
        return self._attempts

    def notices(self) -> GatewayNotices:
        return self._notices

    def webhooks(self) -> Webhooks:
        return self._webhooks

    def admin_trail(self) -> AdminTrail:
        return self._trail

    def console_sessions(self) -> ConsoleSessionTable:
        return self._sessions

    def key_usage(self) -> KeyUsageTable:
        return self._key_usage

    def troubles(self) -> dict[str, str]:
        lock = self._lock.trouble() or self._trouble_with_writing()
        found = {"write_lock": lock, "disk": self._maintenance.trouble()}
        return {name: sentence for name, sentence in found.items() if sentence is not None}

    def _trouble_with_writing(self) -> str | None:
        """Probe the write lock, unless this process has just held it."""
        if self._writer.succeeded_within(RECENTLY_SECONDS):
            return None
        trouble = trouble_with_writing(self._reader)
        return trouble and f"{trouble}, by {self._lock.holder()}"

    def wal_bytes(self) -> int:
        return self._maintenance.wal_bytes()

    def close(self) -> None:
        self._writer.close()
        self._maintenance.close()
        self.recorder.datastore.close()
        self._models.close()
        self._audit.close()
        self._connections.close()
        self._clock.close()
