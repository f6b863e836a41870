"""The headers that every answer carries, and the line that each request leaves in the log."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from random import getrandbits

import msgspec
import structlog

from application.catalog.access import Caller
from application.runtime.clock import at_ns, machine_ns, written
from application.runtime.service_clock import ServiceClock
from application.runtime.traffic_counts import TRAFFIC
from interface.http.exchange import Environ, Header, Outgoing
from interface.http.headers import SANDBOX_CLOCK
from interface.http.protection import protection_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")

PROBES = frozenset({"/health/live", "/health/ready", "/metrics"})
ASSETS = "/static/"
"""A part of the routes of what pages are made of."""

DEBUG, INFO = "debug", "info"
LEAST_REFUSAL = HTTPStatus.BAD_REQUEST.value
"""A plain number: one of the enumeration takes five times as long to compare."""

log = structlog.get_logger()


def request_id_of(environ: Environ) -> str:
    """The id that a request carries, if it is valid, else a new one."""
    sent = environ.get("HTTP_X_REQUEST_ID", "")
    return sent if REQUEST_ID.match(sent) else f"{getrandbits(64):016x}"


def sign(
    outgoing: Outgoing,
    environ: Environ,
    request_id: str,
    caller: Caller | None,
    clock: ServiceClock,
) -> None:
    """Add to an answer what all of them carry: protection, request id, and what is the caller's."""
    outgoing.headers += protection_of(environ)
    outgoing.headers.append(("X-Request-Id", request_id))
    if caller is not None:
        outgoing.headers += headers_of(caller, clock)


def headers_of(caller: Caller, clock: ServiceClock) -> list[Header]:
    """The caller's partner, and its present if its clock was moved in the sandbox."""
    headers = [("X-Partner", caller.partner)]
    if (moved := clock.moved(caller.partner)) is not None:
        headers.append((SANDBOX_CLOCK.name, written(moved)))
    return headers


class Origin(msgspec.Struct, frozen=True):
    """Who asked, and about what: the caller, the address, the route and the order, if known."""

    caller: Caller | None
    address: str
    route: str | None = None
    order: str | None = None


def is_quiet(route: str | None, status: int) -> bool:
    """Whether a request says nothing new: a probe, or a part of a page, that was answered."""
    if route is None or status >= LEAST_REFUSAL:
        return False
    return route in PROBES or ASSETS in route


class RequestLine(msgspec.Struct, kw_only=True):
    """What the log says of a request, in this order."""

    id: str
    method: str
    path: str
    status: int
    ms: float
    partner: str | None
    key: str | None
    address: str
    route: str | None
    order: str | None
    event: str = "request"
    level: str
    timestamp: datetime


class RequestLines:
    """Where the lines of requests go: through structlog, unless a server writes them by itself.

    There is one for each request, and structlog takes longer for it than reading the head does.
    """

    def __init__(self) -> None:
        self.write: Callable[[RequestLine], None] = by_structlog


def by_structlog(line: RequestLine) -> None:
    """Log a line as everything else is logged."""
    entry = msgspec.structs.asdict(line)
    write = log.debug if entry.pop("level") == DEBUG else log.info
    del entry["timestamp"]
    write(**entry)


LINES = RequestLines()


def log_request(
    request_id: str, method: str, path: str, status: int, began: float, origin: Origin
) -> None:
    """Count a request and log one line for it; `began` is a time of `perf_counter`.

    What monitors and browsers fetch all the time is logged only if it fails, or for debugging.
    """
    seconds = time.perf_counter() - began
    TRAFFIC.request(method, origin.route, status, seconds)
    caller = origin.caller
    line = RequestLine(
        id=request_id,
        method=method,
        path=path,
        status=status,
        ms=round(seconds * 1000, 3),
        partner=None if caller is None else caller.partner,
        key=None if caller is None else caller.key,
        address=origin.address,
        route=origin.route,
        order=origin.order,
        level=DEBUG if is_quiet(origin.route, status) else INFO,
        timestamp=at_ns(machine_ns()),
    )
    LINES.write(line)
