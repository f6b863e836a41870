"""What answers each error, and the one error body: RFC 9457 problem documents."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, NotRequired, TypedDict, cast

import msgspec
import structlog
from msgspec import Meta
from werkzeug.exceptions import HTTPException

from application.catalog.rates import TooManyRequests
from application.documents.fields import one_of
from application.orders.queries import BadCursor
from application.ports.read_models import ModelNotTrue
from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.ports.unit_of_work import TicketTaken
from application.projector.read_your_writes import ModelBehind
from application.runtime.greenlet_bridge import TooLate
from application.runtime.traffic_counts import TRAFFIC
from domain import refusals
from domain.errors import UnknownEvent
from domain.refusals import Refusal
from domain.status import Status
from interface.http.exchange import Header, Outgoing, bytes_answer
from interface.http.problems import Problem, status_of

CODE_OF = {413: "request_entity_too_large"}
"""The codes of HTTP errors whose status is not named the same in every version of Python."""

PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = "1"

log = structlog.get_logger()


class FaultDocument(TypedDict):
    """One fault of a bad request, and where it is: a JSON pointer."""

    pointer: Annotated[str, Meta(description="Where it is: a JSON pointer (RFC 6901).")]
    detail: Annotated[str, Meta(description="What is wrong there.")]


class CurrentDocument(TypedDict):
    """The order's present state, for a request that came too late."""

    version: Annotated[int, Meta(description="The order's version now, for If-Match.")]
    status: Annotated[str, one_of(*Status), Meta(description="Its status now.")]
    allowed: Annotated[
        list[str], Meta(description="The statuses that a client may move it to now.")
    ]


class ProblemDocument(TypedDict):
    """A problem document (RFC 9457). `code` is stable."""

    type: Annotated[str, Meta(description="The code as a URN.")]
    title: Annotated[str, Meta(description="The name of the HTTP status.")]
    status: Annotated[int, Meta(description="The HTTP status again.")]
    detail: Annotated[
        str, Meta(description="A sentence for people about this very case; it may change.")
    ]
    code: Annotated[str, Meta(description="The stable code of what is wrong.")]
    errors: NotRequired[
        Annotated[list[FaultDocument], Meta(description="The faults of a bad request.")]
    ]
    current: NotRequired[
        Annotated[
            CurrentDocument,
            Meta(description="The order's present state, where it does not allow the request."),
        ]
    ]


class BadRequest(Exception):
    """A request that cannot be understood. `errors` maps JSON pointers to what is wrong there."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        errors: dict[str, str] | None = None,
        headers: tuple[Header, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.errors = errors
        self.headers = headers


class MissingScope(Exception):
    """The key may not do this: it has none of the scopes that do."""

    def __init__(self, *scopes: str) -> None:
        wanted = " or ".join(scopes)
        super().__init__(f"The key lacks the scope {wanted}, which this needs.")


class BodyRefused(Exception):
    """The body is no longer waited for. `why` is the problem of the answer."""

    def __init__(self, why: Problem) -> None:
        super().__init__(why.says)
        self.why = why


class TooManyCalls(Exception):
    """So many calls of this caller are under way that no further one is taken now."""


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: tuple[Header, ...] = (),
    errors: list[FaultDocument] | None = None,
    current: CurrentDocument | None = None,
) -> Outgoing:
    """A problem document as an answer. Clients may rely on `code`."""
    TRAFFIC.refusal(code)
    document: ProblemDocument = {
        "type": f"urn:orderlog:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        document["errors"] = errors
    if current is not None:
        document["current"] = current
    body = msgspec.json.encode(document)
    return bytes_answer(body, status, headers, PROBLEM)


def answer_to(error: Exception) -> Outgoing:
    """The problem document for whatever was raised."""
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)(error)


def _refused(refusal: Refusal) -> Outgoing:
    about = getattr(refusal, "present", None) or refusal.about
    state = {name: about[name] for name in ("version", "status", "allowed") if name in about}
    current = cast("CurrentDocument", state) if "allowed" in state else None
    status = status_of(type(refusal))
    faults: list[FaultDocument] | None = None
    if isinstance(refusal, refusals.CustomerIncomplete):
        faults = [
            {"pointer": f"/customer/{each}", "detail": "Is missing."} for each in refusal.fields
        ]
    return problem(status, refusal.code, str(refusal), current=current, errors=faults)


def _bad_request(bad: BadRequest) -> Outgoing:
    faults: list[FaultDocument] | None = None
    if bad.errors is not None:
        faults = [{"pointer": pointer, "detail": detail} for pointer, detail in bad.errors.items()]
    return problem(bad.status, bad.code, str(bad), headers=bad.headers, errors=faults)


def answer_of(why: Problem) -> Outgoing:
    """The problem document of a problem that needs no other words than its own."""
    answer = problem(why.status, why.code, why.says)
    return _again(answer) if why.status == HTTPStatus.TOO_MANY_REQUESTS else answer


def _missing_scope(missing: MissingScope) -> Outgoing:
    return problem(403, "missing_scope", str(missing))


def _body_refused(refused: BodyRefused) -> Outgoing:
    return answer_of(refused.why)


def _too_many_calls(_: TooManyCalls) -> Outgoing:
    return _again(problem(429, "too_many_calls", "Too many calls of yours are under way."))


def _too_many(refused: TooManyRequests) -> Outgoing:
    name = refused.policy.replace(" ", "-")
    return problem(
        429,
        "too_many_requests",
        str(refused),
        headers=(
            ("Retry-After", str(refused.seconds)),
            ("RateLimit-Policy", f'"{name}";q={refused.quota};w={refused.window}'),
            ("RateLimit", f'"{name}";r=0;t={refused.seconds}'),
        ),
    )


def _bad_cursor(_: BadCursor) -> Outgoing:
    return problem(400, "bad_cursor", "This list did not issue the cursor.")


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
    return problem(
        500, "internal", "The service failed; its log has the reason for this request id."
    )


ANSWERS: dict[type[Exception], Callable[[Any], Outgoing]] = {
    Refusal: _refused,
    BadRequest: _bad_request,
    MissingScope: _missing_scope,
    BodyRefused: _body_refused,
    TooManyCalls: _too_many_calls,
    BadCursor: _bad_cursor,
    TooManyRequests: _too_many,
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
"""What answers each kind of error. The most specific kind counts."""
