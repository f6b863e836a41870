"""Generates the OpenAPI 3.1 document from the descriptions of the calls, for /openapi.json."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Annotated, Any, TypedDict

import msgspec
from apispec import APISpec
from flask import Blueprint, Flask, Response, current_app
from msgspec import Meta

from application.catalog.document_types import (
    OrderTicketDocument,
    PartnerDocument,
    ShowHeadDocument,
)
from application.documents.order_types import OrderDocument, VendorDataDocument
from interface.http.answer_schemas import AnswerSchemas
from interface.http.contract import Good, Operation, described, operation_of
from interface.http.documented_calls import documented
from interface.http.errors import ProblemDocument
from interface.http.exchange import JSON
from interface.http.headers import (
    ACCEPT_ENCODING,
    ANSWERED_REQUEST_ID,
    PARTNER,
    POSSIBLE_PARTNER,
    PROTECTION,
    RATE_LIMIT,
    RATE_LIMIT_POLICY,
    REQUEST_ID,
    RETRY_AFTER,
    SIGNATURE_WANTED,
    WWW_AUTHENTICATE,
    Header,
)
from interface.http.openapi_schemas import WRITTEN_ID, plugin, shaped_order
from interface.http.openapi_webhooks import webhooks
from interface.http.problems import (
    BAD_CONTENT_ENCODING,
    STORE_UNAVAILABLE,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Problem,
)

PREFIXES = ("/v1/", "/health/", "/metrics", "/openapi.json", "/asyncapi.json")
"""Where the addresses of the API are, besides `/` and `/docs`. Pages for people are not part of the
contract."""

TAGS = {
    "orders": "Create, change, cancel, read and list orders.",
    "order history": "An order's history: every event, and what changed between versions.",
    "order tickets": "The tickets that an order lists.",
    "refunds": "Ask for refunds of tickets, decide and pay them, read and list them.",
    "feed": "What happens to orders, by position: read a page at a time, or followed.",
    "webhooks": "Where the events of a partner's orders are sent, the tries, and sending again.",
    "events": "What a key may sell.",
    "partners": "Partners, the deals between them, and whose key it is.",
    "event tickets": "Every ticket of an event, and whether it is vacant.",
    "payments": "Notices of gateways, and orders' money: what came in, went back, and waits.",
    "health": "Liveness, readiness and metrics. No key is needed.",
    "sandbox": "A clock for each partner to move, and catalogues to experiment with.",
    "contract": "This document, and where it is. No key is needed.",
}

PATH_PARAMETERS = {
    "order": "The order's id. Anything else is an order that does not exist.",
    "event": "The event's id. Anything else is an event that does not exist.",
    "partner": "The partner's id. Anything else is a partner that does not exist.",
    "system": "The payment system's id, or its alias, percent-encoded.",
    "webhook": "The webhook's id. Anything else is a webhook that does not exist.",
    "refund": "The refund's id. Anything else is a refund that does not exist.",
}
EXAMPLES = {
    "order": "56a73b7ff06c5a21c393806b",
    "event": "56a6253df06c5a059a93802e",
    "partner": "584e8bc20944c10017e3a9d3",
    "system": "545b544a5d645a463e779d53",
    "refund": "5703daea2d709509727f92a5",
    "webhook": "65cc7aff5fadb8ea5ab98003",
}
"""Ids as the documented calls have them."""
SYSTEM_NAME = {
    "type": "string",
    "pattern": r"^[^\x00-\x1f/.][^\x00-\x1f/]*(/[^\x00-\x1f/.][^\x00-\x1f/]*)*$",
}
"""One line, and as a path has only one spelling. A system of another name goes by its id."""
BEFORE_THE_CALLER = frozenset({400, 408, 413, 429, 503})
"""Statuses that may be answered before the caller is known, so perhaps without X-Partner."""

ABOUT = """\
Ticket orders, kept as a log of events: create an order, hold its tickets, take it through payment,
and read its history.

