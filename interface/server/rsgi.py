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
from typing import TypeVar

import structlog
from flask import Flask
from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian.rsgi import Scope
from werkzeug.exceptions import HTTPException

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.rates import TooManyRequests
from application.runtime import tracing
from application.runtime.greenlet_bridge import GreenletBridge, TooLate, in_time, slot_taken
from application.runtime.store_deadline import StoreTime, limited_by
from interface.http import health
from interface.http.authentication import admit, known_caller_of, may_watch
from interface.http.errors import BadRequest, BodyRefused, TooManyCalls, answer_of, answer_to
from interface.http.exchange import Environ, Incoming, Outgoing
from interface.http.gateways import GATEWAYS
from interface.http.metrics import SCOPES, metrics_answer
from interface.http.monitoring import Monitoring
from interface.http.orders import ORDERS
from interface.http.payments import PAYMENTS
from interface.http.refunds import REFUNDS
from interface.http.request_log import Origin, log_request, request_id_of, sign
from interface.http.shows import SHOWS
from interface.server.bodies import Bodies
from interface.server.draining import Traffic
from interface.server.fair_share import CallSlots, PositionWaits
from interface.server.feed_calls import FeedCallsOnLoop, Sending
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

T = TypeVar("T")

log = structlog.get_logger()


SPAN = "orderlog.span"
"""The key of a request's span, where it has one."""


def traced_by(environ: Environ) -> dict[str, str]:
    """The headers by which a caller names its span."""
    names = (tracing.PARENT, tracing.STATE)
    return {name: environ[key] for name in names if (key := f"HTTP_{name.upper()}") in environ}


