"""The shared SQL's seam (`shared/database.py`) on an SQLite file."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

from application.storage.shared.database import Dialect, Values, last_position
from application.storage.sqlite.connections import connect

DIALECT = Dialect(
    position="rowid",
    as_id="CASE typeof({0}) WHEN 'text' THEN {0} ELSE hex({0}) END",
    as_text="CAST({0} AS TEXT)",
    as_integer="CAST({0} AS INTEGER)",
    as_bytes="CAST({0} AS BLOB)",
    bytes_or_null="CASE typeof({0}) WHEN 'blob' THEN {0} END",
)


class SqliteSession:
    """A session on a connection whose transaction is open."""

    dialect = DIALECT

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def lock_request(self, digest: bytes) -> None:
        """Nothing to wait for: this is the one transaction that writes."""

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def scan(self, statement: str, values: Values = ()) -> Iterator[Any]:
        return self._connection.execute(statement, values)

    def run(self, statement: str, values: Values = ()) -> int:
        return self._connection.execute(statement, values).rowcount

    def run_each(self, statement: str, values: Iterable[Values]) -> None:
        self._connection.executemany(statement, values)

    def load(self, table: str, columns: str, rows: Iterable[Values]) -> None:
        places = ", ".join("?" * len(columns.split(", ")))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - our own names
        self._connection.executemany(statement, rows)


class SqliteDatabase:
    """Opens transactions of the log's file."""

    dialect = DIALECT

    def __init__(
        self,
        path: str,
        reader: Callable[[], sqlite3.Connection],
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
    ) -> None:
        """`reader` returns the calling thread's connection to the file at `path`.

        `transaction` opens the one writing transaction.
        """
        self._path = path
        self._reader = reader
        self._transaction = transaction

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        return self._reader().execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[SqliteSession]:
        """The one writing transaction."""
        with self._transaction() as connection:
            yield SqliteSession(connection)

    def acknowledged(self) -> AbstractContextManager[SqliteSession]:
        """The same: every commit is as durable as an order's."""
        return self.transaction()

    @contextmanager
    def snapshot(self) -> Iterator[SqliteSession]:
        """A transaction that reads, on a connection of its own."""
        with closing(connect(self._path, "FULL")) as connection:
            connection.execute("BEGIN")
            yield SqliteSession(connection)

    @contextmanager
    def log_snapshot(self) -> Iterator[tuple[int, SqliteSession]]:
        """The same with the log's last position: appends are never seen half done."""
        with self.snapshot() as session:
            yield last_position(session), session

    def log_locked(self) -> AbstractContextManager[SqliteSession]:
        """The one writing transaction: nobody else appends."""
        return self.transaction()