Send `Authorization: key <key>` with every call except `/`, `/docs`, `/health`, `/asyncapi.json` and
this document. The notices of gateways need no key, because they are signed; nor does `/metrics`
from addresses that may read it. Unknown fields and parameters are refused. Later versions may add
fields to answers.

The answer to every error is a problem document (RFC 9457, `application/problem+json`) with a stable
`code`. Each call lists its codes. Besides, any address can answer 404 (`not_found`) if it does not
exist, 405 (`method_not_allowed`) if it does not support the method, 500 (`internal`) if the service
fails, 400 (`bad_host`) if the request does not have one valid `Host`, and 431 (`head_too_large`) if
its head has more than 64 KiB or 100 headers.
"""

OF_SHAPED_ORDERS = (
    OrderDocument,
    OrderTicketDocument,
    PartnerDocument,
    ProblemDocument,
    ShowHeadDocument,
    VendorDataDocument,
)
"""The answers that are described first: `ShapedOrder` is made of them."""

CODES = "x-codes"
"""Beside a problem's schema, its codes. The schema itself is the same for all problems: generators
make one type of it, where they drop an answer that narrows it."""

PARAMETER_IN_RULE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class Document(TypedDict):
    """An OpenAPI document."""

    openapi: Annotated[str, Meta(description="The version of OpenAPI.")]
    info: Annotated[dict[str, Any], Meta(description="Title, version and description.")]
    paths: Annotated[dict[str, Any], Meta(description="The calls.")]
    webhooks: Annotated[dict[str, Any], Meta(description="What webhooks are sent.")]


OPENAPI = Operation(
    tag="contract",
    summary="The contract of the API for programs (OpenAPI 3.1)",
    says="The contract of the API as an OpenAPI 3.1 document.",
    needs_key=False,
    answers={200: Good("The document.", Document)},
)


def openapi_blueprint() -> Blueprint:
    """The route of the document; it needs no key."""
    routes = Blueprint("openapi", __name__)

    @cache
    def written() -> bytes:
        return msgspec.json.encode(document(current_app))

    @routes.get("/openapi.json")
    @described(OPENAPI)
    def openapi() -> Response:
        return Response(written(), content_type=JSON)

    return routes


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of an application's described routes."""
    spec = APISpec(
        title="Orderlog",
        version="1",
        openapi_version="3.1.0",
        plugins=[plugin()],
        info={"description": ABOUT},
        servers=[{"url": "/"}],
        security=[{"key": []}],
        tags=[{"name": name, "description": says} for name, says in tags_of(app).items()],
    )
    spec.components.security_scheme(
        "key",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The word `key`, one or more spaces, and the partner's key.",
        },
    )
    answers = AnswerSchemas(spec.components)
    for kind in OF_SHAPED_ORDERS:
        answers.reference(kind)
    spec.components.schema("ShapedOrder", shaped_order(spec.components.schemas))
    for path, calls in groupby(sorted(api_calls(app), key=_place), key=_place):
        spec.path(
            path,
            operations={
                method.lower(): _operation(method, path, name, operation)
                for _, method, name, operation in calls
                if operation is not None
            },
            parameters=[_path_parameter(each) for each in re.findall(r"{(\w+)}", path)],
        )
    return {**spec.to_dict(), "webhooks": webhooks(answers)}


def tags_of(app: Flask) -> dict[str, str]:
    """The groups of calls that the application has: those of the sandbox are seldom there."""
    used = {operation.tag for *_, operation in api_calls(app) if operation is not None}
    return {name: says for name, says in TAGS.items() if name in used}


Call = tuple[str, str, str, Operation | None]
"""A path, a method, the name of its function, and its description, which may be missing."""


def api_calls(app: Flask) -> Iterator[Call]:
    """Every call that the application answers to, described or not. HEAD comes with GET."""
    for rule in app.url_map.iter_rules():
        path = PARAMETER_IN_RULE.sub(r"{\1}", rule.rule)
        view = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if path in {"/", "/docs"} or path.startswith(PREFIXES):
                yield path, method, rule.endpoint.rpartition(".")[2], operation_of(view)


def _place(call: Call) -> str:
    return call[0]


