"""Connections to PostgreSQL: how they are opened, pooled, given up and tried again."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import StrDumper
from psycopg_pool import ConnectionPool

from application.cooperation import off_the_loop
from application.storage.postgres_line import LineConnection
from application.store import StoreUnavailable

T = TypeVar("T")

PATIENCE_SECONDS = 5.0
"""How long a request is tried again before it is told to come back later."""

POOL_SECONDS = 3.0
RECONNECT_SECONDS = 2.0
"""How long a pool goes on trying by itself; after that, whoever needs a connection tries anew."""
LONGEST_PAUSE = 0.25

DEFAULTS = {
    "application_name": "orderlog",
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""What an address does not say itself. The last four notice a server that is gone in silence."""

SESSION = (
    "-c statement_timeout=10s -c lock_timeout=3s -c idle_in_transaction_session_timeout=10s"
    " -c synchronous_commit=on -c jit=off"
)
"""Set for every session; the address's own `options` come later and win."""

INDEXES_ONLY = (
    " -c plan_cache_mode=force_generic_plan"
    " -c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off"
)
"""For the sessions that write: their statements read few rows by index, even where statistics
are missing, as right after a catalogue was loaded."""

Connection = psycopg.Connection[tuple[Any, ...]]
Values = Sequence[Any] | Mapping[str, Any]


class BadAddress(Exception):
    """A database address that libpq cannot read."""


def conninfo(url: str, session: str = SESSION) -> str:
    """The address with our defaults where it says nothing. Raises `BadAddress`."""
    try:
        given = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise BadAddress(str(error).strip()) from error
    options = f"{session} {given.pop('options', '')}".strip()
    return make_conninfo("", **{**DEFAULTS, **given, "options": options})


class _Text(StrDumper):
    """Texts as PostgreSQL can hold them: a zero character becomes U+FFFD, which matches nothing."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class Array(bytes):
    """An array as `postgres_line.py` makes them: psycopg itself takes far longer."""


class _Array(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: Array) -> Any:
        return obj


def _prepare_reader(connection: Connection) -> None:
    connection.prepare_threshold = 1
    connection.adapters.register_dumper(str, _Text)
    connection.adapters.register_dumper(Array, _Array)


def reader_pool(url: str, most: int) -> ConnectionPool[Connection]:
    """A pool for reading and for rare changes."""
    return ConnectionPool(
        conninfo(url),
        kwargs={"autocommit": True},
        configure=_prepare_reader,
        min_size=1,
        max_size=most,
        timeout=POOL_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        num_workers=1,
        name="orderlog-readers",
        open=True,
    )


class LinePool(ConnectionPool[LineConnection]):
    """A pool that tries its connections as lines."""

    @staticmethod
    def check_connection(conn: LineConnection) -> None:
        """Ask the server for a sign of life. Raises `Lost`."""
        conn.trip([])


def writer_pool(url: str, most: int) -> LinePool:
    """A pool of lines for batches of writes."""
    return LinePool(
        conninfo(url, SESSION + INDEXES_ONLY),
        connection_class=LineConnection,
        kwargs={"autocommit": True},
        configure=LineConnection.open_line,
        min_size=1,
        max_size=most,
        timeout=POOL_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        num_workers=1,
        name="orderlog-writers",
        open=True,
    )


def connect(url: str) -> Connection:
    """One connection outside the pools. Raises `StoreUnavailable`."""
    try:
        return psycopg.connect(conninfo(url), autocommit=True)
    except psycopg.OperationalError as error:
        raise unavailable(error) from error


def streamed(cursor: psycopg.ServerCursor[Any], rows: int) -> Iterator[Any]:
    """All rows of a query, fetched so many at a time."""
    while found := cursor.fetchmany(rows):
        yield from found


def unavailable(error: Exception) -> StoreUnavailable:
    """The store's state as the port names it."""
    reason = " ".join(str(error).split())
    return StoreUnavailable(f"The database cannot be used now: {reason}")


def passes(error: Exception) -> bool:
    """Whether what failed may succeed when it is tried again: the server, not the request."""
    if isinstance(error, errors.QueryCanceled):
        return False
    return isinstance(
        error, psycopg.OperationalError | psycopg.InterfaceError | errors.ReadOnlySqlTransaction
    )


class Patience:
    """Pauses that grow, until a deadline."""

    def __init__(self, seconds: float | None = None) -> None:
        self._deadline = time.monotonic() + (PATIENCE_SECONDS if seconds is None else seconds)
        self._pause = 0.001

    def wait(self) -> bool:
        """Pause; False, at once, when the time is over."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, self._pause * random.uniform(0.5, 1.5)))  # noqa: S311 - no secret
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True


class Readers:
    """Runs what can be repeated without harm, again if a connection fails."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns. Raises `StoreUnavailable` when patience ends."""
        return off_the_loop(partial(self._run, work))

    def _run(self, work: Callable[[Connection], T]) -> T:
        patience = Patience()
        while True:
            try:
                with self._pool.connection() as connection:
                    return work(connection)
            except psycopg.Error as error:
                if not passes(error) or not patience.wait():
                    raise _named(error) from error
                self._pool.check()

    def rows(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.run(
            lambda connection: connection.execute(
                statement.encode(), values, prepare=True
            ).fetchall()
        )

    @contextmanager
    def borrow(self) -> Iterator[Connection]:
        """A connection, each statement of which is a transaction. Raises `StoreUnavailable`."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.OperationalError as error:
            self._pool.check()
            raise unavailable(error) from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, not repeated. Raises `StoreUnavailable`."""
        with self.borrow() as connection, connection.transaction():
            yield connection

    def close(self) -> None:
        """Give back all connections."""
        self._pool.close()


def _named(error: psycopg.Error) -> Exception:
    """The error as the port names it, if it is about the server's state."""
    if passes(error) or isinstance(error, errors.QueryCanceled):
        return unavailable(error)
    return error
