"""The store for many processes and machines: a PostgreSQL database.

Writers run side by side. An order's writes come one after another by a lock of its own; a ticket
is taken by locking its row, never a set or a show; positions are read as `positions.py`
says. Every commit is on the server's disk before an answer leaves.
"""

import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from eventsourcing.persistence import Notification

from application.ports.log_point import Excerpt, LogPoint
from application.ports.partitions import Range
from application.ports.snapshot import Snapshot
from application.ports.store import CopyUnfinished
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import from_ms
from application.storage.postgres.connections import (
    Readers,
    connect,
    reader_pool,
    streamed,
    writer_pool,
)
from application.storage.postgres.database import PostgresDatabase, PostgresSession
from application.storage.postgres.derived_records import PostgresDerivedRecords
from application.storage.postgres.events_from import events_from
from application.storage.postgres.fitness import DURABLE, otherwise_than
from application.storage.postgres.in_doubt_commit import Connections
from application.storage.postgres.integrity_records import PostgresAudit
from application.storage.postgres.layout import is_unfinished_copy, lay_out
from application.storage.postgres.positions import Positions
from application.storage.postgres.read_models import PostgresReadModels
from application.storage.postgres.recorder import PostgresRecorder
from application.storage.postgres.sessions import SYNCHRONOUS, settings_of
from application.storage.postgres.tickets import TicketReading
from application.storage.postgres.writing import PostgresWriter
from application.storage.shared.admin_trail import AdminTrail
from application.storage.shared.catalog import CatalogChange, read_documents
from application.storage.shared.console_sessions import ConsoleSessionTable
from application.storage.shared.gateway_notices import GatewayNotices
from application.storage.shared.key_usage import KeyUsageTable
from application.storage.shared.ownership import TicketOwnership
from application.storage.shared.rejection_log import RejectionLog
from application.storage.shared.shared_reads import SharedReads
from application.storage.shared.split_keys import SAMPLE_OF_A_PART, every_nth
from application.storage.shared.webhooks import Webhooks

WRITERS = 1
READERS = 8
RANGE_ROWS = 5000
POLL_SECONDS = 0.05
POLL_SOON_SECONDS = 0.002
"""How often to poll for new events: in general, and when some are known to come."""

EVENTS_FROM = events_from("%s", "%s", "%s")
WantedEvents = tuple[str, Snapshot | None]
POINT_AT = (
    "SELECT id, (SELECT hash FROM orders_events WHERE notification_id = %s) FROM log_identity"
)
CATALOG_LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
CATALOG_TIME = "300s"


