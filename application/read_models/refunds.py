"""The read model `refunds`: one row a refund that is to be decided or paid, for lists.

The key begins with the order's id, so that the rows of an order are in the order's partition.
"""

from collections.abc import Sequence

import msgspec

from application.ports.read_models import Row, Table
from application.runtime.clock import to_ms
from domain.events import Event
from domain.order import Order
from domain.refunds import UNASKED, Refund

_LISTED: tuple[tuple[str, ...], ...] = (
    (),
    ("vendor",),
    ("vendor", "show"),
    ("vendor", "org"),
    ("org",),
    ("org", "show"),
    ("show",),
)

TABLE = Table(
    name="refunds",
    columns={
        "refund": str,
        "vendor": str,
        "org": str,
        "show": str,
        "status": str,
        "created_at": int,
        "value": int,
    },
    indexes=(
        ("refund",),
        *((*terms, "status", sort) for terms in _LISTED for sort in ("created_at", "value")),
    ),
)
"""A list looks up each status, in an index that has all its other terms. `value` is in
hundredths."""


class RefundOfOrder(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A refund, and what is shown of its order with it."""

    order: str
    org: str
    vendor: str
    payment_system: str | None
    refund: Refund


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(RefundOfOrder)


def rows(events: Sequence[Event]) -> list[Row]:
    """The order's refunds, but for money that went back and nobody had asked for."""
    return rows_of(Order.replay(events))


def rows_of(order: Order) -> list[Row]:
    """The same, of an order that is replayed already."""
    refunds = order.money.refunds.values() if order.money else ()
    return [_row(order, each) for each in refunds if each.reason != UNASKED]


def shown_of(order: Order, refund: Refund) -> RefundOfOrder:
    """A refund of an order as it is shown."""
    return RefundOfOrder(
        order=order.id,
        org=order.org,
        vendor=order.vendor,
        payment_system=order.engaged,
        refund=refund,
    )


def refund_of_row(row: Row) -> RefundOfOrder:
    """The refund that a row holds."""
    return _DECODER.decode(row.document)


def _row(order: Order, refund: Refund) -> Row:
    columns = (
        refund.id,
        order.vendor,
        order.org,
        order.show,
        refund.status.value,
        to_ms(refund.created_at),
        int(refund.value * 100),
    )
    return Row(f"{order.id}/{refund.id}", columns, _ENCODER.encode(shown_of(order, refund)))
