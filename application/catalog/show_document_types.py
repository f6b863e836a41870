"""The types of documents about events with all that is for sale, as they are encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from application.catalog.page_document_types import (
    MapDocument,
    PartnerPageDocument,
    TicketTemplateDocument,
    VenueDocument,
)
from application.documents.fields import Id, Moment, Money, one_of

VACANT = (
    "How many of them are vacant now; of an event with more than 20,000 tickets, at most ten"
    " seconds ago."
)
PUBLIC = "public"
"""The status of every event that a key may sell."""


class RuleDocument(TypedDict):
    """A price rule, and whether it is the one in force."""

    id: Annotated[Id, Meta(description="The price rule.")]
    cal: Annotated[str, Meta(description="When it is in force: a VEVENT; an open end is left out.")]
    current: Annotated[bool, Meta(description="Whether it is in force now.")]
    price: Annotated[Money, Meta(description="The price and the fee together.")]
    price_extra: Annotated[Money, Meta(description="The fee.")]
    price_org: Annotated[Money, Meta(description="The price.")]


class SetDocument(TypedDict):
    """A set of tickets, how many are vacant, and what one costs now (null: not on sale)."""

    id: Annotated[Id, Meta(description="The ticket set.")]
    amount: Annotated[int, Meta(description="How many tickets it has.")]
    amount_vacant: Annotated[int, Meta(description=VACANT)]
    name: Annotated[str, Meta(description="Its name.")]
    pos: Annotated[int, Meta(description="Its place among the sets of the event, from 0.")]
    price: Annotated[
        Money | None, Meta(description="The price and the fee of a ticket now, together.")
    ]
    price_extra: Annotated[Money | None, Meta(description="The fee on it now.")]
    price_org: Annotated[
        Money | None, Meta(description="The price of a ticket now; null while no rule is in force.")
    ]
    rules: Annotated[list[RuleDocument], Meta(description="All of its price rules.")]
    seats: Annotated[
        dict[str, list[list[Any]]] | None,
        Meta(
            description="By row, the spans of its numbers: the first and the last of each. Null"
            " for tickets without seats, or in several sectors."
        ),
    ]
    sector: Annotated[
        Id | None, Meta(description="The sector that all of its tickets are in, if there is one.")
    ]


class ShowTitleDocument(TypedDict):
    """What an event is called, and what is said about it."""

    desc: Annotated[str | None, Meta(description="What is said about it.")]
    text: Annotated[str, Meta(description="The title.")]


class ShowDocument(TypedDict):
    """An event that the key may sell."""

    id: Annotated[Id, Meta(description="The event.")]
    age_rating: Annotated[int, Meta(description="The age from which it is.")]
    created_at: Annotated[
        Moment | None,
        Meta(description="When a catalogue brought it; null if an earlier version loaded it."),
    ]
    deal: Annotated[
        Id | None, Meta(description="The deal by which the key's partner sells it; null: its own.")
    ]
    lifetime: Annotated[str, Meta(description="When it takes place: a VEVENT with CRLF, in UTC.")]
    map: Annotated[MapDocument | None, Meta(description="The map of the hall.")]
    media: Annotated[dict[str, Any], Meta(description="Its pictures and films.")]
    org: Annotated[PartnerPageDocument, Meta(description="The partner that organises it.")]
    partner: Annotated[
        PartnerPageDocument, Meta(description="The partner that sells it: the one of the key.")
    ]
    sets: Annotated[list[SetDocument], Meta(description="Its ticket sets.")]
    status: Annotated[str, one_of(PUBLIC), Meta(description="Whether it can be seen.")]
    tags: Annotated[list[str], Meta(description="Words to find it by.")]
    ticket_template: Annotated[
        TicketTemplateDocument, Meta(description="How its tickets look when they are printed.")
    ]
    tickets_amount: Annotated[int, Meta(description="How many tickets all its sets have.")]
    tickets_amount_vacant: Annotated[int, Meta(description=VACANT)]
    title: Annotated[ShowTitleDocument, Meta(description="Its title.")]
    updated_at: Annotated[
        Moment | None,
        Meta(description="When a catalogue last changed it; null like created_at."),
    ]
    venue: Annotated[VenueDocument | None, Meta(description="Where it takes place.")]
