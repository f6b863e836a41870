"""The read model `orders`: one row an order, for lists and searches."""

from collections.abc import Iterable, Sequence

import msgspec

from application.documents.order import expired_document, recorded_document
from application.documents.order_types import OrderDocument
from application.ports.read_models import Row, Table
from application.runtime.clock import to_ms
from application.runtime.people import FORM, kept_phone, searched_email, searched_name
from domain.events import Event
from domain.order import Order
from domain.status import HELD

ANSWERS_STORED = 1
"""Added to the form of the values: before, a row's document was the order alone."""

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
        "email": str,
        "buyer": str,
        "phone": str,
        "vendor_order": str,
    },
    indexes=(
        ("vendor", "created_at"),
        ("vendor", "updated_at"),
        ("vendor", "number"),
        ("vendor", "status", "created_at"),
        ("org", "created_at"),
        ("show", "created_at"),
        ("created_at",),
        ("number",),
        ("email",),
        ("buyer",),
        ("phone",),
        ("vendor_order", "created_at"),
    ),
    sparse=("email", "buyer", "phone", "vendor_order"),
    fixed=("vendor", "org", "show", "number", "created_at"),
    form=FORM + ANSWERS_STORED,
)
"""`reserved_till` is null unless tickets are held, so that it tells which holds have ended.
`email`, `buyer` and `phone` are what is known of the buyer as it is searched for: `people.py`.
`vendor_order` is the id that its vendor gave the order; other vendors may have the same one."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Order)
_ANSWER = msgspec.json.Decoder(OrderDocument)


def rows(events: Sequence[Event]) -> list[Row]:
    """The order's row."""
    return rows_of(Order.replay(events))


def rows_of(order: Order) -> list[Row]:
    """The same, of an order that is replayed already."""
    columns = (
        order.vendor,
        order.org,
        order.show,
        order.number,
        order.status.value,
        to_ms(order.created_at),
        to_ms(order.updated_at),
        to_ms(order.reserved_till) if order.status in HELD else None,
        searched_email(order.customer.email or ""),
        searched_name(order.customer.last_name or "", order.customer.first_name or ""),
        kept_phone(order.customer.mobile or ""),
        order.vendor_data.order_id,
    )
    answer = _ENCODER.encode(recorded_document(order))
    return [Row(order.id, columns, b"%b\n%b" % (answer, _ENCODER.encode(order)))]


def order_of(row: Row) -> Order:
    """The order that a row holds."""
    return order_in(row.document)


def order_in(document: bytes) -> Order:
    """The order that a row's document holds."""
    return _DECODER.decode(document[document.index(b"\n") + 1 :])


def answers_in(stored: Iterable[tuple[bytes, int | None]], now_ms: int) -> list[bytes]:
    """The orders' documents as JSON at a moment, in milliseconds since the epoch.

    `stored` are the rows' documents with `reserved_till`. Each has the answer, and below it the
    order. Only the answer of an order whose hold has ended since is made anew.
    """
    return [
        document[: document.index(b"\n")]
        if held_till is None or now_ms < held_till
        else _expired(document)
        for document, held_till in stored
    ]


def _expired(document: bytes) -> bytes:
    recorded = _ANSWER.decode(document[: document.index(b"\n")])
    return _ENCODER.encode(expired_document(recorded))
