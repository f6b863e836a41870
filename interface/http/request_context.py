"""What every request brings (its id, when it came, its caller) and what every answer says."""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from random import getrandbits
from typing import Any

import structlog
from flask import Flask, Response, g, request

from application.bootstrap import Services
from application.catalog.access import Caller
from application.orders.service import Request
from application.ports.store import StoreUnavailable
from application.projector.read_your_writes import wait_until_shown
from application.runtime.greenlet_bridge import slot_given_back
from interface.http.body import fingerprint
from interface.http.errors import BadRequest, problem

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")
AUTHORIZATION = re.compile(r"key +(\S+)\s*\Z", re.IGNORECASE)
ETAG = re.compile(r'"([1-9][0-9]{0,9})"\Z')
POSITION = re.compile(r"[0-9]{1,18}\Z")
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
OPEN = frozenset({"health.live", "health.ready", "metrics.metrics", "openapi.openapi"})
"""The endpoints that need no key: they answer without asking the store who calls."""

CONSOLE = "console"
"""The pages that people look at: they are signed in by a cookie (`console/page_session.py`)."""

log = structlog.get_logger()


def register(app: Flask, services: Services) -> None:
    """Have every request bring its context."""

    @app.before_request
    def before_request() -> Response | None:
        g.began = time.perf_counter()
        g.request_id = request_id_of(request.environ)
        if request.endpoint in OPEN:
            g.caller = None
            return None
        g.caller = caller = caller_of(services, request.environ)
        if caller is None and request.blueprint != CONSOLE:
            answer = problem(401, "unauthorized", "A good key is needed: Authorization: key <key>")
            answer.headers["WWW-Authenticate"] = "key"
            return answer
        return None

    @app.after_request
    def after_request(answer: Response) -> Response:
        answer.headers.add("X-Request-Id", g.request_id)
        caller = g.get("caller")
        if caller is not None:
            answer.headers.add("X-Partner", caller.partner)
        log_request(g.request_id, request.method, request.path, answer.status, g.began)
        return answer


def request_id_of(environ: Mapping[str, Any]) -> str:
    """The id that a request brings, if it is a good one, else a new one."""
    asked_for = environ.get("HTTP_X_REQUEST_ID", "")
    return asked_for if REQUEST_ID.match(asked_for) else f"{getrandbits(64):016x}"


def caller_of(services: Services, environ: Mapping[str, Any]) -> Caller | None:
    """Who asks, by the key of a request; None without a good one."""
    match = AUTHORIZATION.match(environ.get("HTTP_AUTHORIZATION", ""))
    return None if match is None else services.access.caller(match[1])


def known_caller_of(services: Services, environ: Mapping[str, Any]) -> Caller | None:
    """The same; None too where the store cannot be asked now: Flask's answer says so."""
    with suppress(StoreUnavailable):
        return caller_of(services, environ)
    return None


def log_request(request_id: str, method: str, path: str, status: str, began: float) -> None:
    """One line for each request; `status` begins with its number, `began` is a performance time."""
    log.info(
        "request",
        id=request_id,
        method=method,
        path=path,
        status=int(status[:3]),
        ms=round((time.perf_counter() - began) * 1000, 3),
    )


def key_of(environ: Mapping[str, Any]) -> str | None:
    """The Idempotency-Key of a request, if it has one. Raises `BadRequest` for a bad one."""
    key: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not IDEMPOTENCY_KEY.match(key):
        raise BadRequest(
            "bad_idempotency_key", "Idempotency-Key has to be 1 to 255 visible ASCII characters."
        )
    return key


def the_request() -> Request:
    """The request as the service knows it. Raises `BadRequest` for a bad header."""
    key = key_of(request.environ)
    return Request(
        caller=g.caller,
        id=g.request_id,
        versions=_versions(),
        key=key,
        fingerprint=b"" if key is None else fingerprint(),
    )


def _versions() -> frozenset[int] | None:
    """The versions that If-Match names; None when any will do."""
    header = request.environ.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    matches = [ETAG.match(each.strip()) for each in header.split(",")]
    return frozenset(int(match[1]) for match in matches if match is not None)


def wait_for_position(services: Services, read_model: str) -> None:
    """Let a client read what it wrote: X-Wait-For-Position is an answer's X-Log-Position."""
    header = request.headers.get("X-Wait-For-Position")
    if header is None:
        return
    if not POSITION.match(header):
        raise BadRequest("bad_position", "X-Wait-For-Position has to be an X-Log-Position.")
    with slot_given_back():
        wait_until_shown(services.store, read_model, int(header), services.settings.wait_seconds)
