"""Connections to the embedded store's files."""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Literal

from application.ports.store import StoreUnavailable
from application.runtime.private_files import make_private

BUSY_SECONDS = 5.0
"""How long a process waits for another one's writing to end."""
RETRY_SECONDS = 0.01
WAL_LIMIT = 16 * 2**20
"""To so many bytes a write-ahead log is cut when it is begun anew."""
SLICE_SECONDS = 0.1
"""How long the one who writes waits at a time, before it looks whose time is over."""

Synchronous = Literal["FULL", "NORMAL"]


class OfThread:
    """A thread's connection; what the thread has for itself ends with it, and this closes it."""

    def __init__(self, connection: sqlite3.Connection, epoch: int) -> None:
        self.connection = connection
        self.epoch = epoch

    def __del__(self) -> None:
        self.connection.close()


class Connections:
    """One connection for each thread that asks, until that thread ends.

    Server threads come and go with the load: what they opened must go with them.
    """

    def __init__(
        self, path: str, synchronous: Synchronous, opened: Callable[[], None] | None = None
    ) -> None:
        """Connect to `path`; `opened` is called after each opening, and may refuse it."""
        self._path = path
        self._synchronous = synchronous
        self._opened = opened
        self._of_thread = threading.local()
        self._further: list[sqlite3.Connection] = []
        self._closed = False
        self.epoch = 0
        """Grows when the file was replaced; connections of before are given up."""

    @property
    def mine(self) -> sqlite3.Connection:
        """The connection of the thread that asks. Raises `StoreUnavailable`."""
        own: OfThread | None = getattr(self._of_thread, "own", None)
        if own is None or own.epoch != self.epoch:
            epoch = self.epoch
            own = self._of_thread.own = OfThread(self._open(), epoch)
        return own.connection

    def open(self) -> sqlite3.Connection:
        """A further connection, for several threads, until `close`. Raises `StoreUnavailable`."""
        connection = self._open()
        self._further.append(connection)
        return connection

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreUnavailable(f"The database {self._path} was closed.")
        connection = connect(self._path, self._synchronous)
        if self._opened is not None:
            try:
                self._opened()
            except StoreUnavailable:
                connection.close()
                raise
        return connection

    def renew(self) -> None:
        """Have every thread connect anew when it asks next."""
        self.epoch += 1

    def close(self) -> None:
        """Close the further ones and the caller's; each other thread's closes with its thread.

        To close what another thread reads from at this moment would crash the process.
        """
        self._closed = True
        self.renew()
        self._of_thread.own = None
        for connection in self._further:
            connection.close()


def connect(path: str, synchronous: Synchronous) -> sqlite3.Connection:
    """A connection in autocommit mode, for any thread. Raises `StoreUnavailable`.

    `synchronous` says whether a commit waits for the disk (FULL).
    """
    make_private(path)
    try:
        connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        keep_a_write_ahead_log(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}")
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"The database {path} cannot be used: {error}.") from error
    return connection


def keep_a_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not wait for each other.

    Of several processes that open a new file, SQLite refuses all but one here, without waiting.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def shrink_write_ahead_log(connection: sqlite3.Connection) -> bool:
    """Write what the write-ahead log has into the file, and empty it; True if that was done.

    It waits for nobody: a reader of an old state, or a writer, keeps it from being done now.
    """
    try:
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.Error:
        return False


class StoreBusy(StoreUnavailable):
    """Somebody else writes at the moment; nothing was done."""


def unavailable(error: sqlite3.DatabaseError) -> StoreUnavailable:
    """The store's state as the port names it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    busy = code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    kind = StoreBusy if busy else StoreUnavailable
    return kind(f"The database cannot be written now: {error}")
