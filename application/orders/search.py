"""Finds orders by a number, an id, their vendor's own id or a buyer, from read models only."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from application.catalog.access import Caller
from application.documents.order import order_document
from application.documents.order_types import OrderDocument
from application.orders.queries import (
    OrderFilter,
    Together,
    conditions,
    cursor_of,
    read_cursor,
    unindexed,
)
from application.ports.read_models import Page
from application.ports.store import Store
from application.projector.loop import catch_up
from application.read_models.orders import order_of
from application.runtime.clock import to_ms
from application.runtime.people import (
    one_line,
    searched_email,
    searched_name,
    sought_phone,
    telephone,
    visible,
)
from application.runtime.service_clock import ServiceClock
from domain.order import Order
from domain.status import HELD, Status

MOST_FOUND = 100
"""How many orders a search by text shows; a longer text narrows it."""

MOST_COUNTED = 10_000
"""How many orders are counted by status: more would make a page wait."""

ORDER_ID = re.compile(r"[0-9a-f]{24}\Z", re.IGNORECASE)
NUMBER = re.compile(r"[#№]?\s*([0-9]{1,15})\Z")
PHONE = re.compile(r"\+?[0-9 ()./-]+\Z")
SAME_DIGITS = 10
"""How many last digits of a telephone number are written the same way everywhere."""


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of found orders, whether there are more, and the cursor that leads to them.

    A search by text has no cursor: a longer text narrows it.
    """

    orders: list[OrderDocument]
    more: bool
    cursor: str | None


class StatusCounts(msgspec.Struct, frozen=True):
    """How many orders have each status; None where there are more than `MOST_COUNTED`."""

    by_status: Mapping[Status, int] | None

    def total(self, statuses: Sequence[Status] = ()) -> int | None:
        """How many have one of these statuses; of all, if none is named."""
        if self.by_status is None:
            return None
        return sum(self.by_status[each] for each in statuses or Status)


class OrderSearch:
    """Finds the orders that a caller may read."""

    def __init__(self, store: Store, clock: ServiceClock) -> None:
        self._store = store
        self._clock = clock

    def id_of(self, name: str) -> str:
        """The id of the order with this id or number.

        A text that is not the number of a known order is returned as it is.
        """
        number = NUMBER.match(name.strip())
        if number is None:
            return name.strip().lower()
        page = Page("number", (((("number", "=", int(number[1])),),),), limit=1, partial=True)
        models = self._store.read_models()
        rows = models.page("orders", page)
        if not rows:  # without a running service the read model may not be projected
            catch_up(self._store, "orders")
            rows = models.page("orders", page)
        return rows[0].key if rows else name

    def find(self, caller: Caller, text: str, wanted: OrderFilter) -> SearchResult:
        """The orders that `text` and `wanted` describe, of those that `caller` may read.

        Without a text they come a page at a time; with one, at most `MOST_FOUND` at once. Raises
        `BadCursor`.
        """
        moment = self._clock.of(caller.partner)
        known = _typed(text)
        size = MOST_FOUND if known else wanted.page_size
        loaded: dict[str, Order] = {}
        for page in _pages(caller, known, wanted, moment, size + 1):
            rows = self._store.read_models().page("orders", page)
            loaded |= {order.id: order for order in map(order_of, rows)}
        orders = sorted(
            loaded.values(),
            key=lambda order: (getattr(order, wanted.sort), order.id),
            reverse=wanted.descending,
        )
        more = len(orders) > size
        return SearchResult(
            orders=[order_document(each, self._clock.of(each.vendor)) for each in orders[:size]],
            more=more,
            cursor=cursor_of(orders[size - 1], wanted.sort) if more and not known else None,
        )

    def counts(self, caller: Caller, wanted: OrderFilter) -> StatusCounts:
        """How many of the orders that `caller` may read are in each status, whatever `wanted` is.

        The other terms of `wanted` narrow them. At most `MOST_COUNTED` are looked at.
        """
        moment = self._clock.of(caller.partner)
        reasons = _reasons_to_see(caller)
        narrowed = conditions(msgspec.structs.replace(wanted, statuses=()), moment)
        terms = (*narrowed, *((tuple(reasons),) if reasons else ()))
        page = Page(wanted.sort, terms, limit=MOST_COUNTED + 1)
        found = self._store.read_models().tally("orders", page, "status")
        if sum(found.values()) > MOST_COUNTED:
            return StatusCounts(None)
        ended = self._ended(page, moment)
        counts = {each: found.get(each, 0) - ended.get(each, 0) for each in Status}
        counts[Status.EXPIRED] += sum(ended.values())
        return StatusCounts(counts)

    def _ended(self, page: Page, moment: datetime) -> Mapping[str, int]:
        """By status, how many of a page's orders have lost their hold without that being recorded.

        There are seldom any, which the read model of holds knows at once.
        """
        models = self._store.read_models()
        overdue = ("reserved_till", "<=", to_ms(moment))
        due = Page("reserved_till", (((overdue,),),), limit=1, partial=True)
        if not models.count("holds", due):
            return {}
        held = tuple((("status", "=", each.value), overdue) for each in HELD)
        narrowed = msgspec.structs.replace(page, where=(*page.where, held))
        return models.tally("orders", narrowed, "status")


