"""Several prepared statements in one round trip, with values in PostgreSQL's binary format.

psycopg's own pipeline has a cursor for each statement. For the seven statements of a batch it takes
five times the processor time of this, which uses the libpq calls that psycopg offers.
"""

import select
import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

from application.runtime.failpoints import reach
from application.storage.postgres.sessions import Session

ANSWER_SECONDS = 10.0
"""How long the answer to a round trip may take."""

LONGER_SECONDS = 1.0
"""After that, how often to ask whether to go on waiting."""

TEXT, BYTES, INT = 25, 17, 20
"""The type numbers of text, bytea and bigint, fixed in every PostgreSQL."""

INT_SIZE = 8
_HEAD = struct.Struct("!iiIii").pack
_SIZE = struct.Struct("!i").pack
_NULL = _SIZE(-1)


class Lost(psycopg.OperationalError):
    """The connection ended before the server's answer was complete."""


class Statement(msgspec.Struct, frozen=True):
    """A statement that is prepared once for each connection, under this name."""

    name: bytes
    sql: bytes


class Call(msgspec.Struct, frozen=True):
    """A statement and its values, each encoded by one of the functions below."""

    statement: Statement
    values: tuple[bytes | None, ...] = ()


def text(value: str) -> bytes:
    """A text. What PostgreSQL cannot hold in one (a zero character) becomes U+FFFD."""
    return (value.replace("\0", "\ufffd") if "\0" in value else value).encode("utf-8", "replace")


def integer(value: int) -> bytes:
    """A bigint."""
    return struct.pack("!q", value)


def integer_of(data: bytes | None) -> int:
    """The number that a bigint's bytes encode."""
    return int.from_bytes(data or b"", signed=True)


def texts(values: Iterable[str | None]) -> bytes:
    """An array of texts, some of which may be null."""
    return _array(TEXT, [None if each is None else text(each) for each in values])


def binaries(values: Iterable[bytes]) -> bytes:
    """An array of byte strings."""
    return _array(BYTES, list(values))


def integers(values: Iterable[int | None]) -> bytes:
    """An array of bigints, some of which may be null."""
    items = list(values)
    if not items or None in items:
        return _array(INT, [None if each is None else integer(each) for each in items])
    sized = [INT_SIZE] * (2 * len(items))
    sized[1::2] = items  # type: ignore[assignment]
    return _HEAD(1, 1, INT, len(items), 1) + struct.pack("!" + "iq" * len(items), *sized)


def _array(kind: int, items: Sequence[bytes | None]) -> bytes:
    """A byte string an item and its size, joined at once: arrays are most of what is sent."""
    if not items:
        return struct.pack("!iiI", 0, 0, kind)
    parts = [_NULL] * (1 + 2 * len(items))
    parts[0] = _HEAD(1, 1, kind, len(items), 1)
    parts[1::2] = [_NULL if each is None else _SIZE(len(each)) for each in items]
    parts[2::2] = [each or b"" for each in items]
    return b"".join(parts)


Rows = list[tuple[Any, ...]]


def not_longer() -> bool:
    """For a round trip that is abandoned at its deadline."""
    return False


class PipelineConnection(Session):
    """A connection for `round_trip` alone: psycopg's cursors cannot use it once it is opened."""

    def open_pipeline(self, settings: Mapping[str, str]) -> None:
        """Set the session's settings, and enter pipeline mode."""
        self.prepare(settings)
        self.pgconn.enter_pipeline_mode()
        self._known: set[bytes] = set()
        self._waiter = select.poll()
        self._waiter.register(self.pgconn.socket, select.POLLIN)

    def round_trip(
        self,
        calls: Sequence[Call],
        seconds: float | None = None,
        longer: Callable[[], bool] = not_longer,
    ) -> list[Rows]:
        """Send `calls` together and return the rows of each, as raw bytes.

        Raises the server's error of the first call that fails: none of the later ones was carried
        out. Raises `Lost` when the connection is closed, or when the server has not answered after
        `seconds` and `longer` returns False: then the outcome is unknown. `warned` is whether the
        server has sent a warning meanwhile.
        """
        self.deadline = time.monotonic() + (ANSWER_SECONDS if seconds is None else seconds)
        self._longer = longer
        self.warned = False
        try:
            sent = self._send(calls)
            reach("append.sent")
            results = self._receive()
        except psycopg.Error as error:
            self.close()
            raise Lost(str(error)) from error
        except BaseException:
            self.close()  # answers that nobody has read would be taken for those of the next calls
            raise
        answers = []
        for name, result in zip(sent, results, strict=True):
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
            if name is None:
                answers.append(_rows(result))
            else:
                self._known.add(name)
        return answers

    def _send(self, calls: Sequence[Call]) -> list[bytes | None]:
        """Send; return what was sent: the name of a statement to prepare, None for a call."""
        sent: list[bytes | None] = []
        for call in calls:
            name = call.statement.name
            if name not in self._known and name not in sent:
                self.pgconn.send_prepare(name, call.statement.sql)
                sent.append(name)
            self.pgconn.send_query_prepared(
                name, call.values, param_formats=[1] * len(call.values), result_format=1
            )
            sent.append(None)
        self.pgconn.pipeline_sync()
        while self.pgconn.flush():
            self._waiter.modify(self.pgconn.socket, select.POLLIN | select.POLLOUT)
            if self._wait() & select.POLLIN:
                self.pgconn.consume_input()
        self._waiter.modify(self.pgconn.socket, select.POLLIN)
        return sent

    def _receive(self) -> list[pq.abc.PGresult]:
        results: list[pq.abc.PGresult] = []
        while True:
            while self.pgconn.is_busy():
                self._wait()
                self.pgconn.consume_input()
            result = self.pgconn.get_result()
            if result is None:
                self._refuse_dead()
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            else:
                results.append(result)

    def _refuse_dead(self) -> None:
        """Refuse a dead connection: it would never have results."""
        if self.pgconn.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError(self.pgconn.get_error_message())

    def _wait(self) -> int:
        while True:
            left = (self.deadline or 0.0) - time.monotonic()
            events = self._waiter.poll(max(0.0, left) * 1000)
            if events:
                return events[0][1]
            if not self._longer():
                raise psycopg.OperationalError("The server does not answer in time.")
            self.deadline = time.monotonic() + LONGER_SECONDS


def _rows(result: pq.abc.PGresult) -> Rows:
    columns = range(result.nfields)
    return [
        tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)
    ]
