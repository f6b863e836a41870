"""Queries for lists of orders, from read models only."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from application.ports.read_models import Page, Row
from application.ports.store import Store
from application.read_models.holds import TABLE as HOLDS
from application.read_models.orders import answers_in, order_in
from application.runtime.clock import from_ms, to_ms, to_ms_up
from application.runtime.service_clock import ServiceClock
from domain.errors import UserError
from domain.order import Order
from domain.status import HELD, Status

_PLACE = msgspec.json.Decoder(
    tuple[
        str,
        Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)],
        Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{24}((/[0-9a-f]{24})|[0-9a-f]{40})?\Z")],
    ]
)

MOST_COUNTED = 100_000
SORTS = ("created_at", "updated_at", "number")


Together = tuple[tuple[str, str, object], ...]
"""Conditions that hold together, as `Page` has them."""


class BadCursor(UserError):
    """The cursor is not one of this service, or is for another sort order."""


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter for orders. Terms that are None or empty do not narrow the list.

    Ranges include their start and exclude their end. `at` asks for the list as of a moment.
    """

    statuses: tuple[Status, ...] = ()
    show: str | None = None
    number: int | None = None
    vendor_order: str | None = None
    created_from: datetime | None = None
    created_till: datetime | None = None
    updated_from: datetime | None = None
    updated_till: datetime | None = None
    sort: str = "created_at"
    descending: bool = True
    page_size: int = 50
    cursor: str | None = None
    at: datetime | None = None


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some orders: their documents in JSON, and the cursor that continues the list, if it goes on.

    `order` loads the order at a place of the page. That costs more than its answer. `cursor_at`
    continues the list behind the order at a place. A hold of one of them ends at `till`, if any.
    """

    answers: list[bytes]
    order: Callable[[int], Order]
    cursor: str | None
    cursor_at: Callable[[int], str]
    read_at: datetime
    till: datetime | None = None

    def cursor_behind(self, count: int) -> str | None:
        """The cursor that continues the list behind the first `count` of these orders."""
        return self.cursor if count == len(self.answers) else self.cursor_at(count - 1)

    @property
    def orders(self) -> list[Order]:
        """All of the orders."""
        return [self.order(place) for place in range(len(self.answers))]


class Due(msgspec.Struct, frozen=True):
    """An order whose hold has ended, and when: milliseconds since the epoch."""

    order: str
    ended_at: int


class OrderQueries:
    """Reads lists of orders."""

    def __init__(self, store: Store, clock: ServiceClock) -> None:
        self._store = store
        self._clock = clock

    def orders(self, vendor: str, wanted: OrderFilter) -> OrderPage:
        """The orders that `vendor` created, a page at a time. Raises `BadCursor`."""
        moment = self._clock.of(vendor)
        at_most_one = wanted.number is not None and wanted.cursor is None
        page = Page(
            sort="number" if at_most_one else wanted.sort,
            where=(_sold_by(vendor, wanted), *conditions(wanted, moment)),
            descending=wanted.descending,
            after=None if wanted.cursor is None else read_cursor(wanted.cursor, wanted.sort),
            limit=wanted.page_size + 1,
        )
        columns = ("document", "reserved_till", wanted.sort, "key")
        rows = self._store.read_models().values("orders", page, columns)
        more = len(rows) > wanted.page_size
        del rows[wanted.page_size :]
        now_ms = to_ms(moment)

        def cursor_behind(place: int) -> str:
            return cursor_at(wanted.sort, rows[place][2], rows[place][3])

        ends = [row[1] for row in rows if row[1] is not None and row[1] > now_ms]
        return OrderPage(
            answers=answers_in((row[:2] for row in rows), now_ms),
            order=lambda place: order_in(rows[place][0]),
            cursor=cursor_behind(-1) if more else None,
            cursor_at=cursor_behind,
            read_at=moment,
            till=from_ms(min(ends)) if ends else None,
        )

    def due(self, limit: int, after: "Due | None" = None) -> list["Due"]:
        """Orders whose hold has ended without that being recorded, the longest overdue first.

        In the sandbox they are due by one of its clocks: each order decides by that of its vendor.
        If `after`, the last one seen, is given, those beyond it.
        """
        rows = self._store.read_models().page("holds", _due(self._clock.latest(), limit, after))
        return [Due(row.key, _ended_at(row)) for row in rows]

    def due_count(self) -> int:
        """The number of these orders, at most `MOST_COUNTED`."""
        return self._store.read_models().count("holds", _due(self._clock.earliest(), MOST_COUNTED))

    def held_count(self) -> int:
        """The number of orders whose hold has not ended, at most `MOST_COUNTED`."""
        lasts = ("reserved_till", ">", to_ms(self._clock.earliest()))
        page = Page(
            "reserved_till",
            (((lasts,),),),
            descending=False,
            limit=MOST_COUNTED,
            partial=True,
        )
        return self._store.read_models().count("holds", page)


def _due(moment: datetime, limit: int, after: "Due | None" = None) -> Page:
    overdue = ("reserved_till", "<=", to_ms(moment))
    return Page(
        "reserved_till",
        (((overdue,),),),
        descending=False,
        after=None if after is None else (after.ended_at, after.order),
        limit=limit,
        partial=True,
    )


def _ended_at(row: Row) -> int:
    return int(row.columns[list(HOLDS.columns).index("reserved_till")])


def conditions(wanted: OrderFilter, moment: datetime) -> list[tuple[Any, ...]]:
    """The conditions of a filter, as `Page` has them."""
    terms = []
    if wanted.statuses:
        terms.append(tuple(_status_is(status, moment) for status in wanted.statuses))
        if Status.EXPIRED in wanted.statuses:
            terms[-1] += ((("reserved_till", "<=", to_ms(moment)),),)
    simple: Sequence[tuple[str, str, Any]] = (
        ("show", "=", wanted.show),
        ("number", "=", wanted.number),
        ("vendor_order", "=", wanted.vendor_order),
        ("created_at", ">=", wanted.created_from),
        ("created_at", "<", wanted.created_till),
        ("updated_at", ">=", wanted.updated_from),
        ("updated_at", "<", wanted.updated_till),
    )
    for column, operator, value in simple:
        if value is not None:
            bound = to_ms_up(value) if isinstance(value, datetime) else value
            terms.append((((column, operator, bound),),))
    return terms


def _sold_by(vendor: str, wanted: OrderFilter) -> tuple[Any, ...]:
    """The orders of a vendor, by the index of its own or of what selects more."""
    sold: Together = (("vendor", "=", vendor),)
    return (sold if wanted.vendor_order is None else unindexed(sold),)


def unindexed(terms: Together) -> Together:
    """The same terms in a form that a database does not estimate as selective.

    A partner may have nearly all the orders, where another condition matches only a few.
    """
    return tuple(
        (column, operator, value) for column, _, value in terms for operator in (">=", "<=")
    )


def _status_is(status: Status, moment: datetime) -> tuple[tuple[str, str, Any], ...]:
    """A held order matches only while its hold lasts, whether its end is recorded or not."""
    named = ("status", "=", status.value)
    return (named, ("reserved_till", ">", to_ms(moment))) if status in HELD else (named,)


def cursor_of(order: Order, sort: str) -> str:
    """The cursor that continues a list sorted by `sort` beyond `order`."""
    value = getattr(order, sort)
    return cursor_at(sort, to_ms(value) if isinstance(value, datetime) else value, order.id)


def cursor_at(sort: str, value: int, key: str) -> str:
    """The cursor that continues a list sorted by `sort` beyond a row with this value and key."""
    place = [sort, value, key]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_cursor(cursor: str, sort: str) -> tuple[int, str]:
    """The sort value and id at which a list goes on. Raises `BadCursor`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = _PLACE.decode(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise BadCursor(cursor) from error
    if place[0] != sort:
        raise BadCursor(cursor)
    return place[1], place[2]
