"""The read model `balances`: where the money of many orders is, added up by currency.

A row has the orders of one vendor, organiser, show and currency, apart whether they wait for a
person. So a sum over all orders reads a few rows.
"""

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import astuple

from application.ports.read_models import Row, Table
from application.read_models.sales import hundredths
from domain.events import Event
from domain.money import AMOUNTS
from domain.order import Order
from domain.order_money import attention_of, balances_of
from domain.status import Status

TABLE = Table(
    name="balances",
    columns={
        "vendor": str,
        "org": str,
        "show": str,
        "currency": str,
        "waits": int,
        "orders": int,
        **dict.fromkeys(AMOUNTS, int),
    },
    indexes=(("vendor", "currency"), ("org", "currency"), ("show", "currency"), ("currency",)),
    sums=("orders", *AMOUNTS),
    form=2,
)
"""Amounts are in hundredths. `currency` is empty while no event of an order names it: then it is
that of the show."""


Place = tuple[str, str, str, str, int]
"""A vendor, organiser, show and currency; and 1 where money waits for a person."""


def rows(events: Sequence[Event]) -> list[Row]:
    """What one order adds: a row for each of its currencies."""
    return rows_of(Order.replay(events))


def rows_of(order: Order) -> list[Row]:
    """The same, of an order that is replayed already."""
    totals = Totals()
    totals.take(order)
    return totals.rows()


class Totals:
    """Adds up the money of many orders."""

    def __init__(self) -> None:
        self._sums: defaultdict[Place, list[int]] = defaultdict(lambda: [0] * len(TABLE.sums))

    def add(self, events: Sequence[Event], order: Order | None = None) -> None:
        """Take in an order."""
        self.take(order or Order.replay(events))

    def take(self, order: Order) -> None:
        """Take in an order that is replayed already."""
        if order.money is None and order.status is not Status.DONE:
            return
        waits = int(bool(attention_of(order)))
        for balance in balances_of(order):
            sums = self._sums[order.vendor, order.org, order.show, balance.currency, waits]
            sums[0] += 1
            for place, amount in enumerate(astuple(balance)[1:], start=1):
                if amount:
                    sums[place] += hundredths(amount)

    def rows(self) -> list[Row]:
        """A row for each place."""
        return [
            Row("/".join(map(str, place)), (*place, *sums)) for place, sums in self._sums.items()
        ]
