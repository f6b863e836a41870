"""Every read model that the pull loop feeds. To add one: its file, and its line here."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from application.projections import orders
from application.store import Row, Table
from domain.events import Fact


class Projection(msgspec.Struct, frozen=True):
    """A read model: its table, the row a fact belongs to, and the row after some facts."""

    table: Table
    key: Callable[[Fact], str]
    fold: Callable[[bytes | None, Sequence[Fact]], Row]


PROJECTIONS: Mapping[str, Projection] = MappingProxyType(
    {
        "orders": Projection(orders.TABLE, orders.key, orders.fold),
    }
)
