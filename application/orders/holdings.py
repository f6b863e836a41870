"""What each vendor's orders hold, so that none holds more than it may.

The figures are those of this process, which sees what it decides at once, and of the read model of
orders, which shows what other processes have done within a moment.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import msgspec

from application.ports.read_models import Page
from application.ports.store import Store
from application.read_models.orders import order_of
from application.runtime.clock import to_ms
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.service_clock import ServiceClock
from domain.errors import UserError
from domain.order import Order
from domain.sale_terms import MOST_EMPTY_ORDERS, Elsewhere, SaleLimits
from domain.status import HELD

SOON, LATER = 1.0, 60.0
"""After how many seconds the read model is asked again: near a limit, and otherwise."""
SHOWN_SECONDS = 10.0
"""By then the read model shows what was decided here; what it does not show has ended since."""
MOST_ORDERS = 10_000


class Held(msgspec.Struct, frozen=True):
    """What one order holds. `known_at` is a time of the monotonic clock."""

    org: str
    tickets: int
    till: datetime
    version: int
    known_at: float


class VendorHoldings:
    """What the orders of one vendor hold."""

    def __init__(self) -> None:
        self.orders: dict[str, Held] = {}
        self.tickets: Counter[str] = Counter()
        self.empty_orders = 0
        self.asked_at: float | None = None
        self.near = False

    @property
    def full(self) -> bool:
        """Whether there are as many empty orders as there may be."""
        return self.empty_orders >= MOST_EMPTY_ORDERS

    def put(self, order: str, held: Held | None) -> Held | None:
        """Note what an order holds now; return what it held before."""
        before = self.orders.pop(order, None)
        for each, sign in ((before, -1), (held, 1)):
            if each is not None:
                self.tickets[each.org] += sign * each.tickets
                self.empty_orders += sign * (not each.tickets)
        if held is not None:
            self.orders[order] = held
        return before

    def drop_ended(self, now: datetime) -> None:
        """Forget the orders whose hold has ended."""
        for order in [order for order, held in self.orders.items() if held.till <= now]:
            self.put(order, None)


class Holdings:
    """What all vendors' orders hold."""

    def __init__(self, store: Store, clock: ServiceClock) -> None:
        self._store = store
        self._clock = clock
        self._vendors: dict[str, VendorHoldings] = {}
        self._mutex = threading.Lock()

    def of(self, vendor: str) -> VendorHoldings:
        """What a vendor's orders hold, as far as it is known."""
        known = self._vendors.get(vendor)
        return known or self._vendors.setdefault(vendor, VendorHoldings())

    def look(self, vendor: str) -> None:
        """Ask the read model what a vendor's orders hold, if it is time. It may wait."""
        known = self.of(vendor)
        now = time.monotonic()
        if known.asked_at is not None and now - known.asked_at < (SOON if known.near else LATER):
            return
        known.asked_at, known.near = now, False
        with suppress(UserError):  # tickets are sold without read models, too
            orders = off_the_loop(lambda: self._shown(vendor))
            with self._mutex:
                self._merge(known, orders)

    def _shown(self, vendor: str) -> list[Order]:
        now = ("reserved_till", ">", to_ms(self._clock.of(vendor)))
        held = tuple((("status", "=", status.value), now) for status in sorted(HELD))
        page = Page(
            "created_at", (((("vendor", "=", vendor),),), held), limit=MOST_ORDERS, partial=True
        )
        return [order_of(row) for row in self._store.read_models().page("orders", page)]

    def _merge(self, known: VendorHoldings, orders: list[Order]) -> None:
        now = time.monotonic()
        shown = {order.id for order in orders}
        for order in orders:
            mine = known.orders.get(order.id)
            if mine is None or mine.version < order.version:
                known.put(order.id, held_by(order))
        for each, held in list(known.orders.items()):
            if each not in shown and now - held.known_at > SHOWN_SECONDS:
                known.put(each, None)

    def elsewhere(
        self, vendor: str, org: str, order: str, limits: SaleLimits, wanted: int
    ) -> Elsewhere:
        """What the vendor's other orders hold of an organiser's tickets, and how many are empty."""
        most = limits.tickets_held
        with self._mutex:
            known = self.of(vendor)
            held = known.tickets.get(org, 0)
            if most is not None and held + wanted > most // 2:
                known.near = True
            if (most is not None and held + wanted > most) or known.full:
                known.drop_ended(self._clock.of(vendor))
                held = known.tickets.get(org, 0)
            mine = known.orders.get(order)
            own = mine.tickets if mine is not None else 0
            return Elsewhere(held - own, known.empty_orders)

    def note(self, order: Order, limits: SaleLimits) -> Callable[[], None]:
        """Note what an order holds now; return how to take that back.

        Where no limit asks for it only empty orders are noted.
        """
        counts = limits.tickets_held is not None or not order.tickets
        with self._mutex:
            known = self.of(order.vendor)
            if not counts and order.id not in known.orders:
                return _nothing_noted
            before = known.put(order.id, held_by(order) if counts else None)

        def take_back() -> None:
            with self._mutex:
                known.put(order.id, before)

        return take_back


def _nothing_noted() -> None:
    """Take nothing back."""


def held_by(order: Order) -> Held | None:
    """What an order holds; None if it has ended."""
    if order.status not in HELD:
        return None
    return Held(order.org, len(order.tickets), order.reserved_till, order.version, time.monotonic())