def _path_parameter(name: str) -> dict[str, Any]:
    return {
        "in": "path",
        "name": name,
        "required": True,
        "description": PATH_PARAMETERS[name],
        "schema": SYSTEM_NAME if name == "system" else WRITTEN_ID,
        "example": EXAMPLES[name],
    }


def _operation(method: str, path: str, name: str, operation: Operation) -> dict[str, Any]:
    examples = [each for each in documented() if each.is_of(method, path)]
    query = [] if operation.query is None else [{"in": "query", "schema": operation.query}]
    headers = [
        {"in": "header", "name": each.name, "description": each.says, "schema": each.schema}
        for each in (REQUEST_ID, *operation.headers)
    ]
    described_as: dict[str, Any] = {
        "operationId": name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.says,
        "parameters": [*query, *headers],
        "responses": {
            **{
                str(status): _good(operation, good, {e.name: e.answer for e in examples})
                for status, good in operation.answers.items()
            },
            **_problems(operation),
        },
    }
    if operation.body is not None:
        asked = {each.name: each.request for each in examples}
        content = {"application/json": {"schema": operation.body, "examples": asked}}
        described_as["requestBody"] = {"required": True, "content": content}
    if not operation.needs_key:
        described_as["security"] = [{}, {"key": []}] if operation.may_need_key else []
    return described_as


def _good(operation: Operation, good: Good, examples: Mapping[str, Any]) -> dict[str, Any]:
    schema: Any = good.schema
    if schema is OrderDocument and operation.query and "fields_schema" in operation.query.fields:
        schema = {"anyOf": [schema, {"$ref": "#/components/schemas/ShapedOrder"}]}
    if good.many:
        schema = {"type": "array", "items": schema}
    content: dict[str, Any] = {"schema": {"type": "string"} if schema is None else schema}
    if examples:
        content["examples"] = examples
    partner: tuple[Header, ...] = (POSSIBLE_PARTNER,) if operation.may_need_key else ()
    if operation.needs_key:
        partner = (PARTNER,)
    described_as: dict[str, Any] = {
        "description": good.says,
        "headers": _headers((ANSWERED_REQUEST_ID, *PROTECTION, *partner, *good.headers)),
    }
    if not good.empty:
        described_as["content"] = {good.media if schema is None else "application/json": content}
    if good.leads_to:
        parameters = {"order": "$response.body#/id"}
        described_as["links"] = {
            name: {"operationId": name, "parameters": parameters} for name in good.leads_to
        }
    return described_as


def _problems(operation: Operation) -> dict[str, Any]:
    by_status: defaultdict[int, list[Problem]] = defaultdict(list)
    for each in operation.problems:
        by_status[each.status].append(each)
    return {
        str(status): _no(status, by_status[status], keyed=operation.needs_key)
        for status in sorted(by_status)
    }


def _no(status: int, problems: Sequence[Problem], *, keyed: bool) -> dict[str, Any]:
    more = {
        UNAUTHORIZED.status: (WWW_AUTHENTICATE if UNAUTHORIZED in problems else SIGNATURE_WANTED,),
        STORE_UNAVAILABLE.status: (RETRY_AFTER,),
        TOO_MANY_REQUESTS.status: (RETRY_AFTER, RATE_LIMIT_POLICY, RATE_LIMIT),
        BAD_CONTENT_ENCODING.status: (ACCEPT_ENCODING,),
    }
    headers = [ANSWERED_REQUEST_ID, *PROTECTION]
    if status != UNAUTHORIZED.status:
        known = keyed and status not in BEFORE_THE_CALLER
        headers.append(PARTNER if known else POSSIBLE_PARTNER)
    headers += more.get(status, ())
    return {
        "description": "\n".join(f"- `{each.code}`: {each.says}" for each in problems),
        "headers": _headers(headers),
        "content": {"application/problem+json": {"schema": ProblemDocument}},
        CODES: [each.code for each in problems],
    }


def _headers(headers: Iterable[Header]) -> dict[str, Any]:
    return {
        each.name: {"description": each.says, "required": each.always, "schema": each.schema}
        for each in headers
    }
