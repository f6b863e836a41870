"""The rejection log: requests about an order that were rejected, kept apart from its events.

It is for people who want to know what happened. An entry never makes its request wait or fail: it
is queued, and a thread of its own writes the queue outside all other transactions. Entries that a
process had not written when it crashed (a fraction of a second) are lost.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from application.orders.commands import ChangeOrder, RejectedRequest
from application.ports.rejection_log import Attempt
from application.ports.store import Store
from application.runtime.background_thread import BackgroundThread
from application.runtime.clock import written
from domain.commands import BestAvailable, TicketsById

KEPT = timedelta(days=30)
MOST_QUEUED = 10_000
"""The most entries that wait to be written; beyond that the oldest are dropped."""
COLLECT_SECONDS = 0.1
READER_SECONDS = 1.0
PURGED_AT_ONCE = 5_000
PURGE_SECONDS = 3600.0

log = structlog.get_logger()


class RejectionLog:
    """Writes, reads and deletes rejected requests."""

    def __init__(self, store: Store, clock_is_right: Callable[[], bool]) -> None:
        """Use the log of `store`. Entries are deleted only while `clock_is_right`."""
        self._store = store
        self._clock_is_right = clock_is_right
        self._queue: deque[Attempt] = deque(maxlen=MOST_QUEUED)
        self._purge_at = 0.0
        self._writing = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._thread = BackgroundThread("rejections", self._write_soon, PURGE_SECONDS)

    def record(self, rejected: RejectedRequest) -> None:
        """Queue a rejected request to be written soon."""
        self._idle.clear()
        self._queue.append(_attempt(rejected))
        self._thread.wake()

    def of(self, order: str) -> Sequence[Attempt]:
        """The rejected requests about an order, oldest first, with those queued in this process.

        If the store cannot be written now, queued ones are left out: a read does not wait for that.
        """
        if self._thread.started:
            self._thread.wake()
            self._idle.wait(READER_SECONDS)
        else:
            self.write()
        return self._store.attempts().of(order)

    def write(self) -> None:
        """Write the queue; entries that cannot be written are dropped, and that is logged."""
        with self._writing:
            attempts = []
            while self._queue:
                attempts.append(self._queue.popleft())
            if not attempts:
                return
            try:
                self._store.attempts().add(attempts)
            except Exception:
                log.exception("attempts_lost", count=len(attempts))

    def purge(self, now: datetime) -> None:
        """Delete entries older than thirty days, at most once an hour.

        Nothing is deleted while the clock is in doubt: a wrong one could make all entries old.
        """
        if time.monotonic() >= self._purge_at and self._clock_is_right():
            self._purge_at = time.monotonic() + PURGE_SECONDS
            while self._store.attempts().purge(now - KEPT, PURGED_AT_ONCE) == PURGED_AT_ONCE:
                pass

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def close(self) -> None:
        """Write the queue and stop."""
        self._thread.stop()
        self.write()

    def _write_soon(self) -> None:
        """Write the queue, and what is added within a moment."""
        self._thread.pause(COLLECT_SECONDS)
        self.write()
        if not self._queue:
            self._idle.set()


def wanted(command: ChangeOrder) -> dict[str, Any]:
    """The request as a document; of what may be about people only the names of fields."""
    requested: dict[str, Any] = {}
    if isinstance(command.tickets, TicketsById):
        requested["tickets"] = command.tickets.tickets
    elif isinstance(command.tickets, BestAvailable):
        requested["random"] = command.tickets.counts
    if command.tickets is not None and command.all_or_nothing:
        requested["all_or_nothing"] = True
    if command.customer is not None:
        requested["customer"] = _given(command.customer)
    if command.promocodes is not None:
        requested["promocodes"] = command.promocodes
    if command.payment is not None:
        requested["payment"] = command.payment.system
    if command.vendor_data is not None:
        requested["vendor_data"] = _given(command.vendor_data)
    if command.status is not None:
        requested["status"] = command.status
    return requested


def _given(data: msgspec.Struct) -> list[str]:
    """The names of the fields that are given."""
    return [name for name, value in msgspec.structs.asdict(data).items() if value is not None]


def _attempt(rejected: RejectedRequest) -> Attempt:
    about = {name: _plain(value) for name, value in rejected.about.items()}
    return Attempt(
        order=rejected.order,
        at=rejected.at,
        version=rejected.version,
        actor=rejected.request.caller.actor,
        request=rejected.request.id,
        code=rejected.code,
        wanted=msgspec.json.encode({**wanted(rejected.command), **rejected.asked}),
        about=msgspec.json.encode(about),
    )


def _plain(value: Any) -> Any:
    """A refusal's value in a form that JSON can have."""
    if isinstance(value, datetime):
        return written(value)
    return str(value) if isinstance(value, Exception) else value
