"""Every error under /console is a page of the console, never a problem document."""

import structlog
from flask import Blueprint, Response, g, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.rates import TooManyRequests
from application.orders.queries import BadCursor
from application.ports.read_models import ModelNotTrue
from application.ports.store import StoreUnavailable
from domain.errors import UnknownEvent
from domain.refusals import Refusal
from interface.console.language import language_for
from interface.http.errors import MissingScope
from interface.http.problems import status_of

EXPLAINED = {400, 403, 404, 413, 429, 500, 503}
"""The statuses with a text of their own; others have the text of 400 or 500."""

log = structlog.get_logger()


class FormTooOld(Exception):
    """A form does not belong to this session: it is from another site, or too old."""


NAMED = {FormTooOld: "form_too_old", UnknownEvent: "later_version"}
"""The errors with a text of their own, whatever their status."""


def register(routes: Blueprint, _: Services) -> None:
    """Register the error pages."""

    @routes.errorhandler(Exception)
    def failed(error: Exception) -> AnyResponse:
        if isinstance(error, HTTPException) and (error.code is None or error.code < 400):  # noqa: PLR2004
            return error.get_response()
        return _page(error)

    @routes.route("/<path:_>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def not_found(_: str) -> AnyResponse:
        return _page(None)


def _page(error: Exception | None) -> Response:
    status = 404 if error is None else _status(error)
    shown = status if status in EXPLAINED else status // 100 * 100
    name = next((name for kind, name in NAMED.items() if isinstance(error, kind)), str(shown))
    if isinstance(error, UnknownEvent):
        log.error("unknown_event", reason=str(error))
    if status == 500:  # noqa: PLR2004
        log.error("unexpected", exc_info=error)
    if "language" not in g:
        g.language = language_for(request)
    answer = Response(render_template("console/failure.html", status=status, name=name), status)
    if isinstance(error, TooManyRequests):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.code or 500
    if isinstance(error, TooManyRequests):
        return 429
    if isinstance(error, Refusal):
        return status_of(type(error))
    if isinstance(error, MissingScope):
        return 403
    if isinstance(error, BadCursor | FormTooOld):
        return 400
    return 503 if isinstance(error, StoreUnavailable | ModelNotTrue | UnknownEvent) else 500
