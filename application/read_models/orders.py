"""The read model `orders`: one row an order, for lists and searches."""

from collections.abc import Sequence

import msgspec

from application.ports.read_models import Row, Table
from application.runtime.clock import to_ms
from domain.events import Event
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
        "email": str,
        "buyer": str,
        "phone": str,
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
    ),
    sparse=("email", "buyer", "phone"),
)
"""`reserved_till` is null unless tickets are held, so that it tells which holds have ended.
`email`, `buyer` and `phone` are what is known of the buyer as it is searched for: see below."""

DIGITS = frozenset("0123456789")

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Order)


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
        searched_phone(order.customer.mobile or ""),
    )
    return [Row(order.id, columns, _ENCODER.encode(order))]


def order_of(row: Row) -> Order:
    """The order that a row holds."""
    return _DECODER.decode(row.document)


def searched_email(address: str) -> str | None:
    """An address as it is searched for: by its beginning, in any case."""
    return address.strip().casefold() or None


def searched_name(*names: str) -> str | None:
    """Names, the last one first, as they are searched for: by their beginning, in any case."""
    return " ".join(" ".join(names).casefold().split()) or None


def searched_phone(number: str) -> str | None:
    """A number as it is searched for: its digits from the last to the first.

    The beginning is written in many ways (+7, 8, without), the end in one.
    """
    return "".join(each for each in reversed(number) if each in DIGITS) or None
