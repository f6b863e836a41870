"""Queries about orders' money: of one order from its events, of many from a read model."""

from collections import Counter
from typing import Any

import msgspec
from msgspec.structs import replace

from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.orders.history import OrderHistory
from application.orders.loaded_order import replay
from application.orders.queries import BadCursor, cursor_of, read_cursor
from application.payments.document_types import (
    OrderPaymentsDocument,
    PaymentsDocument,
    TotalsDocument,
)
from application.payments.documents import (
    order_payments_document,
    payments_document,
    totals_document,
)
from application.payments.unknown_buyers import (
    UnknownBuyers,
    cursor_after,
    read_place,
    sees_unknown,
    waiting_document,
)
from application.ports.read_models import Page
from application.ports.store import Store
from application.read_models.balances import TABLE as BALANCES
from application.read_models.payments import order_of
from application.runtime.service_clock import ServiceClock
from domain.order import Order

SORT = "changed_at"
PAGE = 1000


class PaymentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders' money to list. `attention` None: whether or not money waits.

    Of what waits, `unknown_buyers` says whether notices that no order has acted on are listed, too.
    """

    attention: bool | None = None
    show: str | None = None
    unknown_buyers: bool = True
    page_size: int = 50
    cursor: str | None = None


class PaymentPage(msgspec.Struct, frozen=True):
    """Some orders' money, and the cursor that continues the list if there is more."""

    documents: list[OrderPaymentsDocument]
    cursor: str | None


class PaymentQueries(msgspec.Struct, frozen=True):
    """Reads orders' money.

    A `caller` sees that of orders it sells and of its own shows; None is the operator. Notices that
    no order has acted on are listed with what waits, where the caller sees them.
    """

    _store: Store
    _history: OrderHistory
    _catalog_cache: CatalogCache
    _unknown_buyers: UnknownBuyers
    _clock: ServiceClock

    def of_order(self, order_id: str, caller: Caller | None = None) -> PaymentsDocument:
        """The money of an order, from its events. Refuses an unknown one."""
        return self.document(replay(self._history.stored(order_id, caller)))

    def document(self, order: Order) -> PaymentsDocument:
        """The money of an order that was loaded already."""
        return payments_document(order, self._catalog_cache.current().currency(order.show))

    def page(self, caller: Caller | None, wanted: PaymentFilter) -> PaymentPage:
        """Orders that have money, the last changed first, a page at a time. Raises `BadCursor`.

        What waits begins with the notices that no order has acted on, oldest first.
        """
        if not _with_notices(caller, wanted):
            return self._orders(caller, wanted)
        after = None
        if wanted.cursor is not None:
            try:
                after = read_place(wanted.cursor)
            except BadCursor:
                return self._orders(caller, wanted)
        notices = self._unknown_buyers.page(after, wanted.page_size)
        documents = [waiting_document(each) for each in notices]
        if len(notices) == wanted.page_size:
            return PaymentPage(documents, cursor_after(notices[-1]))
        rest = replace(wanted, page_size=wanted.page_size - len(notices), cursor=None)
        page = self._orders(caller, rest)
        return PaymentPage([*documents, *page.documents], page.cursor)

    def _orders(self, caller: Caller | None, wanted: PaymentFilter) -> PaymentPage:
        rows = self._store.read_models().page("payments", page_of(caller, wanted))
        orders = [order_of(row) for row in rows]
        shown = orders[: wanted.page_size]
        catalog, clock = self._catalog_cache.current(), self._clock
        documents = [
            order_payments_document(each, catalog.currency(each.show), clock.of(each.vendor))
            for each in shown
        ]
        more = len(orders) > len(shown)
        return PaymentPage(documents, cursor_of(shown[-1], SORT) if more else None)

    def totals(self, caller: Caller | None, wanted: PaymentFilter) -> list[TotalsDocument]:
        """Where the money of all these orders is, in sum, by currency."""
        page = Page("currency", tuple(_conditions(caller, wanted)), descending=False, limit=PAGE)
        catalog = self._catalog_cache.current()
        totals: dict[str, Counter[str]] = {}
        while rows := self._store.read_models().page(BALANCES.name, page):
            for row in rows:
                values: dict[str, Any] = dict(zip(BALANCES.columns, row.columns, strict=True))
                currency = values["currency"] or catalog.currency(values["show"])
                total = totals.setdefault(currency, Counter())
                total.update({name: values[name] for name in BALANCES.sums})
            last = rows[-1]
            place = last.columns[list(BALANCES.columns).index("currency")]
            page = replace(page, after=(place, last.key))
        return [totals_document(each, totals[each]) for each in sorted(totals)]


def _with_notices(caller: Caller | None, wanted: PaymentFilter) -> bool:
    narrowed = wanted.attention is not True or wanted.show is not None
    return wanted.unknown_buyers and not narrowed and sees_unknown(caller)


def page_of(caller: Caller | None, wanted: PaymentFilter) -> Page:
    """The rows of the read model that a list shows, and one more. Raises `BadCursor`."""
    return Page(
        sort=SORT,
        where=tuple(_conditions(caller, wanted)),
        after=None if wanted.cursor is None else read_cursor(wanted.cursor, SORT),
        limit=wanted.page_size + 1,
        apart=True,
    )


def _conditions(caller: Caller | None, wanted: PaymentFilter) -> list[tuple[Any, ...]]:
    terms: list[tuple[Any, ...]] = []
    if caller is not None and not caller.sees_all:
        partner = caller.partner
        terms.append(((("vendor", "=", partner),), (("org", "=", partner),)))
    if wanted.show is not None:
        terms.append(((("show", "=", wanted.show),),))
    attention = (True, False) if wanted.attention is None else (wanted.attention,)
    terms.append(tuple((("waits", "=", int(each)),) for each in attention))
    return terms
