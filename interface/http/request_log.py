"""The headers that every answer carries, and the line that each request leaves in the log."""

import re
import time
from random import getrandbits

import msgspec
import structlog

from application.catalog.access import Caller
from application.runtime.clock import written
from application.runtime.service_clock import ServiceClock
from interface.http.exchange import Environ, Header, Outgoing
from interface.http.headers import SANDBOX_CLOCK
from interface.http.protection import protection_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")

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


def log_request(
    request_id: str, method: str, path: str, status: int, began: float, origin: Origin
) -> None:
    """Log one line for a request; `began` is a time of `perf_counter`."""
    caller = origin.caller
    log.info(
        "request",
        id=request_id,
        method=method,
        path=path,
        status=status,
        ms=round((time.perf_counter() - began) * 1000, 3),
        partner=None if caller is None else caller.partner,
        key=None if caller is None else caller.key,
        address=origin.address,
        route=origin.route,
        order=origin.order,
    )
