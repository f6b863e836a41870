"""One table from a reason to say no to a status, and one error body: RFC 9457 problem documents."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from werkzeug.exceptions import HTTPException

from application.orders.queries import BadCursor
from application.ports.read_models import ModelNotTrue
from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.ports.unit_of_work import TicketTaken
from application.projector.read_your_writes import ModelBehind
from application.runtime.greenlet_bridge import TooLate
from domain import refusals
from domain.errors import UnknownEvent
from domain.refusals import Refusal
from interface.http.exchange import Header, Outgoing, bytes_answer

if TYPE_CHECKING:
    from interface.http.problems import Problem

STATUS_OF: dict[type[Refusal], int] = {
    refusals.UnknownOrder: 404,
    refusals.ShowNotFound: 404,
    refusals.UnknownVersion: 404,
    refusals.NotYetCreated: 404,
    refusals.NoDeal: 403,
    refusals.NotTheVendor: 403,
    refusals.VersionMismatch: 412,
    refusals.ChangedMeanwhile: 409,
    refusals.RequestReused: 422,
}
"""What is not here is a bad request: 400."""

CODE_OF = {413: "request_entity_too_large"}
"""The codes of HTTP's own refusals that are not called like their status in every Python."""

PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = "1"

log = structlog.get_logger()


class BadRequest(Exception):
    """A request that cannot be understood. `errors` maps JSON pointers to what is wrong there."""

    def __init__(
        self, code: str, detail: str, *, status: int = 400, errors: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.errors = errors


class BodyRefused(Exception):
    """A body that is not waited for any longer, and the problem document that says why."""

    def __init__(self, why: "Problem") -> None:
        super().__init__(why.says)
        self.why = why


def problem(
    status: int, code: str, detail: str, *, headers: tuple[Header, ...] = (), **more: Any
) -> Outgoing:
    """An answer that says no: what, why, and the code that a client may rely on."""
    document = {
        "type": f"urn:orderlog:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    body = msgspec.json.encode(document)
    return bytes_answer(body, status, headers, PROBLEM)


def answer_to(error: Exception) -> Outgoing:
    """The problem document for whatever was raised."""
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)(error)


def _refused(refusal: Refusal) -> Outgoing:
    state = {
        name: refusal.about[name]
        for name in ("version", "status", "allowed")
        if name in refusal.about
    }
    more: dict[str, Any] = {"current": state} if "allowed" in state else {}
    return problem(STATUS_OF.get(type(refusal), 400), refusal.code, str(refusal), **more)


def _bad_request(bad: BadRequest) -> Outgoing:
    more: dict[str, Any] = {}
    if bad.errors is not None:
        more["errors"] = [
            {"pointer": pointer, "detail": detail} for pointer, detail in bad.errors.items()
        ]
    return problem(bad.status, bad.code, str(bad), **more)


def _body_refused(refused: BodyRefused) -> Outgoing:
    why = refused.why
    answer = problem(why.status, why.code, why.says)
    return _again(answer) if why.status == HTTPStatus.TOO_MANY_REQUESTS else answer


def _bad_cursor(_: BadCursor) -> Outgoing:
    return problem(400, "bad_cursor", "The cursor is not one that this list handed out.")


def _behind(behind: ModelBehind) -> Outgoing:
    detail = f"The list does not show the log up to position {behind} yet."
    return _again(problem(503, "read_model_behind", detail))


def _not_true(reason: ModelNotTrue) -> Outgoing:
    return _again(problem(503, "read_model_behind", str(reason)))


def _unavailable(error: StoreUnavailable) -> Outgoing:
    log.error("store_unavailable", reason=str(error))
    return _again(problem(503, "store_unavailable", "The database cannot be reached now."))


def _unknown(error: OutcomeUnknown) -> Outgoing:
    log.error("outcome_unknown", reason=str(error))
    detail = (
        "The database cannot confirm this now, and whether it was done is not known:"
        " send it again with the same Idempotency-Key."
    )
    return _again(problem(503, "store_unavailable", detail))


def _of_a_later_version(error: UnknownEvent) -> Outgoing:
    log.error("unknown_event", reason=str(error))
    return _again(problem(503, "unknown_event_kind", str(error)))


def _too_late(_: TooLate) -> Outgoing:
    log.error("store_unavailable", reason="Too many requests wait for the database.")
    return _again(problem(503, "store_unavailable", "The database does not answer in time now."))


def _contended(_: TicketTaken) -> Outgoing:
    return _again(problem(503, "contended", "Too many buyers want these tickets at this moment."))


def _again(answer: Outgoing) -> Outgoing:
    answer.headers.append(("Retry-After", RETRY_AFTER_SECONDS))
    return answer


def _http(error: HTTPException) -> Outgoing:
    status = error.code or 500
    code = CODE_OF.get(status, HTTPStatus(status).name.lower())
    allowed = tuple((name, value) for name, value in error.get_headers() if name == "Allow")
    return problem(status, code, error.description or HTTPStatus(status).phrase, headers=allowed)


def _unexpected(error: Exception) -> Outgoing:
    log.error("unexpected", exc_info=error)
    return problem(500, "internal", "Something went wrong here; the request id names it.")


ANSWERS: dict[type[Exception], Callable[[Any], Outgoing]] = {
    Refusal: _refused,
    BadRequest: _bad_request,
    BodyRefused: _body_refused,
    BadCursor: _bad_cursor,
    ModelBehind: _behind,
    ModelNotTrue: _not_true,
    StoreUnavailable: _unavailable,
    OutcomeUnknown: _unknown,
    UnknownEvent: _of_a_later_version,
    TooLate: _too_late,
    TicketTaken: _contended,
    HTTPException: _http,
    Exception: _unexpected,
}
"""Every way to fail, and what makes the answer to it. The most special kind counts."""
