"""The types of documents about what is for sale, as they are encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from enum import StrEnum
from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from application.documents.fields import Id, Moment, one_of


class Sale(StrEnum):
    """Whether a ticket can be had."""

    VACANT = "vacant"
    RESERVED = "reserved"
    SOLD = "sold"


class SeatDocument(TypedDict, total=False):
    """Where a seat is; empty for a ticket without one."""

    sector: Annotated[Any, Meta(description="The part of the hall.")]
    row: Annotated[Any, Meta(description="The row.")]
    number: Annotated[Any, Meta(description="The place in the row.")]


class TicketDocument(TypedDict):
    """A ticket of an event, and whether it can be had."""

    id: Annotated[Id, Meta(description="The ticket.")]
    status: Annotated[str, one_of(*Sale), Meta(description="Whether it can be had.")]
    set: Annotated[Id, Meta(description="Its ticket set.")]
    reserved_till: Annotated[
        Moment | None, Meta(description="Until when it is held; null unless it is reserved.")
    ]
    seat: Annotated[
        SeatDocument, Meta(description="Where it is; empty for a ticket without a seat.")
    ]


class OrderTicketDocument(TypedDict):
    """A ticket of an order; `barcode` once the order is done."""

    id: Annotated[Id, Meta(description="The ticket.")]
    serial: Annotated[str, Meta(description="The series of the event's tickets.")]
    number: Annotated[int, Meta(description="Its number in the series.")]
    seat: Annotated[
        SeatDocument, Meta(description="Where it is; empty for a ticket without a seat.")
    ]
    set: Annotated[Id, Meta(description="The ticket set it was taken from.")]
    barcode: NotRequired[
        Annotated[
            str, Meta(description="Twenty digits that cannot be guessed, once the order is done.")
        ]
    ]


class TitleDocument(TypedDict):
    """What an event is called."""

    text: Annotated[str, Meta(description="The title.")]


class LifetimeDocument(TypedDict):
    """When an event is."""

    start: Annotated[Moment, Meta(description="When it begins.")]
    finish: Annotated[Moment, Meta(description="When it ends.")]


class ShowHeadDocument(TypedDict):
    """An event, without what it has for sale."""

    id: Annotated[Id, Meta(description="The event.")]
    title: Annotated[TitleDocument, Meta(description="Its title.")]
    lifetime: Annotated[LifetimeDocument, Meta(description="When it takes place.")]
    org: Annotated[Id, Meta(description="The partner that organises it.")]


class PartnerDocument(TypedDict):
    """A partner; `name` is null for one that is no longer in the catalogue."""

    id: Annotated[Id, Meta(description="The partner.")]
    name: Annotated[
        str | None, Meta(description="Its name; null if it is no longer in the catalogue.")
    ]
