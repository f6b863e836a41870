"""Every read model. To add one: its file, and its line here (docs/read-models.md)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from application.ports.read_models import Row, Table
from application.read_models import (
    balances,
    holds,
    numbers,
    orders,
    payments,
    refunds,
    requests,
    sales,
    tickets,
)
from domain.events import Event
from domain.order import Order


class Totals(Protocol):
    """Adds up what orders add to a read model's rows."""

    def add(self, events: Sequence[Event], order: Order | None = None) -> None:
        """Take in an order, by all its events; `order` is what they make, if that is known."""

    def rows(self) -> Sequence[Row]:
        """One row a key."""


class Projection(msgspec.Struct, frozen=True):
    """A read model: its table, and the rows that an order has there.

    `rows` gets all events of one order so far, oldest first, and answers from nothing else.
    `rows_of`, if there is one, answers the same from the order that those events make: who needs
    several read models' rows replays once. `totals`, if there is one, adds up the rows of many
    orders as they come. `one_row_each`: every order has one row, and each of its events changes it.
    """

    table: Table
    rows: Callable[[Sequence[Event]], Sequence[Row]]
    rows_of: Callable[[Order], Sequence[Row]] | None = None
    totals: Callable[[], Totals] | None = None
    one_row_each: bool = False


PROJECTIONS: Mapping[str, Projection] = MappingProxyType(
    {
        "orders": Projection(orders.TABLE, orders.rows, orders.rows_of, one_row_each=True),
        "sales": Projection(sales.TABLE, sales.rows, totals=sales.Totals),
        "holds": Projection(holds.TABLE, holds.rows, holds.rows_of),
        "refunds": Projection(refunds.TABLE, refunds.rows, refunds.rows_of),
        "payments": Projection(payments.TABLE, payments.rows, payments.rows_of),
        "balances": Projection(balances.TABLE, balances.rows, balances.rows_of, balances.Totals),
    }
)
"""The read models that the projector projects."""

TICKETS = Projection(tickets.TABLE, tickets.rows)
"""Tables that change in the same commit as the events: a rebuild checks them."""

BESIDE: Mapping[str, Projection] = MappingProxyType(
    {
        "requests": Projection(requests.TABLE, requests.rows),
        "numbers": Projection(numbers.TABLE, numbers.rows),
    }
)
"""Records that change in that commit, too: `derived_records_check.py` compares them in place."""

REBUILT: Mapping[str, Projection] = MappingProxyType({**PROJECTIONS, "tickets": TICKETS, **BESIDE})
"""Everything that can be made again from the log."""
