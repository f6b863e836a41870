"""Connections to the embedded store's files."""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from application.ports.store import StoreUnavailable
from application.runtime.private_files import make_private

BUSY_SECONDS = 5.0
"""How long a process waits for another process's write to end."""
RETRY_SECONDS = 0.01
SLICE_SECONDS = 0.1
"""How long the writer waits at a time, before it looks for requests whose deadline has passed."""

Synchronous = Literal["FULL", "NORMAL"]


class WalLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long a write-ahead log may get.

    It is truncated to `cut_to` bytes when it is restarted, and emptied when it has twice as many.
    If a reader prevents that, it is tried again after `retry_seconds`.
    """

    cut_to: int = 16 * 2**20
    retry_seconds: float = 5.0


USUAL_LIMITS = WalLimits()


class OfThread:
    """A thread's connection.

    It is thread-local, so it is deleted, and closed, when the thread ends.
    """

    def __init__(self, connection: sqlite3.Connection, epoch: int) -> None:
        self.connection = connection
        self.epoch = epoch

    def __del__(self) -> None:
        self.connection.close()


class Connections:
    """One connection for each thread that asks, until that thread ends.

    Server threads come and go with the load: their connections must go with them.
    """

    def __init__(
        self,
        path: str,
        synchronous: Synchronous,
        opened: Callable[[], None] | None = None,
        limits: WalLimits = USUAL_LIMITS,
    ) -> None:
        """Connect to `path`; `opened` is called after each opening, and may refuse it."""
        self._path = path
        self._limits = limits
        self._synchronous = synchronous
        self._opened = opened
        self._of_thread = threading.local()
        self._further: list[sqlite3.Connection] = []
        self._closed = False
        self.epoch = 0
        """Counts how often the file was replaced; older connections are closed."""

    @property
    def mine(self) -> sqlite3.Connection:
        """The calling thread's connection. Raises `StoreUnavailable`."""
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
        connection = connect(self._path, self._synchronous, self._limits)
        if self._opened is not None:
            try:
                self._opened()
            except StoreUnavailable:
                connection.close()
                raise
        return connection

    def renew(self) -> None:
        """Have every thread open a new connection when it asks next."""
        self.epoch += 1

    def close(self) -> None:
        """Close the further ones and the caller's. Each other thread's ends with its thread.

        To close a connection while another thread's statement runs on it would crash the process.
        """
        self._closed = True
        self.renew()
        self._of_thread.own = None
        for connection in self._further:
            connection.close()


def connect(
    path: str, synchronous: Synchronous, limits: WalLimits = USUAL_LIMITS
) -> sqlite3.Connection:
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
        connection.execute(f"PRAGMA journal_size_limit={limits.cut_to}")
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"The database {path} cannot be used: {error}.") from error
    return connection


def keep_a_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log: readers and the writer do not wait for each other.

    Where several processes open a new file at once, SQLite refuses all but one without waiting.
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
    """Write the write-ahead log into the file and empty it; True if that was done.

    It does not wait: a reader of an older state, or a writer, prevents it for now.
    """
    try:
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.Error:
        return False


class StoreBusy(StoreUnavailable):
    """Another process or thread is writing. Nothing was changed."""


def unavailable(error: sqlite3.DatabaseError) -> StoreUnavailable:
    """An error of SQLite as an error of the port."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    busy = code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    kind = StoreBusy if busy else StoreUnavailable
    return kind(f"The database cannot be written now: {error}")
