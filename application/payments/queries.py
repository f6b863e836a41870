"""Queries about orders' money: of one order from its events, of many from a read model."""

from typing import Any

import msgspec

from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.orders.history import OrderHistory
from application.orders.loaded_order import replay
from application.orders.queries import cursor_of, read_cursor
from application.payments.document_types import OrderPaymentsDocument, PaymentsDocument
from application.payments.documents import order_payments_document, payments_document
from application.ports.read_models import Page
from application.ports.store import Store
from application.read_models.payments import order_of
from application.runtime.service_clock import ServiceClock
from domain.order import Order

SORT = "changed_at"


class PaymentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders' money to list. `attention` None: whether or not money waits."""

    attention: bool | None = None
    show: str | None = None
    page_size: int = 50
    cursor: str | None = None


class PaymentPage(msgspec.Struct, frozen=True):
    """Some orders' money, and the cursor that continues the list if there is more."""

    documents: list[OrderPaymentsDocument]
    cursor: str | None


class PaymentQueries(msgspec.Struct, frozen=True):
    """Reads orders' money.

    A `caller` sees that of orders it sells and of its own shows; None is the operator.
    """

    _store: Store
    _history: OrderHistory
    _catalog_cache: CatalogCache
    _clock: ServiceClock

    def of_order(self, order_id: str, caller: Caller | None = None) -> PaymentsDocument:
        """The money of an order, from its events. Refuses an unknown one."""
        return self.document(replay(self._history.stored(order_id, caller)))

    def document(self, order: Order) -> PaymentsDocument:
        """The money of an order that was loaded already."""
        return payments_document(order, self._catalog_cache.current().currency(order.show))

    def page(self, caller: Caller | None, wanted: PaymentFilter) -> PaymentPage:
        """Orders that have money, the last changed first, a page at a time. Raises `BadCursor`."""
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
