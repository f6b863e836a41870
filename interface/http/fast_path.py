"""The calls of an on-sale without Flask: the same answers, for less than half of the time.

Making an order, choosing how to pay, moving on and reading it again, in the usual form, is what
everybody asks for in the same minute. Here it is read, asked and answered in one go. Whatever is
in any way unusual (a query, another body, an unknown key, ...) is left to the Flask application,
which remains the whole contract; a test holds both ways against each other.
"""

import re
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import msgspec

from application.bootstrap import Services
from application.catalog.access import Caller
from application.orders.document import order_document
from application.orders.service import Answer, ChangeOrder, Request
from interface.http.answers import JSON
from interface.http.body import JSON as JSON_IN
from interface.http.body import fingerprint_of
from interface.http.errors import answer_to
from interface.http.quick_body import quick_change, quick_order
from interface.http.request_context import key_of, known_caller_of, log_request, request_id_of

ORDERS = "/v1/resources/orders"
ORDER = re.compile(ORDERS + r"/([0-9a-f]{24})\Z").match
LARGEST = 65_536
UNUSUAL = ("HTTP_IF_MATCH", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]
Handle = Callable[[str, Caller], Answer]
"""What is asked of the service, under a request's id, by a caller."""


class Reply(msgspec.Struct):
    """An answer on its way out; `status` begins with its number."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


_encode = msgspec.json.Encoder().encode


class FastPath:
    """WSGI in front of `flask`, the application's own."""

    def __init__(self, flask: Wsgi, services: Services) -> None:
        self.flask = flask
        self._services = services

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or have Flask answer."""
        handle = self.usual(environ)
        reply = handle and self.reply(environ, handle)
        if reply is None:
            return self.flask(environ, start_response)
        start_response(reply.status, reply.headers)
        return [reply.body]

    def reply(self, environ: Environ, handle: Handle) -> Reply | None:
        """The answer to what is asked in the usual form; None where nobody can tell who asks."""
        began = time.perf_counter()
        caller = known_caller_of(self._services, environ)
        if caller is None:
            return None
        method = environ["REQUEST_METHOD"]
        request_id = request_id_of(environ)
        reply = _answer(handle, request_id, caller, method)
        reply.headers += (("X-Request-Id", request_id), ("X-Partner", caller.partner))
        log_request(request_id, method, environ["PATH_INFO"], reply.status, began)
        return reply

    def usual(self, environ: Environ) -> Handle | None:
        """What is asked, if it is asked in the usual form; all else is Flask's."""
        if environ.get("QUERY_STRING") or any(name in environ for name in UNUSUAL):
            return None
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method == "POST" and path == ORDERS:
            return self._create(environ)
        order = ORDER(path) if method in {"PATCH", "GET"} else None
        if order is None:
            return None
        if method == "GET":
            return lambda _, caller: self._services.history.order(order[1], caller)
        return self._change(environ, order[1])

    def _create(self, environ: Environ) -> Handle | None:
        data = body_of(environ)
        parsed = quick_order(data)
        if parsed is None:
            return None
        show, command = parsed
        return lambda request_id, caller: self._services.orders.create(
            show, command, request_of(environ, request_id, caller, data)
        )

    def _change(self, environ: Environ, order: str) -> Handle | None:
        data = body_of(environ)
        command: ChangeOrder | None = quick_change(data)
        if command is None:
            return None
        return lambda request_id, caller: self._services.orders.change(
            order, command, request_of(environ, request_id, caller, data)
        )


def _answer(handle: Handle, request_id: str, caller: Caller, method: str) -> Reply:
    """What comes of asking. Every way to fail is a problem document."""
    try:
        answer = handle(request_id, caller)
    except Exception as error:  # noqa: BLE001 - as Flask does with what a route raises
        refused = answer_to(error)
        return Reply(refused.status, refused.headers.to_wsgi_list(), refused.get_data())
    body = answer.document or _encode(order_document(answer.order, answer.at))
    headers = [
        ("Content-Type", JSON),
        ("Content-Length", str(len(body))),
        ("ETag", f'"{answer.order.version}"'),
    ]
    if method != "GET":
        headers.append(("X-Log-Position", str(answer.position)))
    return Reply("201 CREATED" if method == "POST" else "200 OK", headers, body)


def body_of(environ: Environ) -> bytes:
    """The body of a usual request, kept for Flask too; empty for an unusual one."""
    length = environ.get("CONTENT_LENGTH", "")
    if environ.get("CONTENT_TYPE") != JSON_IN or not length.isdecimal() or int(length) > LARGEST:
        return b""
    data: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(data)
    return data


def request_of(environ: Environ, request_id: str, caller: Caller, data: bytes) -> Request:
    """The request as the service knows it. Raises `BadRequest` for a bad header."""
    key = key_of(environ)
    if key is None:
        return Request(caller=caller, id=request_id)
    fingerprint = fingerprint_of(environ["REQUEST_METHOD"], f"{environ['PATH_INFO']}?", data)
    return Request(caller=caller, id=request_id, key=key, fingerprint=fingerprint)
