"""Refunds: asks for them, decides and pays them, and reads them.

The order of a refund is found by the read model. Where that does not show it, as while no projector
runs, it follows from the id itself: the id of an order's n-th refund is made of the order's.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.orders.commands import Answer, Request
from application.orders.loaded_order import refuse_others, replay
from application.orders.queries import cursor_at, read_cursor
from application.payments.decisions import Decision, OrderDecisions
from application.payments.document_types import RefundDocument
from application.payments.refund_document import refund_document
from application.payments.resolving import OPERATOR
from application.ports.read_models import ModelNotTrue, Page, Row
from application.ports.store import Store, StoreUnavailable
from application.read_models.refunds import TABLE, refund_of_row, shown_of
from application.runtime.ids import is_id
from domain.order import Order
from domain.order_refunds import (
    approve_refund,
    next_refund_id,
    pay_refund,
    refund_of,
    refunds_of,
    reject_refund,
    request_refund,
)
from domain.refunds import UNASKED, Culprit, RefundStatus, orders_of_refund
from domain.refusals import MayNotApprove, NotTheVendor, UnknownRefund

SORTS = ("created_at", "value")


class RefundAnswer(msgspec.Struct, frozen=True):
    """A refund after a request, and the log's position that shows it."""

    document: RefundDocument
    position: int


class RefundRequest(msgspec.Struct, frozen=True):
    """The tickets of an order to be given back; with `stay`, all others are."""

    order: str
    culprit: Culprit
    tickets: tuple[str, ...]
    stay: bool = False


class RefundFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter for refunds. Terms that are None or empty do not narrow the list."""

    statuses: tuple[RefundStatus, ...] = ()
    show: str | None = None
    org: str | None = None
    vendor: str | None = None
    sort: str = "created_at"
    descending: bool = True
    page_size: int = 50
    cursor: str | None = None


class RefundPage(msgspec.Struct, frozen=True):
    """Some refunds, and the cursor that continues the list if there are more."""

    refunds: list[RefundDocument]
    cursor: str | None


class RefundService:
    """Carries out commands on refunds. Each method returns when its events are durable."""

    def __init__(
        self, store: Store, catalog_cache: CatalogCache, decisions: OrderDecisions
    ) -> None:
        self._store = store
        self._catalog_cache = catalog_cache
        self._decisions = decisions

    def request(self, wanted: RefundRequest, request: Request) -> RefundAnswer:
        """Ask for a refund, as the vendor or the organiser. Refuses as `request_refund` does."""
        catalog = self._catalog_cache.current()

        def decide(order: Order, decision: Decision) -> None:
            refuse_others(order, wanted.order, request.caller)
            request_refund(
                order,
                next_refund_id(order),
                wanted.tickets,
                decision.metadata,
                show=catalog.show(order.show),
                culprit=wanted.culprit,
                stay=wanted.stay,
            )

        tickets = {"tickets" if wanted.stay else "tickets_refund": wanted.tickets}
        asked = {"culprit": wanted.culprit, **tickets}
        answer = self._carry_out(wanted.order, decide, request, asked)
        # The order is as this request left it, so that its last refund is the one asked for.
        return _answered(answer, refunds_of(answer.order)[-1].id)

    def decide(self, refund: str, status: RefundStatus, request: Request) -> RefundAnswer:
        """Approve or reject a refund. Refuses those that the organiser did not let decide."""
        catalog = self._catalog_cache.current()
        order_id = self.find(refund, request.caller).id

        def decide(order: Order, decision: Decision) -> None:
            partner = request.caller.partner
            deal = catalog.deals.get((order.org, order.vendor))
            by_deal = partner == order.vendor and deal is not None and deal.approves_refunds
            if partner != order.org and not by_deal:
                raise MayNotApprove
            if status is RefundStatus.APPROVED:
                approve_refund(order, refund, catalog.shows.get(order.show), decision.metadata)
            else:
                reject_refund(order, refund, decision.metadata)

        asked = {"refund": refund, "decided": status}
        return _answered(self._carry_out(order_id, decide, request, asked), refund)

    def pay(self, refund: str, request: Request, note: str = "") -> RefundAnswer:
        """Record that the money of a refund went back, as only vendor and operator may say."""
        order_id = self.find(refund, request.caller).id

        def decide(order: Order, decision: Decision) -> None:
            if request.caller.partner != order.vendor and request.caller is not OPERATOR:
                raise NotTheVendor
            pay_refund(order, refund, decision.metadata, note)

        asked = {"refund": refund, "paid": True}
        return _answered(self._carry_out(order_id, decide, request, asked), refund)

    def _carry_out(
        self, order: str, decide: Any, request: Request, asked: Mapping[str, Any]
    ) -> Answer:
        actor = request.caller.actor
        return self._decisions.carry_out(order, decide, request, actor=actor, asked=asked)

    # Reading.

    def read(self, refund: str, caller: Caller) -> RefundDocument:
        """A refund as it is. Raises `UnknownRefund`."""
        order = self.find(refund, caller)
        return refund_document(shown_of(order, refund_of(order, refund)))

    def find(self, refund: str, caller: Caller) -> Order:
        """The order that has a refund. Raises `UnknownRefund`, also if it is not the caller's."""
        for order_id in self._possible_orders(refund) if is_id(refund) else ():
            order = replay(self._store.events(order_id))
            known = order.money.refunds.get(refund) if order.money else None
            if known is not None and known.reason != UNASKED:
                if caller is OPERATOR or caller.sees(order.vendor, order.org):
                    return order
                break
        raise UnknownRefund(refund=refund)

    def _possible_orders(self, refund: str) -> Iterator[str]:
        page = Page("created_at", where=(((("refund", "=", refund),),),), limit=1, partial=True)
        rows: Sequence[Row] = ()
        with suppress(ModelNotTrue, StoreUnavailable):
            rows = self._store.read_models().page(TABLE.name, page)
        yield from (refund_of_row(row).order for row in rows)
        yield from orders_of_refund(refund)

    def page(self, caller: Caller, wanted: RefundFilter) -> RefundPage:
        """The refunds of orders that `caller` sold or whose show it organises, a page at a time.

        Raises `BadCursor`.
        """
        rows = self._store.read_models().page(TABLE.name, page_of(caller, wanted))
        shown = rows[: wanted.page_size]
        cursor = _cursor_after(shown[-1], wanted.sort) if len(rows) > len(shown) else None
        return RefundPage([refund_document(refund_of_row(row)) for row in shown], cursor)


def page_of(caller: Caller, wanted: RefundFilter) -> Page:
    """The rows of the read model that a list shows, and one more. Raises `BadCursor`."""
    return Page(
        sort=wanted.sort,
        where=tuple(_conditions(caller, wanted)),
        descending=wanted.descending,
        after=None if wanted.cursor is None else read_cursor(wanted.cursor, wanted.sort),
        limit=wanted.page_size + 1,
        apart=True,
    )


def _conditions(caller: Caller, wanted: RefundFilter) -> Iterator[Any]:
    """The conditions of a filter, as `Page` has them."""
    if not caller.sees_all:
        yield tuple(((column, "=", caller.partner),) for column in ("vendor", "org"))
    statuses = wanted.statuses or tuple(RefundStatus)
    yield tuple((("status", "=", status.value),) for status in statuses)
    for column in ("show", "org", "vendor"):
        value = getattr(wanted, column)
        if value is not None:
            yield (((column, "=", value),),)


def _cursor_after(row: Row, sort: str) -> str:
    return cursor_at(sort, row.columns[list(TABLE.columns).index(sort)], row.key)


def _answered(answer: Answer, refund: str) -> RefundAnswer:
    shown = shown_of(answer.order, refund_of(answer.order, refund))
    return RefundAnswer(refund_document(shown), answer.position)
