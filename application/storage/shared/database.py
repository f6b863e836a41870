"""The seam between the drivers and the SQL that both stores share.

A statement has `?` where a value goes. `Dialect` has what the databases write differently;
`Database` and `Session` hide how they connect, lock and load.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

Values = Sequence[Any]
AT_ONCE = 500


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """What the databases write in different ways.

    `position` is the column of an event's position. The others are templates that cast a column:
    SQLite keeps values of any type in any column, and a file may be tampered with.
    """

    position: str
    as_id: str = "{0}"
    as_text: str = "{0}"
    as_integer: str = "{0}"
    as_bytes: str = "{0}"
    bytes_or_null: str = "{0}"


class Session(Protocol):
    """A connection inside a transaction."""

    @property
    def dialect(self) -> Dialect:
        """How this database writes it."""

    def lock_request(self, digest: bytes) -> None:
        """Wait until no unit of work carries out the request with this digest."""

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        """All rows of a query."""

    def scan(self, statement: str, values: Values = ()) -> Iterator[Any]:
        """The rows of a query over much of a table, fetched as they are read."""

    def run(self, statement: str, values: Values = ()) -> int:
        """Run a statement; return how many rows it changed."""

    def run_each(self, statement: str, values: Iterable[Values]) -> None:
        """Run a statement once for each of the values."""

    def load(self, table: str, columns: str, rows: Iterable[Values]) -> None:
        """Insert many rows, in the fastest way that the driver has."""


class Database(Protocol):
    """Opens transactions of a store. Each of them raises `StoreUnavailable`."""

    @property
    def dialect(self) -> Dialect:
        """How this database writes it."""

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        """All rows of a query that is a transaction of its own."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction that writes."""

    def acknowledged(self) -> AbstractContextManager[Session]:
        """One whose success is acknowledged to a client: as durable as an order's."""

    def snapshot(self) -> AbstractContextManager[Session]:
        """A transaction that reads everything as it is at one moment, however long it takes."""

    def log_snapshot(self) -> AbstractContextManager[tuple[int, Session]]:
        """The same, begun while no append is open, with the last position of the log."""

    def log_locked(self) -> AbstractContextManager[Session]:
        """A transaction that writes while nobody appends to the log."""


def last_position(session: Session) -> int:
    """The highest position in the log; 0 for an empty one."""
    column = session.dialect.position
    return int(session.rows(f"SELECT coalesce(max({column}), 0) FROM orders_events")[0][0])  # noqa: S608 - our own names


def one_of(column: str, values: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    """The conditions that a column has one of the values, for at most `AT_ONCE` values each."""
    for start in range(0, len(values), AT_ONCE):
        some = values[start : start + AT_ONCE]
        yield f"{column} IN ({', '.join('?' * len(some))})", some
