"""Every problem by code, status and meaning. Refusals of the domain get their statuses here."""

from collections.abc import Mapping

import msgspec

from domain import refusals
from domain.refusals import Refusal

STATUS_OF: dict[type[Refusal], int] = {
    refusals.NotFound: 404,
    refusals.Forbidden: 403,
    refusals.VersionMismatch: 412,
    refusals.ChangedMeanwhile: 409,
    refusals.RequestReused: 422,
    Refusal: 400,
}
"""The HTTP status of each kind of refusal. The most specific kind counts."""


class Problem(msgspec.Struct, frozen=True):
    """A problem document's stable code, its status, and what it means."""

    code: str
    status: int
    says: str


def status_of(kind: type[Refusal]) -> int:
    """The HTTP status of a refusal, by its kind."""
    return next(STATUS_OF[each] for each in kind.__mro__ if each in STATUS_OF)


def problem_of(why: Problem | type[Refusal]) -> Problem:
    """A refusal of the domain as a problem."""
    return why if isinstance(why, Problem) else Problem(why.code, status_of(why), why.says)


SAME, ANEW, NEVER = "the same", "decided anew", "no"
REPEATED: Mapping[int, str] = {408: SAME, 409: ANEW, 412: ANEW, 429: SAME, 500: SAME, 503: SAME}


def repeated(problem: Problem) -> str:
    """Whether a refused request may be sent again: the same, decided anew, or not as it is.

    "The same" is safe for a read, and for a command with its `Idempotency-Key`.
    """
    return REPEATED.get(problem.status, NEVER)


UNAUTHORIZED = Problem("unauthorized", 401, "The request has no valid key.")
STORE_UNAVAILABLE = Problem("store_unavailable", 503, "The database cannot be reached now.")
UNKNOWN_EVENT_KIND = Problem(
    "unknown_event_kind",
    503,
    "A later version of the service recorded an event that this one does not know.",
)
TOO_MANY_REQUESTS = Problem(
    "too_many_requests",
    429,
    "This partner, or this address, sends more requests than its rate allows.",
)
TOO_MANY_CALLS = Problem(
    "too_many_calls", 429, "Too many calls of this caller are running or waiting for a read model."
)
MISSING_SCOPE = Problem("missing_scope", 403, "The key lacks a scope that this call needs.")
EVERY_KEYED_CALL = (
    UNAUTHORIZED,
    MISSING_SCOPE,
    TOO_MANY_REQUESTS,
    STORE_UNAVAILABLE,
    TOO_MANY_CALLS,
)

BAD_SIGNATURE = Problem(
    "bad_signature",
    401,
    "The notice is not signed with a secret of this payment system, or is too old.",
)
SECRET_UNREADABLE = Problem(
    "gateway_secret_unreadable", 503, "A secret of this payment system cannot be read now."
)
NOT_FOUND = Problem("not_found", 404, "There is nothing at this address.")
METHOD_NOT_ALLOWED = Problem("method_not_allowed", 405, "This address does not support the method.")
INTERNAL = Problem(
    "internal", 500, "The service failed; its log has the reason for this request id."
)
BAD_HOST = Problem("bad_host", 400, "The header Host is missing, doubled or malformed.")
HEAD_TOO_LARGE = Problem(
    "head_too_large", 431, "The head has more than 64 KiB, or more than 100 headers."
)
LENGTH_REQUIRED = Problem("length_required", 411, "A form or a notice needs a Content-Length.")
OF_NO_CALL = (
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    INTERNAL,
    BAD_HOST,
    HEAD_TOO_LARGE,
    LENGTH_REQUIRED,
)
"""Answers to requests that reach no described call, and to faults of the service itself."""

BAD_QUERY = Problem("bad_query", 400, "A parameter of the query is unknown, wrong or repeated.")
BAD_FIELDS_SCHEMA = Problem(
    "bad_fields_schema", 400, "fields-schema is malformed or names an unknown field."
)
FIELDS_SCHEMA_TOO_COSTLY = Problem(
    "fields_schema_too_costly", 400, "fields-schema costs more than a page may."
)
BAD_CURSOR = Problem("bad_cursor", 400, "This list did not issue the cursor.")
BAD_POSITION = Problem(
    "bad_position", 400, "X-Wait-For-Position is not a position that the log has reached."
)
READ_MODEL_BEHIND = Problem(
    "read_model_behind", 503, "The list does not show the log up to X-Wait-For-Position yet."
)
BAD_IDEMPOTENCY_KEY = Problem(
    "bad_idempotency_key", 400, "Idempotency-Key is not 1 to 255 visible ASCII characters."
)
BAD_IF_MATCH = Problem(
    "bad_if_match", 400, "If-Match is neither * nor a list of entity tags in quotes."
)
BAD_IF_NONE_MATCH = Problem(
    "bad_if_none_match", 400, "If-None-Match is neither * nor a list of entity tags in quotes."
)
OF_VERSIONS = (BAD_IF_MATCH, BAD_IF_NONE_MATCH)
BAD_LAST_EVENT_ID = Problem(
    "bad_last_event_id", 400, "Last-Event-ID is not a position of the feed."
)
TOO_MANY_STREAMS = Problem(
    "too_many_streams", 429, "Too many streams, of this partner or of all partners, are open."
)
CONTENDED = Problem("contended", 503, "Too many buyers want these tickets at this moment.")
TOO_MANY_BODIES = Problem(
    "too_many_bodies", 429, "Too many large bodies of this caller have not arrived in full."
)
BODY_TOO_SLOW = Problem("body_too_slow", 408, "The body did not arrive in full in time.")
BAD_CONTENT_ENCODING = Problem(
    "bad_content_encoding", 415, "The body is compressed; send it uncompressed."
)
OF_A_BODY = (
    Problem("bad_json", 400, "The body is not JSON."),
    Problem("bad_body", 400, "The body is not an object, or has unknown fields or wrong values."),
    Problem(
        "request_entity_too_large", 413, "The body is larger than 64 KiB, or than this call allows."
    ),
    Problem("bad_content_type", 415, "The body is not of the type application/json."),
    BAD_CONTENT_ENCODING,
)
OF_A_BODY_ON_ITS_WAY = (BODY_TOO_SLOW, TOO_MANY_BODIES)
"""Answers given before the body reaches the application."""
RANDOM_AND_TICKETS = Problem("random_and_tickets", 400, "Both random and tickets are given.")
FORWARD_OR_AT = Problem(
    "forward_or_at", 400, "The sandbox's clock was given both forward and at, or neither."
)
BAD_DURATION = Problem(
    "bad_duration", 400, "forward is not an ISO 8601 duration, or does not go forward."
)
CLOCK_TOO_FAR = Problem(
    "clock_too_far", 400, "The clock would be more than twenty years away from the present."
)
OF_THE_SANDBOX = (FORWARD_OR_AT, BAD_DURATION, CLOCK_TOO_FAR)
"""Problems of calls that are there only in the sandbox."""
OF_A_WAIT = (BAD_POSITION, READ_MODEL_BEHIND)
"""Problems of calls that take X-Wait-For-Position."""

OF_PROMOCODES = (
    refusals.UnknownPromocode,
    refusals.PromocodeNotBegun,
    refusals.PromocodeEnded,
    refusals.PromocodeUsedUp,
    refusals.PromocodeUsedUpByBuyer,
    refusals.PromocodeNotForSets,
    refusals.PromocodeTooFewTickets,
    refusals.PromocodeTooManyTickets,
)
