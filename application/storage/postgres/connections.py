"""Connections to PostgreSQL: opened, pooled, closed and retried."""

import random
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Dumper
from psycopg.types.string import StrDumper
from psycopg_pool import ConnectionPool

from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.store_deadline import StoreWait
from application.storage.postgres import fitness, sessions
from application.storage.postgres.pipeline import PipelineConnection

T = TypeVar("T")

BACKOFF_SECONDS = 5.0
"""How long a request is retried before it fails as unavailable."""

POOL_SECONDS = 3.0
RECONNECT_SECONDS = 2.0
"""How long a pool tries to reconnect by itself; after that, each request tries anew."""
LONGEST_PAUSE = 0.25

CHECK_SECONDS = 1.0
"""How long a pool waits for the answer when it checks a connection."""

Connection = psycopg.Connection[tuple[Any, ...]]
Values = Sequence[Any] | Mapping[str, Any]


class _Text(StrDumper):
    """Dumps texts as PostgreSQL can hold them.

    A zero character becomes U+FFFD, which matches nothing.
    """

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class Array(bytes):
    """An array as `pipeline.py` encodes it: psycopg itself takes much longer."""


class _Array(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: Array) -> Any:
        return obj


def reader_pool(url: str, most: int) -> "ReaderPool":
    """A pool for reading and for rare changes."""
    settings = sessions.settings_of(url) | sessions.READER

    def prepare(connection: sessions.Session) -> None:
        connection.prepare(settings).prepare_threshold = 1
        connection.adapters.register_dumper(str, _Text)
        connection.adapters.register_dumper(Array, _Array)

    return ReaderPool(
        sessions.conninfo(url),
        connection_class=sessions.Session,
        kwargs={"autocommit": True},
        configure=prepare,
        min_size=1,
        max_size=most,
        timeout=POOL_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        num_workers=1,
        name="orderlog-readers",
        open=True,
    )


class ReaderPool(ConnectionPool[sessions.Session]):
    """A pool that detects closed connections without a query."""

    @staticmethod
    def check_connection(conn: sessions.Session) -> None:
        """Check whether the server has closed the connection. Raises `psycopg.Error`."""
        waiter = select.poll()
        waiter.register(conn.pgconn.socket, select.POLLIN)
        if waiter.poll(0):
            conn.pgconn.consume_input()
        if conn.pgconn.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError("The server has ended the connection.")


class PipelinePool(ConnectionPool[PipelineConnection]):
    """A pool of pipeline connections."""

    @staticmethod
    def check_connection(conn: PipelineConnection) -> None:
        """Check the connection by an empty round trip. Raises `Lost`."""
        conn.round_trip([], CHECK_SECONDS)


def writer_pool(url: str, most: int) -> PipelinePool:
    """A pool of pipeline connections for batches of writes."""
    settings = sessions.settings_of(url, sessions.INDEXES_ONLY)
    return PipelinePool(
        sessions.conninfo(url),
        connection_class=PipelineConnection,
        kwargs={"autocommit": True},
        configure=lambda connection: connection.open_pipeline(settings),
        min_size=1,
        max_size=most,
        timeout=POOL_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        num_workers=1,
        name="orderlog-writers",
        open=True,
    )


def connect(url: str) -> sessions.Session:
    """One connection outside the pools. Raises `BadAddress`, `StoreUnavailable`."""
    try:
        fitness.refuse_shared_sessions(url)
        return _fit(sessions.connect(url), url)
    except psycopg.OperationalError as error:
        raise unavailable(error) from error


def _fit(session: sessions.Session, url: str) -> sessions.Session:
    try:
        fitness.refuse_unfit_database(session, url)
    except BaseException:
        session.close()
        raise
    return session


def streamed(cursor: psycopg.ServerCursor[Any], rows: int) -> Iterator[Any]:
    """All rows of a query, fetched so many at a time."""
    while found := cursor.fetchmany(rows):
        yield from found


