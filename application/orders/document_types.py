"""The types of documents about orders, as they are encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from application.catalog.document_types import Id, Moment, Money, one_of
from domain.status import Status


class CustomerDocument(TypedDict):
    """What is known of the buyer: only `lang`, until something was said of the buyer.

    Then it has all fields, null where nothing is known.
    """

    email: NotRequired[Annotated[str | None, Meta(description="The buyer's e-mail address.")]]
    first_name: NotRequired[Annotated[str | None, Meta(description="The buyer's first name.")]]
    lang: Annotated[
        str | None,
        Meta(description="The buyer's language; the vendor's, if it has one, until one is given."),
    ]
    last_name: NotRequired[Annotated[str | None, Meta(description="The buyer's family name.")]]
    mobile: NotRequired[Annotated[str | None, Meta(description="A telephone number.")]]
    user: NotRequired[
        Annotated[
            Id | None,
            Meta(description="The buyer's account: the same for the same address of one vendor."),
        ]
    ]


class PaymentDocument(TypedDict):
    """The engaged payment system: null before the payment starts."""

    failure_url: Annotated[
        str | None,
        Meta(description="Where the buyer returns if the payment fails; null if not set."),
    ]
    redirect_url: NotRequired[
        Annotated[
            str, Meta(description="Where to send the buyer to pay, once the payment has started.")
        ]
    ]
    send_tickets: NotRequired[
        Annotated[
            bool,
            Meta(description="Whether the buyer wants the tickets by e-mail; missing if not set."),
        ]
    ]
    success_url: Annotated[
        str | None, Meta(description="Where the buyer returns after paying; null if not set.")
    ]
    system: Annotated[
        Id | None,
        Meta(description="The id of the engaged payment system; null until the payment starts."),
    ]


class VendorDataDocument(TypedDict):
    """What the vendor keeps with the order for itself."""

    order_id: Annotated[
        str | None, Meta(description="The order's id in the vendor's own system; null if not set.")
    ]
    raw: Annotated[
        dict[str, str | int | float | bool | None],
        Meta(description="Whatever else the vendor keeps: a value by name."),
    ]


class ValuesDocument(TypedDict):
    """What the tickets are worth: `full` is `nominal` and `extra` together."""

    extra: Annotated[Money, Meta(description="The fees.")]
    full: Annotated[Money, Meta(description="Both together.")]
    nominal: Annotated[Money, Meta(description="The prices without fees.")]


class SetValuesDocument(TypedDict):
    """What a ticket of a set costs in this order, and what is off."""

    d: Annotated[Money, Meta(description="What is off each ticket.")]
    id: Annotated[Id, Meta(description="The ticket set.")]
    p: Annotated[Money, Meta(description="What each ticket costs, discount and fee included.")]
    ps: Annotated[list[Id], Meta(description="The promo codes, by id, that take something off.")]


class OrderValuesDocument(ValuesDocument):
    """The same of an order. `discount` and `sets` are there if its event has promo codes."""

    discount: NotRequired[
        Annotated[Money, Meta(description="What is off all tickets; the prices are without it.")]
    ]
    sets: NotRequired[
        Annotated[list[SetValuesDocument], Meta(description="The same for a ticket of each set.")]
    ]


class OrderDocument(TypedDict):
    """An order, as documented."""

    id: Annotated[Id, Meta(description="The order.")]
    created_at: Annotated[Moment, Meta(description="When it was created.")]
    customer: Annotated[CustomerDocument, Meta(description="What is known of the buyer.")]
    deal: Annotated[
        Id | None,
        Meta(description="The deal under which the vendor sells; null for its own events."),
    ]
    event: Annotated[Id, Meta(description="The event.")]
    number: Annotated[int, Meta(description="A short, growing number for people.")]
    org: Annotated[Id, Meta(description="The partner that organises the event.")]
    payment: Annotated[PaymentDocument, Meta(description="How it is paid.")]
    promocodes: Annotated[list[Id], Meta(description="The promo codes that it has, by id.")]
    reserved_till: Annotated[
        Moment | None,
        Meta(description="Until when its tickets are held; null once it has expired."),
    ]
    rules: Annotated[
        dict[Id, Id],
        Meta(description="By ticket set, the price rule of this order. It never changes."),
    ]
    status: Annotated[str, one_of(*Status), Meta(description="Its status.")]
    tickets: Annotated[
        list[Id],
        Meta(description="Its tickets. A canceled or expired order still lists those it had."),
    ]
    updated_at: Annotated[
        Moment,
        Meta(
            description="When the reservation last changed: the order was created, its tickets"
            " changed, or the payment started."
        ),
    ]
    value: Annotated[Money, Meta(description="What its tickets are worth, fees included.")]
    value_extra: Annotated[Money, Meta(description="The fees in it.")]
    values: Annotated[OrderValuesDocument, Meta(description="The same in parts.")]
    vendor: Annotated[Id, Meta(description="The partner that created it.")]


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