def within(environ: Environ, call: Callable[[], T]) -> Callable[[], T]:
    """A call in the course of a request's span, where it has one."""
    span = environ.get(SPAN)
    return call if span is None else tracing.within(span, call)


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
        self._routes = flask.url_map.bind("")
        self._usual = UsualCalls(services, [ORDERS, SHOWS, GATEWAYS])
        self._slots = BoundedSemaphore(RUNNING)
        threads = services.settings.threads
        self._reading = ThreadPoolExecutor(threads, "reading"), CallSlots()
        self._writing = ThreadPoolExecutor(threads, "writing"), CallSlots()
        self._feed = FeedCallsOnLoop(services, traffic)
        self._waits = PositionWaits(services, [ORDERS, REFUNDS, PAYMENTS, SHOWS])

    def when_begun(self, call: Callable[[], None]) -> None:
        """Call `call` when this begins to serve."""
        self._begun = call

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to serve on `loop`."""
        self._loop = loop
        if self._begun is not None:
            loop.call_soon(self._begun)
        self._reading[0].submit(self._prepare_shows)
        self._bridge = GreenletBridge(loop)
        self._feed.begin(loop, self._bridge)
        settings = self._services.settings
        self._bodies = Bodies(loop, settings.max_body_bytes, settings.body_seconds)

    def _prepare_shows(self) -> None:
        """Prepare the list of shows; where that fails, the first call for it prepares it."""
        try:
            self._services.show_list.prepare()
        except Exception as error:  # noqa: BLE001 - the first call meets it, too, and answers with it
            log.warning("shows_not_prepared", reason=f"{type(error).__name__}: {error}")

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        self.traffic.come += 1
        try:
            answer = await self._traced(environ_of(scope), protocol)
            if isinstance(answer, Sending):
                await self._feed.send(answer, scope, protocol)
                return
            if self.traffic.draining:
                answer.headers.append(("Connection", "close"))
            protocol.response_bytes(answer.status, answer.headers, answer.body)
        except Exception:
            log.exception("request_failed", path=scope.path)
            raise  # the library answers 500, and says nothing
        finally:
            self.traffic.answered += 1

    async def _traced(self, environ: Environ, protocol: HTTPProtocol) -> Outgoing | Sending:
        """The answer to a request, which has a span if this process makes any."""
        method = environ["REQUEST_METHOD"]
        span = tracing.begin_request(method, traced_by(environ)) if tracing.is_on() else None
        if span is None:
            return await self._outgoing(environ, protocol)
        environ[SPAN] = span
        environ.setdefault("HTTP_X_REQUEST_ID", tracing.text_of(span))
        status = 500
        try:
            answer = await self._outgoing(environ, protocol)
            status = (answer.outgoing if isinstance(answer, Sending) else answer).status
        finally:
            route, _ = self._route(method, environ["PATH_INFO"])
            tracing.end_request(span, method, route, status)
        return answer

    async def _outgoing(self, environ: Environ, protocol: HTTPProtocol) -> Outgoing | Sending:
        if (fault := fault_of_head(environ)) is not None:
            return await self._logged(environ, answer_of(fault), time.perf_counter())
        try:
            body = await self._body(environ, protocol)
        except (BodyRefused, BadRequest) as refused:
            return await self._bridge.run(partial(self._refusal, environ, refused))
        return await self._answer(environ, body)

    async def _answer(self, environ: Environ, body: bytes) -> Outgoing | Sending:
        store_time = StoreTime()
        usual = self._usual.find(environ, lambda: body)
        if usual is not None:
            call = within(environ, partial(self._usual.answer, *usual))
            answer = await self._bridge.run(call, store_time)
            if answer is not None:
                return answer
        watches = environ["PATH_INFO"] in MONITORED and environ["REQUEST_METHOD"] in READING
        if watches and self._is_open(environ):
            return await self._for_monitoring(environ)
        try:
            if self._feed.has_ticket(environ):
                await self._bridge.run(partial(self._feed.admit_ticket, environ))
            caller = await self._bridge.run(partial(admit, self._services, environ))
        except TooManyRequests as refused:
            return await self._bridge.run(partial(self._refusal, environ, refused))
        own = await self._on_the_loop(environ, caller, watches=watches)
        if own is not None:
            return own
        environ["wsgi.input"] = BytesIO(body)
        if environ.pop("HTTP_TRANSFER_ENCODING", None):  # its length is known now: limits hold
            environ["CONTENT_LENGTH"] = str(len(body))
        try:
            return await self._in_a_thread(environ, caller, store_time)
        except (TooLate, TooManyCalls) as refused:
            return await self._bridge.run(partial(self._refusal, environ, refused))

    async def _on_the_loop(
        self, environ: Environ, caller: Caller | None, *, watches: bool
    ) -> Outgoing | Sending | None:
        """What a caller who was admitted is answered without Flask; None for all the rest."""
        began = time.perf_counter()
        if watches and caller is not None and caller.may(*SCOPES):
            return self._finished(environ, await self._metrics(), caller, began)
        if caller is None or not self._feed.are_asked(environ):
            return None
        answer = await self._feed.answer(environ, caller)
        head = answer.outgoing if isinstance(answer, Sending) else answer
        self._finished(environ, head, caller, began)
        return answer

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
            call = in_time(within(environ, partial(self._of_flask, environ, store_time)))
            return await self._loop.run_in_executor(threads, call)

    def _is_open(self, environ: Environ) -> bool:
        """Whether monitoring is answered without a key: health always is."""
        return environ["PATH_INFO"] != METRICS or may_watch(self._services.settings, environ)

    async def _for_monitoring(self, environ: Environ) -> Outgoing:
        """An answer to monitoring, without a thread of the pools and without the store."""
        began = time.perf_counter()
        if environ["PATH_INFO"] == METRICS:
            return await self._logged(environ, await self._metrics(), began)
        handle = health.live if environ["PATH_INFO"] == LIVE else health.ready
        answer = handle(Incoming(environ, {}, "", None, bytes), self._monitoring)
        return await self._logged(environ, answer, began)

    async def _metrics(self) -> Outgoing:
        return metrics_answer(await self._monitoring.figures_soon(), self._monitoring)

    async def _logged(self, environ: Environ, answer: Outgoing, began: float) -> Outgoing:
        """An answer whose caller is logged but not named to the client.

        Nobody is admitted here, and no guess is counted: the answer tells nobody if a key is good.
        """
        caller = None
        if "HTTP_AUTHORIZATION" in environ:
            caller = await self._bridge.run(partial(known_caller_of, self._services, environ))
        return self._finished(environ, answer, None, began, logged=caller)

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
        return self._finished(environ, answer_to(refused), caller, began)

    def _finished(
        self,
        environ: Environ,
        answer: Outgoing,
        caller: Caller | None,
        began: float,
        *,
        logged: Caller | None = None,
    ) -> Outgoing:
        """Complete an answer that Flask did not make: its headers, and its line in the log."""
        request_id = request_id_of(environ)
        sign(answer, environ, request_id, caller, self._services.clock)
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        route, order = self._route(method, path)
        origin = Origin(caller or logged, environ["REMOTE_ADDR"], route, order)
        log_request(request_id, method, path, answer.status, began, origin)
        if method == "HEAD":
            answer.body = b""
        return answer

    def _route(self, method: str, path: str) -> tuple[str | None, str | None]:
        """The route of a request and the order that it names, as far as there are any."""
        try:
            rule, arguments = self._routes.match(path, method, return_rule=True)
        except HTTPException:
            return None, None
        return rule.rule, arguments.get("order")
