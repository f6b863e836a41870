"""The shared SQL's seam (`shared/database.py`) on a PostgreSQL database."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from application.storage.postgres.advisory_locks import LOG_LOCK, request_key
from application.storage.postgres.connections import Connection, Readers, streamed
from application.storage.postgres.sessions import take_time
from application.storage.shared.database import Dialect, Values, last_position
from application.storage.shared.scripts import NotAsExpected, Script, steps_of

DIALECT = Dialect(position="notification_id")
SCAN_ROWS = 5000


class PostgresSession:
    """A session on a connection whose transaction is open."""

    dialect = DIALECT

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock_request(self, digest: bytes) -> None:
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (request_key(digest),))

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        return self._connection.execute(translated(statement), values, binary=True).fetchall()

    def scan(self, statement: str, values: Values = ()) -> Iterator[Any]:
        take_time(self._connection)
        self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        with self._connection.cursor(name="scan", binary=True) as cursor:
            cursor.execute(translated(statement), values)
            yield from streamed(cursor, SCAN_ROWS)

    def run(self, statement: str, values: Values = ()) -> int:
        return self._connection.execute(translated(statement), values).rowcount

    def run_each(self, statement: str, values: Iterable[Values]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(translated(statement), values)

    def run_steps(self, script: Script, values: Mapping[str, Any]) -> None:
        """Run a script's steps. Raises `NotAsExpected`."""
        for statement, due in steps_of(script, values):
            changed = self._connection.execute(statement.encode(), values).rowcount
            if due is not None and changed != due:
                raise NotAsExpected

    def load(self, table: str, columns: str, rows: Iterable[Values]) -> None:
        statement = f"COPY {table} ({columns}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in rows:
                copy.write_row(row)


class PostgresDatabase:
    """Opens transactions on connections of the readers' pool."""

    dialect = DIALECT

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        return self._readers.rows(translated(statement).decode(), values)

    @contextmanager
    def transaction(self) -> Iterator[PostgresSession]:
        """A transaction that writes what can be made again: it waits for no standby."""
        with self._readers.transaction() as connection:
            yield PostgresSession(connection)

    @contextmanager
    def acknowledged(self) -> Iterator[PostgresSession]:
        """A transaction that is as durable as an order's: it waits for a standby."""
        with self._readers.acknowledged() as connection:
            yield PostgresSession(connection)

    def run_script(self, script: Script, values: Mapping[str, Any]) -> None:
        """Run a script, step by step, in a transaction. Raises `NotAsExpected`."""
        with self.acknowledged() if script.acknowledged else self.transaction() as session:
            session.run_steps(script, values)

    @contextmanager
    def snapshot(self) -> Iterator[PostgresSession]:
        """A transaction that reads everything as it is at its first statement."""
        with self._readers.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            take_time(connection)
            yield PostgresSession(connection)

    @contextmanager
    def log_snapshot(self) -> Iterator[tuple[int, PostgresSession]]:
        """The same, begun while no append is open.

        Positions are assigned before an append ends, so rows and log match only then. The log's
        lock is held only while the snapshot begins.
        """
        with self._readers.borrow() as connection:
            session = PostgresSession(connection)
            connection.execute("SELECT pg_advisory_lock(%s, %s)", LOG_LOCK)
            try:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                position = last_position(session)
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", LOG_LOCK)
            try:
                yield position, session
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def log_locked(self) -> Iterator[PostgresSession]:
        """A transaction that holds the log's lock. Its commit is as durable as an order's."""
        with self._readers.acknowledged() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOG_LOCK)
            yield PostgresSession(connection)


def translated(statement: str) -> bytes:
    """A shared statement with the driver's placeholders."""
    return statement.replace("?", "%s").encode()
