"""An event as the feed shows it: a thin CloudEvent 1.0, without any data of the buyer."""

from datetime import datetime
from typing import Annotated, TypedDict

import msgspec
from msgspec import Meta

from application.documents.fields import Id, Moment, one_of
from application.runtime.clock import written
from domain.events import STORED

PREFIX = "orderlog.order."

TYPES = frozenset(PREFIX + name.partition(".")[0] for name in STORED)
"""The types of the events that this version of the service knows."""

_encode = msgspec.json.Encoder().encode


class FeedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of an order, the order's status at it, and the partners that it concerns.

    `type` names the event without its version: `orderlog.order.StatusChanged`. `org` and `vendor`
    are empty if what created the order cannot be read by this version of the service. `request` is
    the id of its request, and is known only where spans are made.
    """

    position: int
    order: str
    number: int
    version: int
    show: str
    status: str
    type: str
    at: datetime
    org: str
    vendor: str
    request: str = ""


class CloudEventData(TypedDict):
    """What the event is about. The order itself has the rest."""

    position: Annotated[int, Meta(description="The event's place in the whole log.")]
    order: Annotated[Id, Meta(description="The order's id.")]
    number: Annotated[int, Meta(description="The order's number.")]
    version: Annotated[int, Meta(description="The order's version with this event.")]
    event: Annotated[Id, Meta(description="The id of the event that the tickets are for.")]
    status: Annotated[str, Meta(description="The order's status with this event.")]
    href: Annotated[str, Meta(description="The address of the order.")]


class CloudEvent(TypedDict):
    """An event of an order, as CloudEvents 1.0 have it."""

    specversion: Annotated[str, one_of("1.0"), Meta(description="The version of CloudEvents.")]
    id: Annotated[str, Meta(description="The position again: it is unique in the log.")]
    source: Annotated[str, one_of("/v1/feed"), Meta(description="Where the event comes from.")]
    type: Annotated[str, Meta(description="What happened: orderlog.order. and the event's name.")]
    subject: Annotated[Id, Meta(description="The order's id.")]
    time: Annotated[Moment, Meta(description="When it happened.")]
    data: Annotated[CloudEventData, Meta(description="What it is about.")]


def type_of(stored_name: str) -> str:
    """The type of an event by its stored name, `StatusChanged.1`."""
    return PREFIX + name_of(stored_name)


def name_of(stored_name: str) -> str:
    """The name of an event, without its version."""
    return stored_name.partition(".")[0]


def cloud_event(event: FeedEvent) -> CloudEvent:
    """An event in the documented form."""
    return {
        "specversion": "1.0",
        "id": str(event.position),
        "source": "/v1/feed",
        "type": event.type,
        "subject": event.order,
        "time": written(event.at),
        "data": {
            "position": event.position,
            "order": event.order,
            "number": event.number,
            "version": event.version,
            "event": event.show,
            "status": event.status,
            "href": f"/v1/resources/orders/{event.order}",
        },
    }


def encoded(event: FeedEvent) -> bytes:
    """The bytes of the documented form: the same in every answer, stream and delivery."""
    return _encode(cloud_event(event))
