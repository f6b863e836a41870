"""Connections to the embedded store's files."""

import sqlite3
import time
from typing import Literal

from application.store import StoreUnavailable

BUSY_SECONDS = 5.0
"""How long a process waits for another one's writing to end."""
RETRY_SECONDS = 0.01


def connect(path: str, synchronous: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
    """A connection in autocommit mode, for any thread. Raises `StoreUnavailable`.

    `synchronous` says whether a commit waits for the disk (FULL).
    """
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        _keep_a_write_ahead_log(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"The database {path} cannot be used: {error}.") from error
    return connection


def _keep_a_write_ahead_log(connection: sqlite3.Connection) -> None:
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
