"""Whether the embedded store can be written to now, without writing anything."""

import sqlite3

from application.storage.sqlite.connections import BUSY_SECONDS

PROBE_SECONDS = 1.5
"""How long another process may hold the write lock."""


def trouble_with_writing(connection: sqlite3.Connection) -> str | None:
    """The reason why a connection cannot write now, or None.

    It takes the write lock and releases it. While other processes commit one batch after another,
    it can miss every gap between them, so a process that has just written need not ask.
    """
    connection.execute(f"PRAGMA busy_timeout={int(PROBE_SECONDS * 1000)}")
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return f"held: {error}"
    finally:
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    return None
