"""The types of documents about money, as they are encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, TypedDict

from msgspec import Meta

from application.documents.fields import Id, Moment, Money, one_of
from domain.gateway import PaymentState
from domain.order_money import Attention
from domain.refunds import Culprit, RefundStatus

Currency = Annotated[str, Meta(description="The currency, by its code of three letters.")]

SignedMoney = Annotated[
    str, Meta(pattern=r"^-?[0-9]+\.[0-9]{2}$", description="An amount, which may be below zero.")
]


class BalanceDocument(TypedDict):
    """Where money of one currency is: `received` is the sum of all the others but `disputed`."""

    currency: Currency
    received: Annotated[Money, Meta(description="What came in.")]
    earned: Annotated[Money, Meta(description="What the tickets are worth that buyers keep.")]
    due_back: Annotated[Money, Meta(description="What was approved to go back and has not yet.")]
    refunded: Annotated[Money, Meta(description="What went back.")]
    charged_back: Annotated[Money, Meta(description="What banks took back in lost disputes.")]
    kept: Annotated[Money, Meta(description="What a person decided to keep.")]
    waiting: Annotated[
        SignedMoney,
        Meta(description="What waits for a person; below zero if more went back than was to."),
    ]
    disputed: Annotated[Money, Meta(description="What open disputes are about.")]


class TotalsDocument(BalanceDocument):
    """Where the money of many orders is, of one currency."""

    orders: Annotated[int, Meta(description="How many orders have money of it.")]


class GatewayPaymentDocument(TypedDict):
    """A payment that a payment system told of."""

    id: Annotated[str, Meta(description="The payment system's own id of it.")]
    system: Annotated[Id, Meta(description="The payment system.")]
    state: Annotated[str, one_of(*PaymentState), Meta(description="How far it has come.")]
    amount: Annotated[Money, Meta(description="What was received.")]
    currency: Currency
    received_at: Annotated[
        Moment | None, Meta(description="When it was received; null while it was not.")
    ]
    dispute: Annotated[
        str | None, Meta(description="`opened`, `won` or `lost`; null if there is no dispute.")
    ]
    disputed: Annotated[Money, Meta(description="What the dispute is about.")]


class OrderRefundDocument(TypedDict):
    """A refund of an order: of tickets, or of money for which there are none."""

    id: Annotated[Id, Meta(description="The refund.")]
    status: Annotated[str, one_of(*RefundStatus), Meta(description="Where it is.")]
    culprit: Annotated[str, one_of(*Culprit), Meta(description="Because of whom.")]
    reason: Annotated[
        str, Meta(description="Why money without tickets goes back; empty for tickets.")
    ]
    tickets: Annotated[list[Id], Meta(description="The tickets that are given back.")]
    value: Annotated[Money, Meta(description="What is to go back.")]
    paid: Annotated[Money, Meta(description="What has gone back.")]
    currency: Currency
    created_at: Annotated[Moment, Meta(description="When it was asked for.")]
    updated_at: Annotated[Moment, Meta(description="When it last changed.")]


class PaymentsDocument(BalanceDocument):
    """An order's money. The amounts are of the currency it is sold in; `balances` has others."""

    attention: Annotated[
        list[str],
        Meta(
            description=f"Why its money waits for a person: {', '.join(Attention)}; or"
            " unknown_buyer for a notice whose order is not known, and not_yet_handled for one that"
            " its order could not decide about so far."
        ),
    ]
    payments: Annotated[
        list[GatewayPaymentDocument], Meta(description="Its payments, in the order of notices.")
    ]
    refunds: Annotated[list[OrderRefundDocument], Meta(description="Its refunds, oldest first.")]
    balances: Annotated[
        list[BalanceDocument], Meta(description="The same amounts of other currencies.")
    ]


class UnknownNoticeDocument(TypedDict):
    """A notice of a payment system that no order has acted on."""

    id: Annotated[str, Meta(description="Its name here.")]
    system: Annotated[Id, Meta(description="The payment system.")]
    notice: Annotated[str, Meta(description="The payment system's own id of the notice.")]
    type: Annotated[str, Meta(description="What it is about, such as `payment.succeeded`.")]
    payment: Annotated[str, Meta(description="The payment system's own id of the payment.")]
    amount: Annotated[Money, Meta(description="The amount that it names.")]
    currency: Currency
    came_at: Annotated[Moment, Meta(description="When it came.")]
    order: Annotated[
        Id | None, Meta(description="The order that has still to act on it, if one is known.")
    ]


class OrderPaymentsDocument(PaymentsDocument):
    """An order's money, and which order it is; or the money of a notice that waits.

    Such a notice has null in all that is about the order.
    """

    order: Annotated[Id | None, Meta(description="The order.")]
    number: Annotated[int | None, Meta(description="Its number for people.")]
    event: Annotated[Id | None, Meta(description="The event.")]
    org: Annotated[Id | None, Meta(description="The partner that organises the event.")]
    vendor: Annotated[Id | None, Meta(description="The partner that sold it.")]
    status: Annotated[str | None, Meta(description="The order's status.")]
    changed_at: Annotated[
        Moment, Meta(description="When the order last changed, or the notice came.")
    ]
    notice: Annotated[
        UnknownNoticeDocument | None,
        Meta(description="The notice that no order has acted on; null for an order."),
    ]


class RefundDocument(TypedDict):
    """A refund, as documented."""

    created_at: Annotated[Moment, Meta(description="When it was asked for.")]
    culprit: Annotated[str, one_of(*Culprit), Meta(description="Because of whom.")]
    id: Annotated[Id, Meta(description="The refund.")]
    order: Annotated[Id, Meta(description="The order whose tickets or money go back.")]
    org: Annotated[Id, Meta(description="The partner that organises the event.")]
    payment_system: Annotated[
        Id | None, Meta(description="The payment system of the order; null if there was none.")
    ]
    status: Annotated[
        str,
        one_of(*RefundStatus),
        Meta(description="Where it is; failed: the money could not be paid back."),
    ]
    tickets_refund: Annotated[list[Id], Meta(description="The tickets that go back.")]
    tickets: Annotated[
        list[Id], Meta(description="The tickets that stay, where the request named those.")
    ]
    updated_at: Annotated[Moment, Meta(description="When it changed last.")]
    value: Annotated[Money, Meta(description="What is paid back.")]
    vendor: Annotated[Id, Meta(description="The partner that sold the order.")]