def _typed(text: str) -> str:
    """What was typed, without what was pasted along with it."""
    return one_line("".join(each if each.isprintable() else " " for each in visible(text)))


def _pages(
    caller: Caller, text: str, wanted: OrderFilter, moment: datetime, limit: int
) -> Iterator[Page]:
    """Queries that can each use an index.

    With a text that is the index of the field, without one that of each right to read.
    """
    narrowed = conditions(wanted, moment)
    reasons = _reasons_to_see(caller)
    if text:
        seen = (tuple(map(unindexed, reasons)),) if reasons else ()
        for said in meanings(text):
            yield Page(said[0][0], (*narrowed, *seen, (said,)), limit=limit)
        sold = (tuple(map(unindexed, reasons[:1])),) if reasons else ()
        yield Page("vendor_order", (*narrowed, *sold, _by_vendors_id(text)), limit=limit)
        return
    after = None if wanted.cursor is None else read_cursor(wanted.cursor, wanted.sort)
    for reason in reasons or [()]:
        term = ((reason,),) if reason else ()
        yield Page(wanted.sort, (*narrowed, *term), wanted.descending, after, limit)


def _reasons_to_see(caller: Caller) -> list[Together]:
    """The orders that a caller sells, and those of its own shows; no terms for an auditor."""
    if caller.sees_all:
        return []
    return [((column, "=", caller.partner),) for column in ("vendor", "org")]


def _by_vendors_id(text: str) -> tuple[Together]:
    """The id that the vendor gave the order is its own: others do not find it by that."""
    return ((("vendor_order", "=", text),),)


def meanings(text: str) -> list[Together]:
    """The possible meanings of `text`, as conditions on the read model `orders`."""
    if ORDER_ID.match(text):
        return [(("key", "=", text.lower()),)]
    if "@" in text:
        return [_begins("email", searched_email(text))]
    meant: list[Together] = []
    if number := NUMBER.match(text):
        meant.append((("number", "=", int(number[1])),))
    if PHONE.match(telephone(text)):
        digits = sought_phone(text) or ""
        return [*meant, _begins("phone", digits[:SAME_DIGITS])] if digits else meant
    if meant:
        return meant
    words = text.split()
    turned = [words[-1], *words[:-1]]
    names = dict.fromkeys((searched_name(*words), searched_name(*turned)))
    return [*(_begins("buyer", name) for name in names), _begins("email", searched_email(text))]


def _begins(column: str, text: str | None) -> Together:
    return ((column, ">=", text), (column, "<", f"{text}\U0010ffff"))
