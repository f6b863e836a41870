"""The application as the server calls it: on an event loop, by RSGI.

A body is read as it arrives, so a client that never ends one costs only the memory that it fills
(`bodies.py`). Calls in their usual form are answered on the loop (`usual_calls.py`). All others are
answered by Flask, in one of the `ORDERLOG_THREADS` threads for reading, or of as many for writing.
A caller has few of them at the same time, and a request that waits for a read model has none
(`fair_share.py`). Health and metrics are answered on the loop, too, so that no busy thread and no
store can delay them.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from threading import BoundedSemaphore

from flask import Flask
from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian.rsgi import Scope

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.rates import TooManyRequests
from application.runtime.greenlet_bridge import GreenletBridge, TooLate, in_time, slot_taken
from application.runtime.store_deadline import StoreTime, limited_by
from interface.http import health
from interface.http.authentication import admit, known_caller_of
from interface.http.errors import BadRequest, BodyRefused, TooManyCalls, answer_of, answer_to
from interface.http.exchange import Environ, Incoming, Outgoing
from interface.http.metrics import metrics_answer
from interface.http.monitoring import Monitoring
from interface.http.orders import ORDERS
from interface.http.request_log import Origin, log_request, request_id_of, sign
from interface.http.shows import SHOWS
from interface.server.bodies import Bodies
from interface.server.draining import Traffic
from interface.server.fair_share import CallSlots, PositionWaits
from interface.server.heads import environ_of, fault_of_head
from interface.server.usual_calls import UsualCalls
from interface.server.wsgi import call_wsgi

RUNNING = 4
"""How many threads run at the same time. More only compete for the interpreter: with 32,
a list of orders took twice as long. A thread that waits for the store or a read model lets another
run."""
READING = frozenset({"GET", "HEAD"})
"""Methods that only read. They have threads of their own, because writes that wait for a stalled
store may occupy all of theirs."""
LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"
MONITORED = frozenset({LIVE, READY, METRICS})
"""The paths of monitoring, answered on the loop."""


class RsgiService:
    """The service as an RSGI application; `flask` is the whole HTTP API and the console."""

    def __init__(
        self, flask: Flask, services: Services, monitoring: Monitoring, traffic: Traffic
    ) -> None:
        self.traffic = traffic
        self._monitoring = monitoring
        self._begun: Callable[[], None] | None = None
        self._services = services
        self._flask = flask.wsgi_app
        self._usual = UsualCalls(services, [ORDERS])
        self._slots = BoundedSemaphore(RUNNING)
        threads = services.settings.threads
        self._reading = ThreadPoolExecutor(threads, "reading"), CallSlots()
        self._writing = ThreadPoolExecutor(threads, "writing"), CallSlots()
        self._waits = PositionWaits(services, [ORDERS, SHOWS])

    def when_begun(self, call: Callable[[], None]) -> None:
        """Call `call` when this begins to serve."""
        self._begun = call

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to serve on `loop`."""
        self._loop = loop
        if self._begun is not None:
            loop.call_soon(self._begun)
        self._bridge = GreenletBridge(loop)
        settings = self._services.settings
        self._bodies = Bodies(loop, settings.max_body_bytes, settings.body_seconds)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        self.traffic.come += 1
        try:
            answer = await self._outgoing(scope, protocol)
            if self.traffic.draining:
                answer.headers.append(("Connection", "close"))
            protocol.response_bytes(answer.status, answer.headers, answer.body)
        finally:
            self.traffic.answered += 1

    async def _outgoing(self, scope: Scope, protocol: HTTPProtocol) -> Outgoing:
        environ = environ_of(scope)
        if (fault := fault_of_head(environ)) is not None:
            return _finished(environ, answer_of(fault), None, time.perf_counter())
        try:
            body = await self._body(environ, protocol)
        except (BodyRefused, BadRequest) as refused:
            return await self._bridge.run(partial(self._refusal, environ, refused))
        return await self._answer(environ, body)

    async def _answer(self, environ: Environ, body: bytes) -> Outgoing:
        store_time = StoreTime()
        usual = self._usual.find(environ, lambda: body)
        if usual is not None:
            answer = await self._bridge.run(partial(self._usual.answer, *usual), store_time)
            if answer is not None:
                return answer
        if environ["PATH_INFO"] in MONITORED and environ["REQUEST_METHOD"] in READING:
            return await self._for_monitoring(environ)
        try:
            caller = await self._bridge.run(partial(admit, self._services, environ))
        except TooManyRequests as refused:
            return await self._bridge.run(partial(self._refusal, environ, refused))
        environ["wsgi.input"] = BytesIO(body)
        try:
            return await self._in_a_thread(environ, caller, store_time)
        except (TooLate, TooManyCalls) as refused:
            return await self._bridge.run(partial(self._refusal, environ, refused))

    async def _in_a_thread(
        self, environ: Environ, caller: Caller | None, store_time: StoreTime
    ) -> Outgoing:
        """Flask's answer. Raises `TooLate`, `TooManyCalls`."""
        model = self._waits.model_of(environ)
        if model is not None and caller is not None:
            await self._waits.wait(environ, model, caller.partner)
        reads = environ["REQUEST_METHOD"] in READING
        threads, slots = self._reading if reads else self._writing
        async with slots.slot(environ["REMOTE_ADDR"] if caller is None else caller.partner):
            call = in_time(partial(self._of_flask, environ, store_time))
            return await self._loop.run_in_executor(threads, call)

    async def _for_monitoring(self, environ: Environ) -> Outgoing:
        """An answer to monitoring, without a thread of the pools and without the store."""
        began = time.perf_counter()
        if environ["PATH_INFO"] == METRICS:
            answer = metrics_answer(await self._monitoring.figures_soon(), self._monitoring)
        else:
            handle = health.live if environ["PATH_INFO"] == LIVE else health.ready
            incoming = Incoming(environ, {}, "", None, bytes)
            answer = handle(incoming, self._monitoring)
        return _finished(environ, answer, None, began)

    def _of_flask(self, environ: Environ, store_time: StoreTime) -> Outgoing:
        with slot_taken(self._slots), limited_by(store_time):
            return call_wsgi(self._flask, environ)

    async def _body(self, environ: Environ, protocol: HTTPProtocol) -> bytes:
        """The body, as far as it is allowed to be. Raises `BodyRefused`, `BadRequest`."""
        if self._bodies.is_read_for_anyone(environ):
            return await self._bodies.small(environ, protocol)
        caller = await self._bridge.run(partial(known_caller_of, self._services, environ))
        partner = None if caller is None else caller.partner
        return await self._bodies.of_caller(environ, protocol, partner)

    def _refusal(self, environ: Environ, refused: Exception) -> Outgoing:
        began = time.perf_counter()
        caller = known_caller_of(self._services, environ)
        return _finished(environ, answer_to(refused), caller, began)


def _finished(environ: Environ, answer: Outgoing, caller: Caller | None, began: float) -> Outgoing:
    """Complete an answer that Flask did not make: its headers, and its line in the log."""
    request_id = request_id_of(environ)
    sign(answer, environ, request_id, caller)
    method = environ["REQUEST_METHOD"]
    origin = Origin(caller, environ["REMOTE_ADDR"])
    log_request(request_id, method, environ["PATH_INFO"], answer.status, began, origin)
    if method == "HEAD":
        answer.body = b""
    return answer
