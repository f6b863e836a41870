"""The read model `orders`: one row an order, for lists, searches and what is due to expire."""

from collections.abc import Sequence

import msgspec

from application.clock import to_ms
from application.store import Row, Table
from domain.events import Fact
from domain.order import Order
from domain.status import HELD

TABLE = Table(
    name="orders",
    columns={
        "vendor": str,
        "org": str,
        "show": str,
        "number": int,
        "status": str,
        "created_at": int,
        "updated_at": int,
        "reserved_till": int,
    },
    indexes=(
        ("vendor", "created_at"),
        ("vendor", "updated_at"),
        ("vendor", "number"),
        ("reserved_till",),
    ),
)
"""`reserved_till` is null unless tickets are held, so that what is due is found by it alone."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Order)


def key(fact: Fact) -> str:
    """The row that a fact changes: its order's."""
    return fact.originator_id


def fold(document: bytes | None, facts: Sequence[Fact]) -> Row:
    """The row after `facts`, from the document of the row before them."""
    order = Order() if document is None else _DECODER.decode(document)
    for fact in facts:
        order.apply(fact)
    return Row(
        order.id,
        (
            order.vendor,
            order.org,
            order.show,
            order.number,
            order.status.value,
            to_ms(order.created_at),
            to_ms(order.updated_at),
            to_ms(order.reserved_till) if order.status in HELD else None,
        ),
        _ENCODER.encode(order),
    )


def order_of(document: bytes) -> Order:
    """The order that a row's document holds."""
    return _DECODER.decode(document)