class PostgresStore(TicketReading):
    """The port to a store (`application/ports/store.py`) on a PostgreSQL database."""

    def __init__(self, url: str, *, writers: int = WRITERS, readers: int = READERS) -> None:
        """Connect, and make the tables if there are none.

        Raises `BadAddress`, `CopyUnfinished`, `LayoutTooNew`, `StoreUnavailable`.
        """
        with connect(url) as connection:
            lay_out(connection)
            if is_unfinished_copy(connection):
                raise CopyUnfinished
        self._synchronous = settings_of(url)[SYNCHRONOUS]
        self._readers = Readers(reader_pool(url, readers), self._synchronous)
        self._writers = writer_pool(url, writers)
        self._closing = threading.Event()
        self._connections = Connections(self._readers, self._writers, self._closing)
        self._positions = Positions(self._readers)
        self._models = PostgresReadModels(url, self._readers)
        self._database = PostgresDatabase(self._readers)
        self._attempts = RejectionLog(self._database)
        self._notices = GatewayNotices(self._database)
        self._webhooks = Webhooks(self._database, self._database.run_script, self.moment)
        self._trail = AdminTrail(self._database)
        self._sessions = ConsoleSessionTable(self._database)
        self._key_usage = KeyUsageTable(self._database)
        self._audit = PostgresAudit(self._readers, self._database)
        self._writer = PostgresWriter(self._connections, self._writers, writers, self._notify)
        self.write_all = self._writer.write_all
        self._reads = SharedReads(self._events_of_orders, "reads")
        self._looks = SharedReads(self._last_positions, "looks")
        self._news = threading.Condition()
        self._latest = 0
        self.recorder = PostgresRecorder(self._readers, self._writers, self._positions)

    # Writing.

    def _notify(self, position: int) -> None:
        """Wake those who wait for the log to grow."""
        with self._news:
            self._latest = max(self._latest, position)
            self._news.notify_all()

    # Reading the log.

    def events(self, order: str, snapshot: Snapshot | None = None) -> Sequence[Notification]:
        """An order's stored events with their positions; read together with those of others."""
        return self._reads.of((order, snapshot))

    def _events_of_orders(self, wanted: list[WantedEvents]) -> list[Sequence[Notification]]:
        if any(snapshot is not None for _, snapshot in wanted):
            return self._events_from(wanted)
        orders = [order for order, _ in wanted]
        rows = self._readers.rows(
            "SELECT originator_id, originator_version, topic, state, notification_id"
            " FROM orders_events WHERE originator_id = ANY(%s::text[])"
            " ORDER BY originator_id, originator_version",
            (orders,),
        )
        found: dict[str, list[Notification]] = {order: [] for order in orders}
        for row in rows:
            found[row[0]].append(Notification(*row))
        return [found[order] for order in orders]

    def _events_from(self, wanted: list[WantedEvents]) -> list[Sequence[Notification]]:
        """The same, where some have snapshots: two reads of an order may have different ones."""
        columns = (
            [order for order, _ in wanted],
            [0 if snapshot is None else snapshot.version for _, snapshot in wanted],
            [b"" if snapshot is None else snapshot.hash for _, snapshot in wanted],
        )
        found: list[list[Notification]] = [[] for _ in wanted]
        for *row, _, place in self._readers.rows(EVENTS_FROM, columns):
            found[place - 1].append(Notification(*row))
        return list(found)

    def events_before(self, versions: Mapping[str, int]) -> dict[str, Sequence[Notification]]:
        rows = self._readers.rows(
            "SELECT e.originator_id, e.originator_version, e.topic, e.state, e.notification_id"
            " FROM unnest(%s::text[], %s::bigint[]) AS w (originator_id, version)"
            " JOIN orders_events e ON e.originator_id = w.originator_id"
            " AND e.originator_version < w.version"
            " ORDER BY e.originator_id, e.originator_version",
            (list(versions), list(versions.values())),
        )
        found: dict[str, list[Notification]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(Notification(*row))
        return dict(found)

    def idempotency_record(self, digest: bytes) -> IdempotencyRecord | None:
        """The idempotency record of a request."""
        rows = self._readers.rows(
            "SELECT fingerprint, order_id, version, at FROM requests WHERE digest = %s", (digest,)
        )
        if not rows:
            return None
        fingerprint, order, version, at = rows[0]
        return IdempotencyRecord(digest, fingerprint, order, version, from_ms(at))

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """Events by position, up to where none can be filled in later.

        That is at most as far behind as the longest open append is old. Fewer events than `limit`
        mean that there are no more that far.
        """
        return self._positions.read(after, limit)

    def excerpt(self, after: int, limit: int) -> Excerpt:
        """Events beyond `after` with what is at `after` itself, by one statement."""
        return self._positions.excerpt(after, limit)

    def point_at(self, position: int) -> LogPoint:
        log, own = self._readers.rows(POINT_AT, (position,))[0]
        if own is None:
            self._positions.doubt_last(position)
        return LogPoint(log, position, own or b"")

    def split_keys(self, count: int) -> Sequence[str]:
        """Ids that split the log by orders: those of a sample of its events, at even distances."""
        last = self.last_position()
        sample = min(last, count * SAMPLE_OF_A_PART)
        rows = self._readers.rows(
            "SELECT found.originator_id FROM generate_series(0, %(sample)s - 1) AS w (each)"
            " CROSS JOIN LATERAL (SELECT originator_id FROM orders_events"
            " WHERE notification_id > %(last)s::bigint * w.each / %(sample)s"
            " ORDER BY notification_id LIMIT 1) found",
            {"sample": sample, "last": last},
        )
        return every_nth((row[0] for row in rows), count)

    def events_of_range(
        self, partition: Range, till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        below = "" if partition.upper is None else " AND originator_id < %(upper)s"
        with (
            self._readers.transaction() as connection,
            connection.cursor(name="range", binary=True) as cursor,
        ):
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            statement = (
                "SELECT originator_id, topic, state FROM orders_events"  # noqa: S608 - our own words
                f" WHERE originator_id >= %(lower)s{below} AND notification_id <= %(till)s"
                " ORDER BY originator_id, originator_version"
            )
            values = {"lower": partition.lower, "upper": partition.upper, "till": till}
            cursor.execute(statement.encode(), values)
            yield from streamed(cursor, RANGE_ROWS)

    def last_position(self) -> int:
        """The highest position that `log` would return now.

        A commit that was acknowledged a moment ago may be beyond it while an older append is open.
        """
        return self._looks.of(None)

    def _last_positions(self, asked: list[None]) -> list[int]:
        return [self._positions.last()] * len(asked)

    def ends_at(self, position: int) -> bool:
        return self._positions.ends_at(position)

    def assigned_position(self) -> int:
        rows = self._readers.rows("SELECT max(notification_id) FROM orders_events")
        return rows[0][0] or 0

    def wait_for_news(self, after: int, seconds: float) -> None:
        """Return when `log` has events beyond `after`.

        It polls more often while some are known to come.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            latest = self._latest
            if self._positions.last() > after:
                return
            soon = latest > after or self._positions.awaited
            with self._news:
                if self._latest == latest:
                    self._news.wait(min(left, POLL_SOON_SECONDS if soon else POLL_SECONDS))

    # The catalogue, and the rest.

    def moment(self) -> datetime:
        """The time by the server's clock."""
        found: datetime = self._readers.rows("SELECT clock_timestamp()")[0][0]
        return found

    def undurable_settings(self) -> Sequence[str]:
        """Settings of the server, and the address's own of how a commit is confirmed."""
        found = self._readers.run(lambda session: otherwise_than(DURABLE, session))
        said = "SELECT set_config(%s, %s, true)"  # the value as the server spells it
        if self._readers.rows(said, (SYNCHRONOUS, self._synchronous)) == [("off",)]:
            found.append(f"{SYNCHRONOUS}=off")
        return found

    def log_id(self) -> str:
        return str(self._readers.rows("SELECT id FROM log_identity")[0][0])

    def catalog_version(self) -> int:
        return int(self._readers.rows("SELECT value FROM counters WHERE name = 'catalog'")[0][0])

    def catalog(self) -> dict[tuple[str, str], bytes]:
        return read_documents(self._database)

    @contextmanager
    def change_catalog(self) -> Iterator[CatalogChange]:
        """Open a transaction over the catalogue, its tickets and the keys, one at a time."""
        with self._readers.acknowledged() as connection:
            for name in CATALOG_LIMITS:
                connection.execute("SELECT set_config(%s, %s, true)", (name, CATALOG_TIME))
            connection.execute("SELECT 1 FROM counters WHERE name = 'catalog' FOR UPDATE")
            change = CatalogChange(PostgresSession(connection))
            yield change
            change.finish()

    def read_models(self) -> PostgresReadModels:
        """Where the read models are kept: tables beside the log."""
        return self._models

    def audit(self) -> PostgresAudit:
        return self._audit

    def ownership(self) -> TicketOwnership:
        return TicketOwnership(self._database)

    def derived_records(self) -> PostgresDerivedRecords:
        return PostgresDerivedRecords(self._database)

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
        """None: that PostgreSQL cannot write shows when it is queried."""
        return {}

    def wal_bytes(self) -> None:
        """None: the server maintains its write-ahead log itself."""

    def close(self) -> None:
        self._closing.set()
        self._writer.close()
        for reads in (self._reads, self._looks, self._models):
            reads.close()
        self._writers.close()
        self._readers.close()
