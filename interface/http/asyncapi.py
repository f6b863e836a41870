"""Generates the AsyncAPI 3 document: the feed as a stream, webhooks, and the sink for a broker.

What a message is follows from the type that is encoded; the rest is said here.
"""

from functools import cache
from typing import Annotated, Any, TypedDict

import msgspec
from apispec import APISpec
from msgspec import Meta

from application.feed.event_types import EVENT_TYPES
from application.feed.thin_event import CloudEvent
from interface.http.answer_schemas import AnswerSchemas
from interface.http.calls import Calls
from interface.http.contract import Good, Operation
from interface.http.exchange import Incoming, Outgoing, bytes_answer
from interface.http.feed_schemas import StreamIn
from interface.http.openapi_schemas import plugin

CLOUD_EVENT = "application/cloudevents+json"

ABOUT = """\
What happens to orders, told as it happens: thin CloudEvents 1.0 by position, without buyers' data.
The same event has the same bytes everywhere: as a server-sent event, as a webhook's body, and as a
message of NATS JetStream. The calls over HTTP, such as `GET /v1/feed` and those that administer
webhooks, are in /openapi.json.
"""

WEBHOOK_HEADERS = {
    "webhook-id": "Names the event for this log; the same at every try: drop what you had before.",
    "webhook-timestamp": "When this try was made, in seconds since 1970.",
    "webhook-signature": "Signatures with spaces between, as Standard Webhooks 1.0.0 has them:"
    " v1,… for each live secret, and v1a,… where the webhook asks for it.",
}
BROKER_HEADERS = {
    "Nats-Msg-Id": "The log's id, -, and the position.",
    "Nats-Expected-Last-Sequence": "The sequence behind which the message stands.",
    "Content-Type": f"{CLOUD_EVENT}; charset=utf-8.",
}
SECURITY = {
    "key": {
        "type": "httpApiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word `key`, one or more spaces, and the partner's key.",
    },
    "ticket": {
        "type": "httpApiKey",
        "in": "query",
        "name": "ticket",
        "description": "For a browser: a ticket of `POST /v1/feed/tickets`.",
    },
    "broker": {"type": "userPassword", "description": "Where the broker asks for it."},
}


class AsyncDocument(TypedDict):
    """An AsyncAPI document."""

    asyncapi: Annotated[str, Meta(description="The version of AsyncAPI.")]
    id: Annotated[str, Meta(description="What it describes.")]
    info: Annotated[dict[str, Any], Meta(description="Title, version and description.")]
    defaultContentType: Annotated[str, Meta(description="What messages are.")]
    servers: Annotated[dict[str, Any], Meta(description="Who sends or receives them.")]
    channels: Annotated[dict[str, Any], Meta(description="Where messages are sent.")]
    operations: Annotated[dict[str, Any], Meta(description="Who sends them.")]
    components: Annotated[dict[str, Any], Meta(description="Messages, and their schemas.")]


ASYNCAPI = Operation(
    tag="contract",
    summary="The contract of what the service sends by itself (AsyncAPI 3)",
    says="The contract of what the service sends by itself, as an AsyncAPI 3 document: the stream"
    " of the feed, webhooks, and a broker's messages.",
    needs_key=False,
    answers={200: Good("The document.", AsyncDocument)},
)

ASYNCAPI_CALLS = Calls("asyncapi")


@ASYNCAPI_CALLS.get("/asyncapi.json", ASYNCAPI)
def asyncapi(_: Incoming, __: Any) -> Outgoing:
    """Answer the document."""
    return bytes_answer(_written())


@cache
def _written() -> bytes:
    return msgspec.json.encode(async_document())


def async_document() -> dict[str, Any]:
    """The AsyncAPI document."""
    spec = APISpec(title="", version="", openapi_version="3.1.0", plugins=[plugin()])
    event = AnswerSchemas(spec.components).reference(CloudEvent)
    names = {each.rpartition(".")[2]: each for each in sorted(EVENT_TYPES)}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:orderlog:feed",
        "info": {"title": "Orderlog", "version": "1", "description": ABOUT},
        "defaultContentType": CLOUD_EVENT,
        "servers": _servers(),
        "channels": _channels(names),
        "operations": _operations(),
        "components": {
            "schemas": {**spec.components.schemas, **_payloads(names, event)},
            "messages": _messages(names),
            "messageTraits": {
                "webhook": {"headers": _headers(WEBHOOK_HEADERS)},
                "broker": {"headers": _headers(BROKER_HEADERS)},
            },
            "securitySchemes": SECURITY,
        },
    }


