"""The embedded store: one SQLite file for the log, the tickets and the catalogue.

There is one writer at a time, so what a write finds cannot change under it. Every commit is on
the disk before an answer leaves (`synchronous=FULL`).
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from application.clock import from_ms, to_ms
from application.failpoints import reach
from application.storage.batch import Draft, Outcome
from application.storage.gathering import Gathering
from application.storage.parts_of_the_log import SAMPLE_OF_A_PART, every_nth
from application.storage.sqlite_attempts import SqliteAttempts
from application.storage.sqlite_audit import SqliteAudit
from application.storage.sqlite_batch import (
    STORING,
    SqliteBatch,
    read_hashes,
    read_heads,
    store_drafts,
)
from application.storage.sqlite_catalog import SqliteCatalogChange, read_documents
from application.storage.sqlite_connections import Connections, unavailable
from application.storage.sqlite_layout import LOG, is_unfinished_copy, lay_out
from application.storage.sqlite_ownership import SqliteOwnership
from application.storage.sqlite_read_models import SqliteReadModels
from application.storage.sqlite_tickets import ticket_of, ticket_row
from application.store import (
    Answered,
    CopyUnfinished,
    Range,
    StoreUnavailable,
    T,
    Ticket,
    TicketChange,
    TicketTaken,
    Write,
    Written,
)

POLL_SECONDS = 0.05


class SqliteRecorder(SQLiteApplicationRecorder):
    """The library's recorder, writing in a batch's transaction, tickets and all."""

    def __init__(
        self, datastore: SQLiteDatastore, append: Callable[[Draft], Sequence[int]]
    ) -> None:
        super().__init__(datastore, events_table_name="orders_events")
        self._append = append

    def construct_create_table_statements(self) -> list[str]:
        """No statements: the layout makes the tables."""
        return []

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        within: Draft | None = None,
        change: TicketChange | None = None,
        answered: Answered | None = None,
        **_: Any,
    ) -> Sequence[int] | None:
        """Append facts in a batch, or in a transaction of their own.

        `within` is what a write's `decide` was given: the facts are stored with its batch.
        Without it the positions are returned, or the library's `IntegrityError` is raised for a
        version that exists.
        """
        draft = Draft() if within is None else within
        draft.add(stored_events, change, answered)
        if within is not None:
            return None
        return self._append(draft)


class SqliteStore:
    """The port to a store (`application/store.py`) on an SQLite file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._connections = Connections(path, "FULL")
        self._writer = self._connections.open()
        self._writing = threading.Lock()
        self._news = threading.Condition()
        self._latest = 0
        lay_out(self._writer, LOG)
        if is_unfinished_copy(self._writer):
            raise CopyUnfinished
        self._writer.executescript(STORING)
        self._heads = read_heads(self._writer)
        self._models = SqliteReadModels(path + "-views")
        self.recorder = SqliteRecorder(
            SQLiteDatastore(path, originator_id_type="text"), self._append
        )
        self._commits: Gathering[Write[Any], Written[Any]] = Gathering(self._commit, name="commits")
        self._attempts = SqliteAttempts(self.transaction, lambda: self._reader)
        self._audit = SqliteAudit(
            path, path + "-views-witness", lambda: self._reader, self.transaction
        )

    @property
    def _reader(self) -> sqlite3.Connection:
        return self._connections.mine

    # Writing.

    def write_all(self, writes: Sequence[Write[T]]) -> list[Written[T] | Exception]:
        """Carry out `writes` in a shared commit."""
        return self._commits.ask(writes)

    def _commit(self, writes: list[Write[Any]]) -> list[Outcome]:
        """Carry out a batch: by one statement, else in one transaction, else one by one."""
        outcomes = self._store_at_once(dict(enumerate(writes)))
        rest = {place: write for place, write in enumerate(writes) if place not in outcomes}
        if rest:
            outcomes.update(self._store_in_rounds(rest))
        return [outcomes[place] for place in range(len(writes))]

    def _store_at_once(self, writes: Mapping[int, Write[Any]]) -> dict[int, Outcome]:
        """Find and decide outside of any transaction, and store by a statement that is one.

        What was found may be outdated by another process: then the statement fails, whole, and
        nothing of it happened. Who was put aside has no outcome either.
        """
        with self._writing:
            batch = SqliteBatch(self._writer, writes, self._heads)
            try:
                batch.find()
                reach("append.found")
                batch.decide()
                reach("append.before_commit")
                positions = batch.store()
            except (sqlite3.IntegrityError, TicketTaken):
                return {}
            except sqlite3.OperationalError as error:
                raise unavailable(error) from error
        reach("append.after_commit")
        self._tell_of(positions)
        return batch.outcomes(positions)

    def _store_in_rounds(self, writes: dict[int, Write[Any]]) -> dict[int, Outcome]:
        """Carry out a batch in one transaction; where one write spoils it, each in its own."""
        try:
            return self._transact(writes)
        except Exception as failure:
            if isinstance(failure, StoreUnavailable):
                raise
            if len(writes) == 1:
                return dict.fromkeys(writes, _named(failure))
        outcomes: dict[int, Outcome] = {}
        for place, write in writes.items():
            outcomes.update(self._store_in_rounds({place: write}))
        return outcomes

    def _transact(self, writes: Mapping[int, Write[Any]]) -> dict[int, Outcome]:
        """Find, decide and store, in rounds: who was put aside in one finds anew in the next."""
        waiting = dict(writes)
        outcomes: dict[int, Outcome] = {}
        stored: list[int] = []
        with self.transaction() as connection:
            heads = read_heads(connection)
            while waiting:
                batch = SqliteBatch(connection, waiting, heads)
                batch.find()
                batch.decide()
                positions = batch.store()
                stored += positions
                done = batch.outcomes(positions)
                outcomes.update(done)
                waiting = {place: waiting[place] for place in waiting if place not in done}
            reach("append.stored")
        reach("append.after_commit")
        self._heads = heads
        self._tell_of(stored)
        return outcomes

    def _append(self, draft: Draft) -> list[int]:
        """Store a draft in a transaction of its own. Raises the library's `IntegrityError`."""
        try:
            with self.transaction() as connection:
                heads = read_heads(connection)
                hashes = read_hashes(connection, draft.facts)
                positions = store_drafts(connection, [draft], heads, heads.number, hashes)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(str(error)) from error
        self._heads = heads
        self._tell_of(positions)
        return positions

    def _tell_of(self, positions: Sequence[int]) -> None:
        if positions:
            self._tell(positions[-1])

    def _tell(self, position: int) -> None:
        """Wake those who wait for the log to grow."""
        with self._news:
            self._latest = max(self._latest, position)
            self._news.notify_all()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The one writing transaction; committed on the disk, or nothing of it happened."""
        with self._writing:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise unavailable(error) from error
            try:
                yield self._writer
                if self._writer.in_transaction:
                    self._writer.execute("COMMIT")
            except BaseException as failure:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                if isinstance(failure, sqlite3.OperationalError):
                    raise unavailable(failure) from failure
                raise

    # Reading the log.

    def facts(self, order: str) -> Sequence[Notification]:
        """An order's stored facts with their positions."""
        rows = self._reader.execute(
            "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
            " WHERE originator_id = ? ORDER BY originator_version",
            (order,),
        )
        return [Notification(*row) for row in rows]

    def facts_before(self, versions: Mapping[str, int]) -> dict[str, Sequence[Notification]]:
        """By order, its facts below a version."""
        found: dict[str, Sequence[Notification]] = {}
        for order, version in versions.items():
            rows = self._reader.execute(
                "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
                " WHERE originator_id = ? AND originator_version < ? ORDER BY originator_version",
                (order, version),
            )
            if facts := [Notification(*row) for row in rows]:
                found[order] = facts
        return found

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """Facts by position. The one writer commits in order, so none can be missing."""
        rows = self._reader.execute(
            "SELECT originator_id, originator_version, topic, state, rowid FROM orders_events"
            " WHERE rowid > ? ORDER BY rowid LIMIT ?",
            (after, limit),
        )
        return [Notification(*row) for row in rows]

    def split_points(self, count: int) -> Sequence[str]:
        """Ids that split the log by orders: those of a sample of its facts, at even distances."""
        last = self.last_position()
        sample = min(last, count * SAMPLE_OF_A_PART)
        positions = (last * each // sample for each in range(sample))
        statement = (
            "SELECT originator_id FROM orders_events"
            " WHERE rowid > ? AND typeof(originator_id) = 'text' ORDER BY rowid LIMIT 1"
        )
        found = (self._reader.execute(statement, (each,)).fetchone() for each in positions)
        return every_nth((row[0] for row in found if row), count)

    def facts_of_range(
        self, part: Range, till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        """The facts of a range of orders with positions up to `till`, by order and version."""
        below = "" if part.upper is None else " AND originator_id < ?"
        upper = () if part.upper is None else (part.upper,)
        yield from self._reader.execute(
            "SELECT originator_id, topic, state FROM orders_events"  # noqa: S608 - our own words
            f" WHERE originator_id >= ?{below} AND rowid <= ?"
            " ORDER BY originator_id, originator_version",
            (part.lower, *upper, till),
        )

    def last_position(self) -> int:
        """The highest position in the log."""
        row = self._reader.execute("SELECT max(rowid) FROM orders_events").fetchone()
        return row[0] or 0

    def answered(self, partner: str, key: str) -> Answered | None:
        """What came of a request."""
        row = self._reader.execute(
            "SELECT fingerprint, order_id, version, at FROM requests WHERE partner = ? AND key = ?",
            (partner, key),
        ).fetchone()
        return row and Answered(partner, key, row[0], row[1], row[2], from_ms(row[3]))

    def wait_for_news(self, after: int, seconds: float) -> None:
        """Wake on a commit of this process; look for those of others now and then."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with self._news:
                if self._latest > after:
                    return
                self._news.wait(min(left, POLL_SECONDS))
            if self.last_position() > after:
                return

    # Tickets.

    def tickets(self, show: str) -> Sequence[Ticket]:
        """All tickets of a show by their numbers."""
        rows = self._reader.execute(
            "SELECT id, show_id, set_id, number, seat, order_id, held_till FROM tickets"
            " WHERE show_id = ? ORDER BY number",
            (show,),
        )
        return [ticket_of(row) for row in rows]

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """These tickets."""
        return [found for each in ids if (found := ticket_row(self._reader, each)) is not None]

    def vacancies(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        """By set, how many tickets can be had at `now`."""
        counts: dict[str, int] = {}
        for show in shows:
            rows = self._reader.execute(
                "SELECT set_id, count(*) FROM tickets WHERE show_id = ?"
                " AND (order_id IS NULL OR held_till <= ?) GROUP BY set_id",
                (show, to_ms(now)),
            )
            counts.update(rows.fetchall())
        return counts

    def overdue(self, seats: Sequence[str], sets: Sequence[str], now: datetime) -> list[str]:
        """Orders whose hold has ended but still keeps one of these tickets."""
        moment = to_ms(now)
        orders: dict[str, None] = {}
        for seat in seats:
            ticket = ticket_row(self._reader, seat)
            if ticket and ticket.order and ticket.vacant_at(now):
                orders[ticket.order] = None
        for set_id in sets:
            rows = self._reader.execute(
                "SELECT DISTINCT order_id FROM tickets"
                " WHERE set_id = ? AND held_till <= ? LIMIT 100",
                (set_id, moment),
            )
            orders.update((row[0], None) for row in rows)
        return list(orders)

    # The catalogue, and the rest.

    def log_id(self) -> str:
        """The log's own id."""
        return str(self._reader.execute("SELECT id FROM log_identity").fetchone()[0])

    def catalog_version(self) -> int:
        """A number that grows with every change of the catalogue or the keys."""
        row = self._reader.execute("SELECT value FROM counters WHERE name = 'catalog'").fetchone()
        return int(row[0])

    def catalog(self) -> dict[tuple[str, str], bytes]:
        """The catalogue's documents by kind and id."""
        return read_documents(self._reader)

    @contextmanager
    def change_catalog(self) -> Iterator[SqliteCatalogChange]:
        """Open a transaction over the catalogue, its tickets and the keys."""
        with self.transaction() as connection:
            change = SqliteCatalogChange(connection)
            yield change
            if change.made:
                connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'catalog'")

    def read_models(self) -> SqliteReadModels:
        """Where the read models are kept: a file of their own, so that they never hold up sales."""
        return self._models

    def audit(self) -> SqliteAudit:
        """What there is for the audit."""
        return self._audit

    def ownership(self) -> SqliteOwnership:
        """Who has which ticket, as a whole."""
        return SqliteOwnership(self.path, self.transaction)

    def attempts(self) -> SqliteAttempts:
        """Where refused attempts are kept."""
        return self._attempts

    def close(self) -> None:
        """Give back all connections."""
        self._commits.close()
        self.recorder.datastore.close()
        self._models.close()
        self._audit.close()
        self._connections.close()


def _named(failure: Exception) -> Exception:
    """A failure as the port names it."""
    if isinstance(failure, sqlite3.IntegrityError):
        return IntegrityError(str(failure))
    return failure
