"""Every problem that is not a refusal of the domain: code, status, meaning."""

import msgspec

from domain import refusals
from domain.refusals import Refusal
from interface.http.errors import status_of


class Problem(msgspec.Struct, frozen=True):
    """A problem document's stable code, its status, and what it means."""

    code: str
    status: int
    says: str


def problem_of(why: Problem | type[Refusal]) -> Problem:
    """A refusal of the domain as a problem."""
    return why if isinstance(why, Problem) else Problem(why.code, status_of(why), why.says)


UNAUTHORIZED = Problem("unauthorized", 401, "No good key was sent.")
STORE_UNAVAILABLE = Problem("store_unavailable", 503, "The database cannot be reached now.")
UNKNOWN_EVENT_KIND = Problem(
    "unknown_event_kind", 503, "A later version of the service recorded this; ask that one."
)
TOO_MANY_REQUESTS = Problem(
    "too_many_requests", 429, "This partner, or this address, asks more often than it may."
)
TOO_MANY_CALLS = Problem(
    "too_many_calls", 429, "Too many calls of this caller are under way or wait for a read model."
)
MISSING_SCOPE = Problem("missing_scope", 403, "The key lacks a scope that this needs.")
EVERY_KEYED_CALL = (
    UNAUTHORIZED,
    MISSING_SCOPE,
    TOO_MANY_REQUESTS,
    STORE_UNAVAILABLE,
    TOO_MANY_CALLS,
)

BAD_SIGNATURE = Problem(
    "bad_signature", 401, "The notice is not signed by a secret of this payment system, or too old."
)
SECRET_UNREADABLE = Problem(
    "gateway_secret_unreadable", 503, "A secret of this payment system cannot be read now."
)
NOT_FOUND = Problem("not_found", 404, "There is nothing at this address.")
METHOD_NOT_ALLOWED = Problem("method_not_allowed", 405, "This address has other methods.")
INTERNAL = Problem("internal", 500, "Something went wrong here; the request id names it.")
BAD_HOST = Problem("bad_host", 400, "The header Host is missing, doubled or malformed.")
HEAD_TOO_LARGE = Problem(
    "head_too_large", 431, "The head has more than 64 KiB, or more than 100 headers."
)
LENGTH_REQUIRED = Problem(
    "length_required", 411, "A form or a notice comes with its Content-Length."
)
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
    "bad_fields_schema", 400, "fields-schema is malformed or names a field that is not there."
)
FIELDS_SCHEMA_TOO_COSTLY = Problem(
    "fields_schema_too_costly", 400, "fields-schema multiplies out to too much for this page."
)
BAD_CURSOR = Problem("bad_cursor", 400, "The cursor is not one that this list handed out.")
BAD_POSITION = Problem(
    "bad_position", 400, "X-Wait-For-Position is no X-Log-Position that was given out."
)
READ_MODEL_BEHIND = Problem(
    "read_model_behind", 503, "The list does not show the log up to X-Wait-For-Position yet."
)
BAD_IDEMPOTENCY_KEY = Problem(
    "bad_idempotency_key", 400, "Idempotency-Key is not 1 to 255 visible ASCII characters."
)
BAD_IF_MATCH = Problem("bad_if_match", 400, "If-Match is not * or entity tags in quotes.")
BAD_IF_NONE_MATCH = Problem(
    "bad_if_none_match", 400, "If-None-Match is not * or entity tags in quotes."
)
OF_VERSIONS = (BAD_IF_MATCH, BAD_IF_NONE_MATCH)
CONTENDED = Problem("contended", 503, "Too many buyers want these tickets at this moment.")
TOO_MANY_BODIES = Problem(
    "too_many_bodies", 429, "Too many large bodies of this caller are on their way."
)
BODY_TOO_SLOW = Problem("body_too_slow", 408, "The body did not come to its end in time.")
BAD_CONTENT_ENCODING = Problem(
    "bad_content_encoding", 415, "The body is compressed; send it as it is."
)
OF_A_BODY = (
    Problem("bad_json", 400, "The body is no JSON."),
    Problem("bad_body", 400, "The body is no object, or has unknown fields or wrong values."),
    Problem(
        "request_entity_too_large", 413, "The body is larger than 64 KiB, or than it may be here."
    ),
    Problem("bad_content_type", 415, "The body is of another type than application/json."),
    BAD_CONTENT_ENCODING,
)
OF_A_BODY_ON_ITS_WAY = (BODY_TOO_SLOW, TOO_MANY_BODIES)
"""Answers given before the body reaches the application."""
RANDOM_AND_TICKETS = Problem("random_and_tickets", 400, "Both random and tickets are given.")
FORWARD_OR_AT = Problem(
    "forward_or_at", 400, "The clock of the sandbox is given both forward and at, or neither."
)
BAD_DURATION = Problem(
    "bad_duration", 400, "forward is no ISO 8601 duration, or does not go forward."
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
