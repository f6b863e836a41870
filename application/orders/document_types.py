"""The types of documents about orders, as they are encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from application.documents.fields import Id, Moment, Money, one_of
from application.documents.order_types import ValuesDocument


class SalesRefundsDocument(TypedDict):
    """Refunds of sold tickets, by the day on which they were approved."""

    tickets: Annotated[int, Meta(description="How many tickets were given back.")]
    value: Annotated[Money, Meta(description="The money that goes back for them.")]


class DisputesDocument(TypedDict):
    """The money that buyers' banks ask back; apart from sales and refunds."""

    opened: Annotated[Money, Meta(description="What disputes are about, by the day of opening.")]
    lost: Annotated[Money, Meta(description="What was lost in disputes, by that day.")]


class TallyDocument(TypedDict):
    """What was held, sold and returned; `values` are those of the sold tickets."""

    orders: Annotated[int, Meta(description="How many orders were created.")]
    held: Annotated[
        int, Meta(description="Tickets that are held now, by the day on which they were taken.")
    ]
    sold: Annotated[int, Meta(description="Tickets that were paid for, by the day of payment.")]
    returned: Annotated[int, Meta(description="Tickets that went back on sale, by that day.")]
    values: Annotated[ValuesDocument, Meta(description="The value of the sold tickets.")]
    refunds: Annotated[SalesRefundsDocument, Meta(description="What was given back.")]
    net: Annotated[Money, Meta(description="The full value of the sold tickets less refunds.")]


class WholeTallyDocument(TallyDocument):
    """The same of all sets together, with disputes, which are of whole orders."""

    disputes: Annotated[DisputesDocument, Meta(description="Money in dispute.")]


class DaySalesDocument(TallyDocument):
    """What happened on one day, in UTC."""

    day: Annotated[
        str, Meta(extra_json_schema={"format": "date"}), Meta(description="The day, in UTC.")
    ]


class SetSalesDocument(TallyDocument):
    """How a set sells; `name` is null for one that is no longer in the catalogue."""

    id: Annotated[Id, Meta(description="The ticket set.")]
    name: Annotated[
        str | None, Meta(description="Its name; null if it is no longer in the catalogue.")
    ]
    days: Annotated[list[DaySalesDocument], Meta(description="The same by day.")]


class WholeDaySalesDocument(WholeTallyDocument):
    """What happened with all sets on one day, in UTC."""

    day: Annotated[
        str, Meta(extra_json_schema={"format": "date"}), Meta(description="The day, in UTC.")
    ]


class LocalDayDocument(WholeTallyDocument):
    """What happened with all sets on one day of a time zone."""

    day: str


class LocalSalesDocument(WholeTallyDocument):
    """How an event sells, by the days of a time zone."""

    days: list[LocalDayDocument]


class SalesDocument(WholeTallyDocument):
    """How an event sells: in all, by day, and by set and day."""

    event: Annotated[Id, Meta(description="The event.")]
    days: Annotated[list[WholeDaySalesDocument], Meta(description="The same by day.")]
    sets: Annotated[list[SetSalesDocument], Meta(description="The same by ticket set.")]


Version = Annotated[
    int, Meta(description="The event's place in the order's stream, from 1: the ETag after it.")
]
EventName = Annotated[str, Meta(description="The name of the event: what happened.")]
EventMoment = Annotated[Moment, Meta(description="When it happened.")]
Actor = Annotated[str, Meta(description="Who did it: `partner:ID key:NAME`, or `system`.")]
RequestId = Annotated[str, Meta(description="The X-Request-Id of the request that caused it.")]


class EventDocument(TypedDict):
    """An event of an order: what, when, by whom, by which request."""

    version: Version
    position: Annotated[int, Meta(description="The event's place in the whole log.")]
    at: EventMoment
    name: EventName
    actor: Actor
    request: RequestId
    data: Annotated[dict[str, Any], Meta(description="The event's own fields, as stored.")]


class HistoryDocument(TypedDict):
    """An order's events, oldest first."""

    id: Annotated[Id, Meta(description="The order.")]
    events: Annotated[list[EventDocument], Meta(description="Its events, oldest first.")]


class EventHeadDocument(TypedDict):
    """An event, without what it changed."""

    version: Version
    name: EventName
    at: EventMoment
    actor: Actor
    request: RequestId


class DiffFactDocument(EventHeadDocument):
    """An event that changed a field, and what it changed it to."""

    to: Annotated[Any, Meta(description="The field's value after the event.")]


DiffFieldDocument = TypedDict(
    "DiffFieldDocument",
    {
        "field": Annotated[
            str, Meta(description="The field's name, dotted where it is inside another.")
        ],
        "from": Annotated[Any, Meta(description="Its value before; null where there was none.")],
        "to": Annotated[Any, Meta(description="Its value after.")],
        "by": Annotated[list[DiffFactDocument], Meta(description="The events that changed it.")],
    },
)
DiffFieldDocument.__doc__ = "A field, its value before and after, and the events that changed it."

DiffDocument = TypedDict(
    "DiffDocument",
    {
        "id": Annotated[Id, Meta(description="The order.")],
        "from": Annotated[int, Meta(description="The older version.")],
        "to": Annotated[int, Meta(description="The newer version.")],
        "changes": Annotated[list[DiffFieldDocument], Meta(description="The fields that differ.")],
    },
)
DiffDocument.__doc__ = "What changed in an order between two of its versions."


class StoryEntryDocument(TypedDict):
    """One thing that happened to an order, in a plain sentence.

    `kind` is `fact` (an event), `attempt` (a request that was rejected) or `note` (an end of the
    hold that is not recorded yet). `version` is the event's, or the one that the request found.
    """

    kind: Annotated[
        str,
        one_of("fact", "attempt", "note"),
        Meta(description="An event (`fact`), a rejected request (`attempt`), or a note."),
    ]
    name: Annotated[str, Meta(description="The name of the event, or the code of the refusal.")]
    at: EventMoment
    version: Annotated[int, Meta(description="The event's version, or the one a request found.")]
    position: Annotated[
        int | None, Meta(description="The event's place in the whole log; null for all else.")
    ]
    actor: Annotated[str, Meta(description="Who did it, written as in events.")]
    who: Annotated[str, Meta(description="Who did it, in words.")]
    request: Annotated[str | None, Meta(description="The X-Request-Id of the request.")]
    sentence: Annotated[str, Meta(description="What happened, in words.")]
    hold_left: Annotated[
        str | None, Meta(description="How long the tickets were still held, in words.")
    ]
    hold_left_seconds: Annotated[
        int | None, Meta(description="The same in seconds; null where nothing is held.")
    ]


class StoryDocument(TypedDict):
    """An order's timeline, in the language of Content-Language."""

    id: Annotated[Id, Meta(description="The order.")]
    number: Annotated[int, Meta(description="Its number for people.")]
    lang: Annotated[str, one_of("en", "ru"), Meta(description="The language of the sentences.")]
    version: Annotated[int, Meta(description="Its version now.")]
    now: Annotated[str, Meta(description="Its present state, in a sentence.")]
    story: Annotated[list[StoryEntryDocument], Meta(description="What happened, oldest first.")]
