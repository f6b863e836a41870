"""Lists and sales as of a moment: the orders of that time, in the state that they had then.

The read model `orders` has the orders of that time. An order that has not changed since is taken
from its row; for the others the events up to that moment are read and replayed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from eventsourcing.persistence import Notification

from application.documents.order import order_document
from application.event_log.event_mapper import event_of
from application.orders.queries import (
    OrderFilter,
    OrderPage,
    conditions,
    cursor_of,
    read_cursor,
)
from application.ports.read_models import Page
from application.ports.store import Store
from application.projector.read_your_writes import wait_until_shown
from application.read_models.orders import order_of
from application.runtime.clock import to_ms
from domain.events import Event
from domain.order import Order

MOST_LOOKED_AT = 2000
"""The most orders that are examined for one page: if few of them match, it is shorter than
requested, and goes on at its cursor.
"""

_encode = msgspec.json.Encoder().encode

AT_ONCE = 250
ALL = 2**31


class PastOrders:
    """Reads lists of orders as of a moment.

    A read waits, for at most `wait_seconds`, until the read model shows all that is in the log: the
    past has to be complete. Raises `ModelBehind`.
    """

    def __init__(
        self, store: Store, wait_seconds: float, most_looked_at: int = MOST_LOOKED_AT
    ) -> None:
        self._store = store
        self._most_looked_at = most_looked_at
        self._wait_seconds = wait_seconds

    def orders(self, vendor: str, wanted: OrderFilter, at: datetime) -> OrderPage:
        """The orders that `vendor` had created by `at`, as they were then, a page at a time.

        They are sorted by fields of an order that never change. Raises `BadCursor`.
        """
        self._wait()
        page = Page(
            sort=wanted.sort,
            where=(_is("vendor", vendor), _made_by(at), *conditions(_unchanging(wanted), at)),
            descending=wanted.descending,
            after=None if wanted.cursor is None else read_cursor(wanted.cursor, wanted.sort),
            limit=AT_ONCE,
        )
        loaded: list[Order] = []
        looked_at, last = 0, Order()
        for order, now in self._then(page, at):
            if len(loaded) == wanted.page_size or looked_at == self._most_looked_at:
                return _page(loaded, at, wanted.sort, cursor_of(last, wanted.sort))
            looked_at, last = looked_at + 1, now
            if _matches(order, wanted, at):
                loaded.append(order)
        return _page(loaded, at, wanted.sort)

    def events_of_show(self, show: str, at: datetime) -> Iterator[list[Event]]:
        """The events up to `at` of each order that a show had then."""
        self._wait()
        page = Page("created_at", (_is("show", show), _made_by(at)), limit=AT_ONCE)
        for rows in self._pages(page):
            yield from self._events([row.id for row in rows], at).values()

    def _then(self, page: Page, at: datetime) -> Iterator[tuple[Order, Order]]:
        """Each order of the pages as it was at `at`, and as it is now."""
        for orders in self._pages(page):
            changed = [order.id for order in orders if order.changed_at > at]
            events = self._events(changed, at)
            for order in orders:
                then = Order.replay(events[order.id]) if order.id in events else order
                yield then, order

    def _pages(self, page: Page) -> Iterator[list[Order]]:
        """All rows of a page and of those after it."""
        while rows := self._store.read_models().page("orders", page):
            orders = [order_of(row) for row in rows]
            yield orders
            value = getattr(orders[-1], page.sort)
            place = (to_ms(value) if isinstance(value, datetime) else value, orders[-1].id)
            page = msgspec.structs.replace(page, after=place)

    def _events(self, orders: Sequence[str], at: datetime) -> Mapping[str, list[Event]]:
        """By order, its events up to `at`."""
        stored: Mapping[str, Sequence[Notification]] = {}
        if orders:
            stored = self._store.events_before(dict.fromkeys(orders, ALL))
        return {
            order: [event for event in map(event_of, notifications) if event.at <= at]
            for order, notifications in stored.items()
        }

    def _wait(self) -> None:
        wait_until_shown(self._store, "orders", self._store.last_position(), self._wait_seconds)


def _page(orders: list[Order], at: datetime, sort: str, cursor: str | None = None) -> OrderPage:
    return OrderPage(
        answers=[_encode(order_document(order, at)) for order in orders],
        order=orders.__getitem__,
        cursor=cursor,
        cursor_at=lambda place: cursor_of(orders[place], sort),
        read_at=at,
    )


def _is(column: str, value: str) -> tuple[Any, ...]:
    return (((column, "=", value),),)


def _made_by(at: datetime) -> tuple[Any, ...]:
    return ((("created_at", "<=", to_ms(at)),),)


def _unchanging(wanted: OrderFilter) -> OrderFilter:
    """The terms that present rows can answer: an order's reservation only moves forward.

    The past reservation, and what the vendor kept then, are checked on the replayed orders.
    """
    return msgspec.structs.replace(wanted, statuses=(), updated_till=None, vendor_order=None)


def _matches(order: Order, wanted: OrderFilter, at: datetime) -> bool:
    """Whether an order as it was at `at` matches the filter."""
    if wanted.statuses and order.status_at(at) not in wanted.statuses:
        return False
    if wanted.vendor_order not in {None, order.vendor_data.order_id}:
        return False
    if wanted.updated_from is not None and order.updated_at < wanted.updated_from:
        return False
    return wanted.updated_till is None or order.updated_at < wanted.updated_till
