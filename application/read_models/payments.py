"""The read model `payments`: one row an order that has money or a payment notice."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from application.ports.read_models import Row, Table
from application.read_models.sales import hundredths
from application.runtime.clock import to_ms
from domain.buyer import Buyer
from domain.commands import VendorData
from domain.events import Event
from domain.order import Order
from domain.order_money import attention_of, balance_of
from domain.status import Status

TABLE = Table(
    name="payments",
    columns={
        "vendor": str,
        "org": str,
        "show": str,
        "waits": int,
        "attention": str,
        "received": int,
        "refunded": int,
        "due_back": int,
        "changed_at": int,
    },
    indexes=(
        ("vendor", "waits", "changed_at"),
        ("vendor", "show", "waits", "changed_at"),
        ("org", "waits", "changed_at"),
        ("org", "show", "waits", "changed_at"),
        ("show", "waits", "changed_at"),
        ("waits", "changed_at"),
    ),
    form=2,
)
"""A list looks up both values of `waits`, each in an index that has all its other terms.

`waits` is 1 where money waits for a person, and `attention` has the codes of why. Amounts are of
the currency that the order is sold in, in hundredths."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Order)


def rows(events: Sequence[Event]) -> list[Row]:
    """The order's row, once it has money."""
    return rows_of(Order.replay(events))


def rows_of(order: Order) -> list[Row]:
    """The same, of an order that is replayed already. The buyer is in no row."""
    if order.money is None and order.status is not Status.DONE:
        return []
    balance, attention = balance_of(order), attention_of(order)
    columns = (
        order.vendor,
        order.org,
        order.show,
        int(bool(attention)),
        " ".join(attention),
        hundredths(balance.received),
        hundredths(balance.refunded),
        hundredths(balance.due_back),
        to_ms(order.changed_at),
    )
    bare = replace(order, customer=Buyer(), vendor_data=VendorData(), barcodes={})
    return [Row(order.id, columns, _ENCODER.encode(bare))]


def order_of(row: Row) -> Order:
    """The order of a row, without its buyer and barcodes."""
    return _DECODER.decode(row.document)
