"""Calls handlers from Flask: routes, errors, and what every request and answer carries."""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Flask, Request, Response, g, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge
from werkzeug.routing import BaseConverter, MapAdapter

from application.bootstrap import Services
from interface.http import errors
from interface.http.authentication import caller_of, known_caller_of, unauthorized
from interface.http.calls import Calls, Handler
from interface.http.contract import described
from interface.http.exchange import Incoming, Outgoing
from interface.http.protection import protection_of
from interface.http.request_log import Origin, headers_of, log_request, request_id_of

OPEN = frozenset(
    {
        "asyncapi.asyncapi",
        "gateways.take_notice",
        "health.live",
        "health.ready",
        "openapi.openapi",
        "signpost.addresses",
        "signpost.documents",
    }
)
"""The endpoints that need no key: they answer without looking up the caller."""

WATCHED = "metrics.metrics"
"""The endpoint that decides itself who needs a key (`metrics.py`)."""

OTHER_SPELLING = re.compile(r"//|/\.{1,2}(/|\Z)|.+/\Z|\A\Z")
"""What only a second spelling of a path has. Routes and files do not have to be told apart by it:
a proxy that fences off a path knows only the first one."""

SPELT_WITH_A_SLASH = "guide.front"
"""The one endpoint that may be: the guide's folder, which only leads on to its first page."""

OF_PEOPLE = frozenset({"console", "guide", "sandbox"})
"""The blueprints of pages for people. Those of the console are signed in by a cookie
(`console/page_session.py`); a buyer comes to the sandbox with a token; all may read the guide."""


class Service(Flask):
    """A Flask application whose routes do not depend on the host."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """The routes bound to a request, without taking its host apart: that is slow."""
        if request is None:
            return super().create_url_adapter(request)
        return MapAdapter(
            self.url_map,
            request.environ.get("HTTP_HOST", ""),
            request.root_path,
            "",
            request.scheme,
            request.path,
            request.method,
            request.query_string.decode("latin1"),
        )


class OrderId(BaseConverter):
    """An order's id in a path. A text that is no id is an order that does not exist."""

    part_isolating = True

    def to_python(self, value: str) -> str:
        """The id in small letters."""
        return value.lower()


class WholeAnswer(Response):
    """A complete answer: its bytes and headers are sent unchanged.

    Flask post-processes its own answers for cases that never occur here, and that costs time.
    """

    default_mimetype = None

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer, by WSGI."""
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response  # type: ignore[return-value] # a list of bytes


def response_of(outgoing: Outgoing) -> Response:
    """An answer as Flask wants it."""
    return WholeAnswer([outgoing.body], outgoing.status, outgoing.headers)


def blueprint_of(calls: Calls, about: Any) -> Blueprint:
    """The routes of these calls. Each handler is passed what the calls are `about`."""
    routes = Blueprint(calls.name, __name__)
    for call in calls.all:
        view = described(call.operation)(_view(call.handle, about))
        routes.add_url_rule(call.rule, call.handle.__name__, view, methods=[call.method])
    return routes


def _view(handle: Handler, about: Any) -> Callable[..., Response]:
    def view(**arguments: str) -> Response:
        incoming = Incoming(request.environ, arguments, g.request_id, g.caller, _body)
        outgoing = handle(incoming, about)
        g.order = outgoing.order
        return response_of(outgoing)

    return view


def _body() -> bytes:
    """The body's bytes. Raises `RequestEntityTooLarge`."""
    data = request.get_data()
    # A chunked body is cut at the limit. Only a further byte shows that it is too large.
    if len(data) == request.max_content_length and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return data


def register(app: Flask, services: Services) -> None:
    """Give every request its context, and answer every error with a problem document."""
    for kind, answer in errors.ANSWERS.items():
        app.register_error_handler(kind, _error_view(answer))

    @app.before_request
    def before_request() -> Response | None:
        g.began = time.perf_counter()
        g.request_id = request_id_of(request.environ)
        g.caller = None
        services.clock.look()
        spelling = OTHER_SPELLING.search(request.environ["PATH_INFO"])
        if spelling and request.endpoint != SPELT_WITH_A_SLASH:
            raise NotFound
        if request.endpoint in {None, WATCHED}:  # None: there is nothing here to be let in to
            g.caller = known_caller_of(services, request.environ)
            return None
        if request.endpoint in OPEN:
            return None
        g.caller = caller = caller_of(services, request.environ)
        if caller is None and request.blueprint not in OF_PEOPLE:
            return response_of(unauthorized())
        return None

    @app.after_request
    def after_request(answer: Response) -> Response:
        for name, value in protection_of(request.environ):
            answer.headers.setdefault(name, value)
        answer.headers.add("X-Request-Id", g.request_id)
        caller = g.get("caller")
        if caller is not None:
            answer.headers.extend(headers_of(caller, services.clock))
        route = None if request.url_rule is None else request.url_rule.rule
        order = g.get("order") or (request.view_args or {}).get("order")
        origin = Origin(caller, request.remote_addr or "", route, order)
        log_request(g.request_id, request.method, request.path, answer.status_code, g.began, origin)
        return answer


def _error_view(answer: Callable[[Any], Outgoing]) -> Callable[[Any], Response]:
    return lambda error: response_of(answer(error))
