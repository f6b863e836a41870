"""The view of a show's sales: figures for its head, and periods from the first sale to the show."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from application.catalog.pages import ListedShow
from application.catalog.seating import Hall
from application.orders.document_types import LocalSalesDocument
from application.runtime.amounts import written_amount
from interface.console.page_session import zone

COUNTS = ("orders", "held", "sold", "returned")
MOST_DAYS = 100
"""Sales over more days than these are shown by weeks."""

MOST_WEEKS = 104
"""Sales over more weeks than these are shown by months."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures at the head of a show's page. `occupancy` is the share that is sold, in percent.

    `prices` are those of a ticket now, by set; a set without one is not on sale now.
    """

    amount: int
    vacant: int
    held: int
    sold: int
    occupancy: int
    prices: Mapping[str, Decimal]

    @property
    def price_range(self) -> tuple[Decimal, Decimal] | None:
        """The lowest and the highest price, if anything is on sale."""
        return (min(self.prices.values()), max(self.prices.values())) if self.prices else None


def figures(hall: Hall, at: datetime) -> Figures:
    """The figures of a show whose tickets are seen at `at`."""
    counts = {sale: sum(plan.counts[sale] for plan in hall.sets) for sale in hall.sets[0].counts}
    amount = sum(counts.values())
    vacant, held, sold = counts.values()
    return Figures(
        amount=amount,
        vacant=vacant,
        held=held,
        sold=sold,
        occupancy=100 * sold // amount if amount else 0,
        prices={each: price.nominal + price.extra for each, price in hall.show.prices(at).items()},
    )


def zone_of(show: ListedShow) -> ZoneInfo:
    """The time zone of the place of a show; the visitor's, if the catalogue does not say it."""
    venue = show.page.venue
    return zone() if venue is None else ZoneInfo(venue["city"]["timezone"])


def shown_sales(sales: LocalSalesDocument, show: date, today: date) -> dict[str, Any]:
    """Sales by days, or by weeks or months of a long sale, from the first sale on.

    All days are those of one time zone. `till` is where the scale ends: at the show, or with what
    happened after it. Periods in which nothing happened are there, too, as far as they have begun.
    """
    known = {date.fromisoformat(each["day"]): each for each in sales["days"]}
    if not known:
        return {**sales, "periods": [], "unit": "day", "till": show}
    first, last = min(known), max(known)
    till = max(last, show)
    unit = _unit((till - first).days + 1)
    begun = max(last, min(today, show))
    by_period: dict[date, list[Mapping[str, Any]]] = {
        each: [] for each in _periods(START[unit](first), begun, unit)
    }
    for day, each in known.items():
        by_period[START[unit](day)].append(each)
    periods = [{**_sum(days), "day": day} for day, days in by_period.items()]
    return {**sales, "periods": periods, "unit": unit, "till": till}


def _unit(days: int) -> str:
    if days <= MOST_DAYS:
        return "day"
    return "week" if days <= 7 * MOST_WEEKS else "month"


START: Mapping[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}
"""By the length of periods, the first day of the one that a day is in."""

STEP = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}
"""What leads from the first day of a period into the next one."""


def _periods(first: date, last: date, unit: str) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day = START[unit](day + STEP[unit])


def _sum(days: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of many days together."""
    days = list(days)

    def money(amount: Callable[[Mapping[str, Any]], str]) -> str:
        return written_amount(sum((Decimal(amount(each)) for each in days), Decimal()))

    return {
        **{name: sum(each[name] for each in days) for name in COUNTS},
        "values": {"full": money(lambda each: each["values"]["full"])},
        "refunds": {"value": money(lambda each: each["refunds"]["value"])},
        "net": money(lambda each: each["net"]),
        "disputes": {
            "opened": money(lambda each: each["disputes"]["opened"]),
            "lost": money(lambda each: each["disputes"]["lost"]),
        },
    }
