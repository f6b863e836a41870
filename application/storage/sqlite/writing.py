"""Writes the log of the embedded store: one connection, one thread at a time."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from eventsourcing.persistence import IntegrityError

from application.event_log.committed_events import count_committed
from application.ports.store import StoreUnavailable
from application.ports.unit_of_work import T, TicketTaken, UnitOfWork, Written
from application.runtime.failpoints import reach
from application.runtime.traffic_counts import TRAFFIC
from application.storage.shared.batch import Outcome, PendingWrites, events_of
from application.storage.shared.group_commit import GroupCommit
from application.storage.shared.scripts import NotAsExpected, Script, run_of, trigger_of
from application.storage.sqlite.batch import (
    STORING,
    SqliteBatch,
    read_hashes,
    read_heads,
    store_pending,
)
from application.storage.sqlite.connections import (
    BUSY_SECONDS,
    SLICE_SECONDS,
    StoreBusy,
    shrink_write_ahead_log,
    unavailable,
)
from application.storage.sqlite.file import LogFiles
from application.storage.sqlite.write_lock import WriteLock

WRITE_SECONDS = 5.0
"""How long a request may wait for its writes in total."""
GRACE_SECONDS = 2.0
"""How long after their deadline a batch may still finish its writes."""


class SqliteWriter:
    """Carries out writes on a connection of its own to a log that is laid out."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        files: LogFiles,
        lock: WriteLock,
        notify: Callable[[int], None],
    ) -> None:
        """`notify` gets the last position of each commit that appended something."""
        self._connection = connection
        self._files = files
        self._lock = lock
        self._notify = notify
        self._writing = threading.Lock()
        connection.executescript(STORING)
        connection.execute(f"PRAGMA busy_timeout={SLICE_SECONDS * 1000:.0f}")
        self._heads = read_heads(connection)
        self._scripts: set[str] = set()
        self._commits: GroupCommit[UnitOfWork[Any], Written[Any]] = GroupCommit(
            self._commit, limited=True, grace=GRACE_SECONDS, name="commits", counted=TRAFFIC.batch
        )

    def write_all(self, writes: Sequence[UnitOfWork[T]]) -> list[Written[T] | Exception]:
        """Carry out `writes` in a shared commit."""
        if not writes:
            return []
        till = time.monotonic() + WRITE_SECONDS
        for write in writes:
            if write.till is None:
                write.till = till
        return self._commits.submit(writes, till=writes[0].till)

    def succeeded_within(self, seconds: float) -> bool:
        """Whether a batch was carried out within the last `seconds`."""
        return self._commits.succeeded_within(seconds)

    def _commit(self, writes: list[UnitOfWork[Any]]) -> list[Outcome]:
        """Carry out a batch, again while other processes write; refuse what is past its deadline.

        A problem that is found after the commit also applies to units of work that only read and
        decided.
        """
        self._files.require()
        outcomes: dict[int, Outcome] = {}
        waiting = dict(enumerate(writes))
        while waiting:
            try:
                self._carry_out(waiting, outcomes)
                self._lock.is_free()
            except StoreBusy as busy:
                self._lock.is_held()
                moment = time.monotonic()
                late = [place for place, write in waiting.items() if (write.till or 0.0) <= moment]
                outcomes.update((place, busy) for place in late if place not in outcomes)
            waiting = {place: waiting[place] for place in waiting if place not in outcomes}
        self._files.require_after_commit()
        return [outcomes[place] for place in range(len(writes))]

    def _carry_out(self, writes: dict[int, UnitOfWork[Any]], outcomes: dict[int, Outcome]) -> None:
        """Carry out a batch: by one statement, else in one transaction, else one by one.

        Raises `StoreBusy`; what has an outcome by then keeps it.
        """
        outcomes.update(self._store_at_once(writes))
        rest = {place: write for place, write in writes.items() if place not in outcomes}
        if rest:
            self._store_in_rounds(rest, outcomes)

    def _store_at_once(self, writes: Mapping[int, UnitOfWork[Any]]) -> dict[int, Outcome]:
        """Load and decide outside of a transaction, and store by a statement that is one.

        If another process has written meanwhile, the statement fails as a whole and changes
        nothing. Then there is no outcome, nor for a deferred unit of work, nor for a refusal: what
        was loaded, query by query, may not belong together.
        """
        with self._holding_lock():
            batch = SqliteBatch(self._connection, writes, self._heads)
            try:
                batch.find()
                reach("append.found")
                batch.decide()
                reach("append.before_commit")
                positions = batch.store()
                if batch.refused and read_heads(self._connection) != self._heads:
                    batch.refused = {}
            except (sqlite3.IntegrityError, TicketTaken):
                return {}
            except sqlite3.DatabaseError as error:
                raise unavailable(error) from error
        reach("append.after_commit")
        self._notify_of(positions)
        count_committed(events_of(batch.pending_writes))
        return batch.outcomes(positions)

    @contextmanager
    def _holding_lock(self) -> Iterator[None]:
        """Hold the lock of the one thread of this process that writes. Raises `StoreBusy`."""
        self._acquire()
        try:
            yield
        finally:
            self._writing.release()

    def _acquire(self) -> None:
        if not self._writing.acquire(timeout=SLICE_SECONDS):
            raise StoreBusy("The database cannot be written now: another thread writes.")

    def _store_in_rounds(
        self, writes: dict[int, UnitOfWork[Any]], outcomes: dict[int, Outcome]
    ) -> None:
        """Carry out a batch in one transaction; if one write makes it fail, each in its own."""
        try:
            outcomes.update(self._transact(writes))
        except Exception as failure:
            if isinstance(failure, StoreUnavailable):
                raise
            if len(writes) == 1:
                outcomes.update(dict.fromkeys(writes, _named(failure)))
                return
            for place, write in writes.items():
                self._store_in_rounds({place: write}, outcomes)

    def _transact(self, writes: Mapping[int, UnitOfWork[Any]]) -> dict[int, Outcome]:
        """Load, decide and store in rounds: what is deferred in one is loaded again in the next."""
        waiting = dict(writes)
        outcomes: dict[int, Outcome] = {}
        stored: list[int] = []
        pending: list[PendingWrites] = []
        with self.transaction(0.0) as connection:
            heads = read_heads(connection)
            while waiting:
                batch = SqliteBatch(connection, waiting, heads)
                batch.find()
                batch.decide()
                positions = batch.store()
                stored += positions
                pending += batch.pending_writes
                done = batch.outcomes(positions)
                outcomes.update(done)
                waiting = {place: waiting[place] for place in waiting if place not in done}
            reach("append.stored")
        reach("append.after_commit")
        self._heads = heads
        self._notify_of(stored)
        count_committed(events_of(pending))
        return outcomes

    def append(self, writes: PendingWrites) -> list[int]:
        """Store pending writes in their own transaction. Raises the library's `IntegrityError`."""
        try:
            with self.transaction() as connection:
                heads = read_heads(connection)
                hashes = read_hashes(connection, writes.events)
                positions = store_pending(connection, [writes], heads, heads.number, hashes)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(str(error)) from error
        self._heads = heads
        self._notify_of(positions)
        count_committed(writes.events)
        return positions

    @contextmanager
    def transaction(self, seconds: float = BUSY_SECONDS) -> Iterator[sqlite3.Connection]:
        """The one writing transaction: committed to the disk, or rolled back as a whole.

        It waits at most `seconds` while others write. Raises `OutcomeUnknown` if the file was
        removed or replaced meanwhile.
        """
        self._begin(time.monotonic() + seconds)
        try:
            yield self._connection
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
                self._files.require_after_commit()
        except BaseException as failure:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(failure, sqlite3.DatabaseError) and not isinstance(
                failure, sqlite3.IntegrityError
            ):
                raise unavailable(failure) from failure
            raise
        finally:
            self._writing.release()

    def run_script(self, script: Script, values: Mapping[str, Any]) -> None:
        """Run a script as one statement, which is a transaction. Raises `NotAsExpected`.

        The file's lock is held by SQLite alone, never while a thread waits for the interpreter.
        """
        given = [values[each] for each in script.values]
        self._until(time.monotonic() + BUSY_SECONDS, lambda: self._try_to_run(script, given))
        self._files.require_after_commit()

    def _try_to_run(self, script: Script, values: Sequence[Any]) -> None:
        with self._holding_lock():
            try:
                if script.name not in self._scripts:
                    self._connection.executescript(trigger_of(script))
                    self._scripts.add(script.name)
                self._connection.execute(run_of(script), values)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
                    raise NotAsExpected from error
                raise unavailable(error) from error

    def _begin(self, deadline: float) -> None:
        """Begin a transaction and hold the lock."""
        self._until(deadline, self._try_to_begin)

    def _until(self, deadline: float, work: Callable[[], None]) -> None:
        """Try to write until it succeeds; between tries other threads of this process may.

        Raises `StoreBusy` after the deadline.
        """
        self._files.require()
        while True:
            try:
                work()
            except StoreBusy:
                if time.monotonic() >= deadline:
                    raise
            else:
                return

    def _try_to_begin(self) -> None:
        self._acquire()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._writing.release()
            if isinstance(error, sqlite3.DatabaseError):
                raise unavailable(error) from error
            raise

    def _notify_of(self, positions: Sequence[int]) -> None:
        if positions:
            self._notify(positions[-1])

    def close(self) -> None:
        """Stop writing. No caller may be waiting."""
        self._commits.close()
        shrink_write_ahead_log(self._connection)


def _named(failure: Exception) -> Exception:
    """A failure as an error of the port."""
    if isinstance(failure, sqlite3.IntegrityError):
        return IntegrityError(str(failure))
    return failure
