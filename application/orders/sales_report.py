"""The sales of a show by set and by day, from the read model `sales`.

What the API documents has days of UTC; the days of another time zone are made of quarter-hours.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo

import msgspec

from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.orders.as_of import PastOrders
from application.orders.document_types import (
    DisputesDocument,
    LocalSalesDocument,
    SalesDocument,
    SetSalesDocument,
    TallyDocument,
    WholeTallyDocument,
)
from application.ports.read_models import Page, Row
from application.ports.store import Store
from application.read_models.changes import added_up
from application.read_models.sales import (
    DAY,
    QUARTER,
    TABLE,
    WHOLE_SHOW,
    Tally,
    amount_of,
    day_in,
    rows,
)
from application.runtime.amounts import written_amount
from domain.refusals import ShowNotFound
from domain.shows import Show

PAGE_ROWS = 1000


class Part(msgspec.Struct, frozen=True):
    """The figures of a set in one step of time; without a set, those of the whole show."""

    step: str
    ticket_set: str
    begins: str
    tally: Tally


class SalesQueries:
    """Reads the sales of shows, for their organisers."""

    def __init__(self, store: Store, catalog_cache: CatalogCache, past: PastOrders) -> None:
        self._store = store
        self._past = past
        self._catalog_cache = catalog_cache

    def sales(self, show_id: str, caller: Caller, at: datetime | None = None) -> SalesDocument:
        """What was held, sold and returned for a show: in total, by set, and by day.

        As of a moment, the orders of that time are counted again from their events. Refuses a show
        that does not exist or that `caller` does not organise; an auditor sees all.
        """
        show = self._organised(show_id, caller)
        days = self._loaded(show_id, DAY) if at is None else self._days_at(show_id, at)
        names: dict[str, str | None] = {each.id: each.name for each in show.sets}
        names |= {each.ticket_set: None for each in days if each.ticket_set not in names}
        names.pop(WHOLE_SHOW, None)
        by_day: defaultdict[str, list[Part]] = defaultdict(list)
        by_set: defaultdict[str, list[Part]] = defaultdict(list)
        for each in days:
            by_day[each.begins].append(each)
            by_set[each.ticket_set].append(each)
        return {
            "event": show_id,
            **_whole_document(_whole(days)),
            "days": [
                {"day": day, **_whole_document(_whole(of_day))} for day, of_day in by_day.items()
            ],
            "sets": [
                _set_document(ticket_set, name, by_set[ticket_set])
                for ticket_set, name in names.items()
            ],
        }

    def local_days(self, show_id: str, caller: Caller, zone: tzinfo) -> LocalSalesDocument:
        """What was held, sold and returned for a show: in total, and by the days of a time zone.

        Refuses what `sales` refuses.
        """
        self._organised(show_id, caller)
        by_day: defaultdict[date, list[Tally]] = defaultdict(list)
        for each in self._loaded(show_id, QUARTER):
            by_day[day_in(zone, each.begins)].append(each.tally)
        days = {day: _total(tallies) for day, tallies in by_day.items()}
        return {
            **_whole_document(_total(days.values())),
            "days": [
                {"day": day.isoformat(), **_whole_document(tally)} for day, tally in days.items()
            ],
        }

    def _organised(self, show_id: str, caller: Caller) -> Show:
        show = self._catalog_cache.current().shows.get(show_id)
        if show is None or not caller.sees(show.org):
            raise ShowNotFound(event=show_id)
        return show

    def _loaded(self, show_id: str, step: str) -> list[Part]:
        loaded: list[Part] = []
        of_show = ((("show", "=", show_id), ("step", "=", step)),)
        page = Page("begins", (of_show,), descending=False, limit=PAGE_ROWS)
        while more := self._store.read_models().page("sales", page):
            loaded += map(_part, more)
            page = msgspec.structs.replace(page, after=(loaded[-1].begins, more[-1].key))
        return loaded

    def _days_at(self, show_id: str, at: datetime) -> list[Part]:
        """The days that the read model would have with the events up to `at` and no others."""
        events = self._past.events_of_show(show_id, at)
        loaded = added_up(TABLE, (row for timeline in events for row in rows(timeline)))
        parts = map(_part, sorted(loaded, key=lambda row: row.key))
        return sorted((each for each in parts if each.step == DAY), key=lambda each: each.begins)


def _part(row: Row) -> Part:
    _, step, ticket_set, begins, *numbers = row.columns
    return Part(step, ticket_set, begins, Tally(*numbers))


def _total(tallies: Iterable[Tally]) -> Tally:
    first, *others = tuple(tallies) or (Tally(),)
    if not others:
        return first
    numbers = zip(*map(msgspec.structs.astuple, (first, *others)), strict=True)
    return Tally(*map(sum, numbers))


def _whole(days: Sequence[Part]) -> Tally:
    """All sets together. An order of several sets is one order."""
    orders = _total(each.tally for each in days if each.ticket_set == WHOLE_SHOW)
    total = _total(each.tally for each in days if each.ticket_set != WHOLE_SHOW)
    return msgspec.structs.replace(
        total,
        orders=orders.orders,
        disputed=orders.disputed,
        dispute_lost=orders.dispute_lost,
    )


def _whole_document(tally: Tally) -> WholeTallyDocument:
    disputes: DisputesDocument = {
        "opened": written_amount(amount_of(tally.disputed)),
        "lost": written_amount(amount_of(tally.dispute_lost)),
    }
    return {**_document(tally), "disputes": disputes}


def _set_document(ticket_set: str, name: str | None, days: Sequence[Part]) -> SetSalesDocument:
    return {
        "id": ticket_set,
        "name": name,
        **_document(_total(each.tally for each in days)),
        "days": [{"day": each.begins, **_document(each.tally)} for each in days],
    }


def _document(tally: Tally) -> TallyDocument:
    nominal, extra = amount_of(tally.nominal), amount_of(tally.extra)
    refunded = amount_of(tally.refunded)
    return {
        "orders": tally.orders,
        "held": tally.held,
        "sold": tally.sold,
        "returned": tally.returned,
        "refunds": {"tickets": tally.tickets_refunded, "value": written_amount(refunded)},
        "net": written_amount(nominal + extra - refunded),
        "values": {
            "extra": written_amount(extra),
            "full": written_amount(nominal + extra),
            "nominal": written_amount(nominal),
        },
    }
