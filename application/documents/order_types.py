"""The types of an order's document, as it is encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from application.documents.fields import Id, Moment, Money, one_of
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