def _servers() -> dict[str, Any]:
    def at(default: str, says: str) -> dict[str, Any]:
        return {"default": default, "description": says}

    return {
        "service": {
            "host": "{host}",
            "protocol": "http",
            "description": "This service; by https where TLS is spoken.",
            "variables": {"host": at("127.0.0.1:8080", "Its host and port.")},
            "security": [_ref("securitySchemes", "key"), _ref("securitySchemes", "ticket")],
        },
        "receiver": {
            "host": "{host}",
            "pathname": "/{path}",
            "protocol": "https",
            "description": "The address of a webhook, as its owner gave it.",
            "variables": {
                "host": at("shop.example", "The owner's host."),
                "path": at("orders", "The path there."),
            },
        },
        "broker": {
            "host": "{host}",
            "protocol": "nats",
            "description": "A NATS server with JetStream, where `orderlog feed publish` runs.",
            "variables": {"host": at("127.0.0.1:4222", "Its host and port.")},
            "security": [_ref("securitySchemes", "broker")],
        },
    }


def _channels(names: dict[str, str]) -> dict[str, Any]:
    def channel(address: str | None, server: str, title: str, says: str) -> dict[str, Any]:
        return {
            "address": address,
            "title": title,
            "description": says,
            "servers": [{"$ref": f"#/servers/{server}"}],
            "messages": {name: _ref("messages", f"{server}.{name}") for name in names},
        }

    return {
        "stream": channel(
            "/v1/feed/stream",
            "service",
            "The feed as server-sent events",
            "Of each event `id` is the position, `event` the type, `data` the payload. `after` or"
            " `Last-Event-ID` says where to go on; without either it begins at the present.",
        ),
        "webhook": channel(
            None,
            "receiver",
            "Webhooks",
            "One POST for each event. An answer of 2xx confirms it; anything else is tried again.",
        ),
        "broker": {
            **channel(
                "{subject}.{type}",
                "broker",
                "A stream of NATS JetStream",
                "Each position once and in order.",
            ),
            "parameters": {
                "subject": {"default": "orderlog.order", "description": "As --subject says."},
                "type": {"enum": list(names), "description": "The type, without orderlog.order."},
            },
        },
    }


def _operations() -> dict[str, Any]:
    query = {"type": "object", "properties": _stream_parameters()}
    http = {"http": {"method": "GET", "query": query, "bindingVersion": "0.3.0"}}
    post = {"http": {"method": "POST", "bindingVersion": "0.3.0"}}

    def sends(channel: str, summary: str, **more: Any) -> dict[str, Any]:
        about = {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}
        return {**about, "summary": summary, **more}

    return {
        "streamFeed": sends("stream", "Send events to those that follow the feed", bindings=http),
        "deliver": sends("webhook", "Deliver events to a webhook, signed", bindings=post),
        "publish": sends("broker", "Publish events to a broker"),
    }


def _stream_parameters() -> dict[str, Any]:
    """The stream's parameters, as the OpenAPI document has them."""
    spec = APISpec(title="", version="", openapi_version="3.1.0", plugins=[plugin()])
    spec.path("/", operations={"get": {"parameters": [{"in": "query", "schema": StreamIn()}]}})
    [path] = spec.to_dict()["paths"].values()
    return {
        each["name"]: {**each["schema"], "description": each.get("description", "")}
        for each in path["get"]["parameters"]
    }


def _payloads(names: dict[str, str], event: dict[str, Any]) -> dict[str, Any]:
    """By name, the schema of an event of this type."""
    return {
        name: {"allOf": [event, {"properties": {"type": {"const": kind}}}]}
        for name, kind in names.items()
    }


def _messages(names: dict[str, str]) -> dict[str, Any]:
    """By the server and the event's name, its message there."""
    traits: dict[str, list[str]] = {"service": [], "receiver": ["webhook"], "broker": ["broker"]}
    return {
        f"{server}.{name}": {
            "name": kind,
            "title": name,
            "summary": EVENT_TYPES[kind],
            "contentType": CLOUD_EVENT,
            "traits": [_ref("messageTraits", each) for each in own],
            "payload": _ref("schemas", name),
        }
        for server, own in traits.items()
        for name, kind in names.items()
    }


def _headers(said: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(said),
        "properties": {name: {"type": "string", "description": s} for name, s in said.items()},
    }


def _ref(where: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{where}/{name}"}
