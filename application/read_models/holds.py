"""The read model `holds`: one row an order that is held for a limited time, by when that ends."""

from collections.abc import Sequence

from application.ports.read_models import Row, Table
from application.runtime.clock import to_ms
from domain.events import Event
from domain.order import Order
from domain.status import HELD

TABLE = Table(
    name="holds", columns={"show": str, "reserved_till": int}, indexes=(("reserved_till",),)
)


def rows(events: Sequence[Event]) -> list[Row]:
    """The order's row while it is held, overdue or not; none once that has ended."""
    return rows_of(Order.replay(events))


def rows_of(order: Order) -> list[Row]:
    """The same, of an order that is replayed already."""
    if order.status not in HELD:
        return []
    return [Row(order.id, (order.show, to_ms(order.reserved_till)))]
