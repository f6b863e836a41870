"""The types of documents about money, as they are encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, TypedDict

from msgspec import Meta

from application.catalog.document_types import Id, Moment, Money, one_of
from domain.refunds import Culprit, RefundStatus


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
