"""What the calls that need no key are, in words and schemas."""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from application.catalog.document_types import one_of
from application.operations.health import Health
from interface.http.contract import Good, Operation


class LiveDocument(TypedDict):
    """That the process lives."""

    status: Annotated[str, one_of("live"), Meta(description="That it lives.")]


class Document(TypedDict):
    """An OpenAPI document."""

    openapi: Annotated[str, Meta(description="The version of OpenAPI.")]
    info: Annotated[dict[str, Any], Meta(description="Title, version and description.")]
    paths: Annotated[dict[str, Any], Meta(description="The calls.")]


LIVE = Operation(
    tag="health",
    summary="Does the process live?",
    says="Answers as long as the process can answer at all. It looks at nothing else.",
    needs_key=False,
    answers={200: Good("It lives.", LiveDocument)},
)

READY = Operation(
    tag="health",
    summary="Can the process do its work?",
    says="Tells what the last look found, at once: each process asks the store every second, and"
    " looks how the read models get on. A store that does not answer makes it unready within"
    " seconds. A read model that stands still is named but does not make the service unready:"
    " orders can be made, paid and read without it. Nor do processes that died and were replaced."
    " A log that went back does, until an operator acknowledges it: events that were acknowledged"
    " are not there. A machine whose clock is more than five seconds off is not ready either.",
    needs_key=False,
    answers={
        200: Good("Requests can be answered.", Health),
        503: Good("Requests cannot be answered now; `checks` says why.", Health),
    },
)

METRICS = Operation(
    tag="health",
    summary="The service in numbers",
    says="How far the log and its read models are, which holds are due, and what the last"
    " verification of the log found, in the text format of Prometheus. Every process tells the"
    " same of the database. While that is away, or does not answer within a second and a half,"
    " `orderlog_store_up` is 0, and only what needs no database is there besides.",
    needs_key=False,
    answers={200: Good("The numbers.")},
)

OPENAPI = Operation(
    tag="contract",
    summary="This document",
    says="The contract of the API as an OpenAPI 3.1 document.",
    needs_key=False,
    answers={200: Good("The document.", Document)},
)
