"""Proves from the events that no promo code was used more often at once than it may be.

Like tickets (`holdings.py`), uses are held from a position of the log to another. No two orders may
hold one at the same instant, and no more may be held of one kind than the limit that events name.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import msgspec

from application.integrity.findings import Finding, Kind
from application.integrity.holdings import FOR_GOOD, Clash, Holders, Holdings
from domain.events import Event, PromocodesApplied
from domain.order import Order
from domain.promocodes import buyers_counted, kind_of, uses_of


class UsesOfOrders(msgspec.Struct, kw_only=True):
    """The uses that orders held, and by kind the highest limit that their events name."""

    holdings: Holdings = msgspec.field(default_factory=Holdings)
    limits: dict[str, int] = msgspec.field(default_factory=dict)

    def note(self, events: Sequence[Event], positions: Sequence[int], count: int) -> None:
        """Add what an order held, by its first `count` events."""
        if not any(isinstance(event, PromocodesApplied) for event in events):
            return
        order, held = Order(), Held(self.holdings)
        for event, position in zip(events[:count], positions, strict=False):
            order.apply(event)
            self._note_limits(order)
            held.hold(order.own_uses, position)
        held.for_good()

    def _note_limits(self, order: Order) -> None:
        limits = {uses_of(each.id): each.limit or 0 for each in order.promocodes}
        for _, buyer in buyers_counted(order.promocodes, order.customer.email):
            limits[buyer.uses] = buyer.most
        for kind, limit in limits.items():
            self.limits[kind] = max(limit, self.limits.get(kind, 0))


class Held:
    """The uses that one order holds, each from a position on."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._since: dict[str, int] = {}

    def hold(self, uses: Collection[str], position: int) -> None:
        """From this position on the order holds exactly these."""
        for gone in [use for use in self._since if use not in uses]:
            self._holdings.add({gone: self._since.pop(gone)}, position)
        for use in uses:
            self._since.setdefault(use, position)

    def for_good(self) -> None:
        """Nothing more happened to the order."""
        if self._since:
            self._holdings.add(self._since, FOR_GOOD)


class UseTotals:
    """The uses that all orders held."""

    def __init__(self) -> None:
        self.holders = Holders()
        self._limits: dict[str, int] = {}

    def add(self, uses: UsesOfOrders) -> None:
        """Add the uses of some orders."""
        self.holders.add(uses.holdings)
        for kind, limit in uses.limits.items():
            self._limits[kind] = max(limit, self._limits.get(kind, 0))

    def clashes(self) -> Iterator[Clash]:
        """Uses that two orders held at the same instant."""
        return self.holders.clashes()

    def above_limit(self) -> Iterator[Finding]:
        """Findings for codes of which more uses were held at once than may be."""
        spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for use, start, end in self.holders.spans():
            spans[kind_of(use)] += [(start, 1), (end, -1)]
        for kind, steps in spans.items():
            held = 0
            limit = self._limits.get(kind, 0)
            for position, step in sorted(steps):
                held += step
                if held > limit:
                    says = (
                        f"At position {position} orders had {held} uses of {kind}, and it may be"
                        f" used {limit} times."
                    )
                    yield Finding(Kind.PROMOCODE, says, position=position)
                    break
