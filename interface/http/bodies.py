"""Takes in whole bodies before any work begins: one that never ends must not hold up others.

A thread that reads a body waits for its client. Waiting costs little, so there are many more
threads than may work at the same time. Of these, a partner's unfinished bodies keep only so many,
as do those of all who have no good key; who has too many is told to come again.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import Any

from application.access import Caller
from application.bootstrap import Services
from application.store import StoreUnavailable
from interface.http.errors import RETRY_AFTER_SECONDS, problem
from interface.http.problems import TOO_MANY_BODIES
from interface.http.request_context import caller_of, log_request, request_id_of

SPARE_THREADS = 96
"""Threads of a process that may wait for bodies, beside those that work (`ORDERLOG_THREADS`)."""
UNFINISHED = 24
"""How many of a partner's bodies may be on their way to a process at the same time."""
PATIENCE_SECONDS = 1.0
"""How long one more waits: bodies that come at all have mostly come with their request."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Bodies:
    """WSGI in front of the application's own."""

    def __init__(self, app: Wsgi, services: Services) -> None:
        self._app = app
        self._services = services
        self.patience = PATIENCE_SECONDS
        self._largest = services.settings.max_body_bytes
        self._working = turns(services.settings.threads)
        self._reading: dict[str, SimpleQueue[None]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Take in the body, wait for a turn to work, and have the application answer."""
        length = self._expected(environ)
        if length:
            caller = self._caller(environ)
            partner = "" if caller is None else caller.partner
            if not self._took_in(environ, length, self.reading_of(partner)):
                return too_many(partner)(environ, start_response)
        self._working.get()
        try:
            return self._app(environ, start_response)
        finally:
            self._working.put(None)

    def _expected(self, environ: dict[str, Any]) -> int:
        """How much to read; 0 for no body, and for one that is refused unread."""
        if "HTTP_TRANSFER_ENCODING" in environ:
            return self._largest + 1
        length = environ.get("CONTENT_LENGTH", "")
        told = int(length) if length.isdecimal() else 0
        return told if told <= self._largest else 0

    def _caller(self, environ: dict[str, Any]) -> Caller | None:
        with suppress(StoreUnavailable):  # the application will find that out
            return caller_of(self._services, environ)
        return None

    def _took_in(self, environ: dict[str, Any], length: int, reading: "SimpleQueue[None]") -> bool:
        """Read the body; False when too many others of the same caller are on their way."""
        try:
            reading.get(timeout=self.patience)
        except Empty:
            return False
        try:
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        finally:
            reading.put(None)
        return True

    def reading_of(self, partner: str) -> "SimpleQueue[None]":
        """The turns to have a body read, of a partner or of all who have no good key."""
        reading = self._reading.get(partner)
        return self._reading.setdefault(partner, turns(UNFINISHED)) if reading is None else reading


def turns(count: int) -> "SimpleQueue[None]":
    """So many turns to take and to give back."""
    queue: SimpleQueue[None] = SimpleQueue()
    for _ in range(count):
        queue.put(None)
    return queue


def too_many(partner: str) -> Wsgi:
    """Tells a caller to finish some requests before it begins others."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        began = time.perf_counter()
        said = problem(TOO_MANY_BODIES.status, TOO_MANY_BODIES.code, TOO_MANY_BODIES.says)
        request_id = request_id_of(environ)
        said.headers["X-Request-Id"] = request_id
        said.headers["Retry-After"] = RETRY_AFTER_SECONDS
        if partner:
            said.headers["X-Partner"] = partner
        log_request(request_id, environ["REQUEST_METHOD"], environ["PATH_INFO"], said.status, began)
        return said(environ, start_response)

    return answer