def unavailable(error: Exception) -> StoreUnavailable:
    """An error of the server as an error of the port."""
    reason = " ".join(str(error).split())
    return StoreUnavailable(f"The database cannot be used now: {reason}")


def passes(error: Exception) -> bool:
    """Whether a retry may succeed: the failure is about the server, not about the request."""
    if isinstance(error, errors.QueryCanceled):
        return False
    return isinstance(
        error, psycopg.OperationalError | psycopg.InterfaceError | errors.ReadOnlySqlTransaction
    )


class Backoff:
    """Pauses that grow, until a deadline."""

    def __init__(self, seconds: float | None = None) -> None:
        self._deadline = time.monotonic() + (BACKOFF_SECONDS if seconds is None else seconds)
        self._pause = 0.001

    def wait(self) -> bool:
        """Pause; return False, without a pause, when the deadline has passed."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, self._pause * random.uniform(0.5, 1.5)))  # noqa: S311 - no secret
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True


class Readers:
    """Runs work that can be repeated without harm, and repeats it if a connection fails."""

    def __init__(self, pool: ReaderPool, synchronous: str) -> None:
        """Take connections from `pool`; what is acknowledged is committed as `synchronous`."""
        self._pool = pool
        self._synchronous = synchronous

    def run(self, work: Callable[[Connection], T], most: float | None = None) -> T:
        """What `work` returns. Raises `StoreUnavailable` when the backoff or the time ends.

        The time is that of the caller's `StoreWait`, and at most `most` seconds.
        """
        with StoreWait() as till:
            deadline = till if most is None else min(till, time.monotonic() + most)
            return off_the_loop(partial(self._run, work, deadline))

    def _run(self, work: Callable[[Connection], T], deadline: float) -> T:
        backoff = Backoff(min(BACKOFF_SECONDS, deadline - time.monotonic()))
        while True:
            try:
                with self._borrowed(deadline) as session:
                    session.deadline = deadline
                    return work(session)
            except psycopg.Error as error:
                if not passes(error) or not backoff.wait():
                    raise _named(error) from error

    @contextmanager
    def _borrowed(self, deadline: float) -> Iterator[sessions.Session]:
        """A connection of the pool. If it fails, the pool's other connections are checked."""
        timeout = max(0.0, min(self._pool.timeout, deadline - time.monotonic()))
        try:
            with self._pool.connection(timeout) as session:
                try:
                    yield session
                finally:
                    session.deadline = None
                    session.silent_seconds = sessions.SILENT_SECONDS
        except sessions.Silent:
            self._pool.drain()
            raise
        except psycopg.Error as error:
            if passes(error):
                self._pool.check()
            raise

    def rows(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement, in binary form: a document as text is twice as long."""
        return self.run(
            lambda connection: connection.execute(
                statement.encode(), values, prepare=True, binary=True
            ).fetchall()
        )

    @contextmanager
    def borrow(self) -> Iterator[sessions.Session]:
        """A connection, each statement of which is a transaction. Raises `StoreUnavailable`."""
        try:
            with self._borrowed(time.monotonic() + self._pool.timeout) as session:
                yield session
        except psycopg.OperationalError as error:
            raise unavailable(error) from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, not repeated. Raises `StoreUnavailable`."""
        with self.borrow() as connection, connection.transaction():
            yield connection

    @contextmanager
    def acknowledged(self) -> Iterator[Connection]:
        """One transaction whose success is acknowledged to a client: as durable as an order's.

        Raises `OutcomeUnknown` if the confirmation of a standby was not received.
        """
        with self.borrow() as session:
            with session.transaction():
                session.execute(
                    "SELECT set_config(%s, %s, true)", (sessions.SYNCHRONOUS, self._synchronous)
                )
                yield session
                session.warned = False
            if session.warned:
                raise OutcomeUnknown("A standby has not confirmed what was committed.")

    def close(self) -> None:
        self._pool.close()


def _named(error: psycopg.Error) -> Exception:
    """The error as an error of the port, if it is about the server's state."""
    if passes(error) or isinstance(error, errors.QueryCanceled):
        return unavailable(error)
    return error
