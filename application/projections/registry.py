"""Every read model. To add one: its file, and its line here (docs/read-models.md)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from application.projections import holds, orders, sales, tickets
from application.store import Row, Table
from domain.events import Fact


class Projection(msgspec.Struct, frozen=True):
    """A read model: its table, and the rows that an order has there.

    `rows` gets all facts of one order so far, oldest first, and answers from nothing else.
    """

    table: Table
    rows: Callable[[Sequence[Fact]], Sequence[Row]]


PROJECTIONS: Mapping[str, Projection] = MappingProxyType(
    {
        "orders": Projection(orders.TABLE, orders.rows),
        "sales": Projection(sales.TABLE, sales.rows),
        "holds": Projection(holds.TABLE, holds.rows),
    }
)
"""What the pull loop feeds."""

TICKETS = Projection(tickets.TABLE, tickets.rows)
"""What changes in the same commit as the facts: it is checked by a rebuild, not fed."""

REBUILT: Mapping[str, Projection] = MappingProxyType({**PROJECTIONS, "tickets": TICKETS})
"""All that can be made again from the log."""
