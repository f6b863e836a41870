"""The sales of a show by set and by day, from the read model `sales`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.orders.as_of import PastOrders
from application.orders.document_types import (
    DisputesDocument,
    SalesDocument,
    SetSalesDocument,
    TallyDocument,
    WholeTallyDocument,
)
from application.ports.read_models import Page, Row
from application.ports.store import Store
from application.read_models.changes import added_up
from application.read_models.sales import TABLE, WHOLE_SHOW, Tally, amount_of, rows
from domain.refusals import ShowNotFound

PAGE_ROWS = 1000


class Day(msgspec.Struct, frozen=True):
    """The figures of a set of tickets on one day; without a set, the orders of the whole show."""

    ticket_set: str
    day: str
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
        show = self._catalog_cache.current().shows.get(show_id)
        if show is None or not caller.sees(show.org):
            raise ShowNotFound(event=show_id)
        loaded = self._rows(show_id) if at is None else self._rows_at(show_id, at)
        days = [_day(row) for row in loaded]
        names: dict[str, str | None] = {each.id: each.name for each in show.sets}
        names |= {each.ticket_set: None for each in days if each.ticket_set not in names}
        names.pop(WHOLE_SHOW, None)
        return {
            "event": show_id,
            **_whole_document(_whole(days)),
            "days": [
                {"day": day, **_whole_document(_whole([each for each in days if each.day == day]))}
                for day in dict.fromkeys(each.day for each in days)
            ],
            "sets": [
                _set_document(ticket_set, name, [d for d in days if d.ticket_set == ticket_set])
                for ticket_set, name in names.items()
            ],
        }

    def _rows(self, show_id: str) -> list[Row]:
        loaded: list[Row] = []
        page = Page("day", (((("show", "=", show_id),),),), descending=False, limit=PAGE_ROWS)
        while more := self._store.read_models().page("sales", page):
            loaded += more
            last = _day(more[-1])
            page = msgspec.structs.replace(page, after=(last.day, more[-1].key))
        return loaded

    def _rows_at(self, show_id: str, at: datetime) -> list[Row]:
        """The rows that the read model would have with the events up to `at` and no others."""
        events = self._past.events_of_show(show_id, at)
        loaded = added_up(TABLE, (row for timeline in events for row in rows(timeline)))
        return sorted(loaded, key=lambda row: (_day(row).day, row.key))


def _day(row: Row) -> Day:
    _, ticket_set, day, *numbers = row.columns
    return Day(ticket_set, day, Tally(*numbers))


def _total(tallies: Iterable[Tally]) -> Tally:
    numbers = zip(*map(msgspec.structs.astuple, tallies), strict=True)
    return Tally(*map(sum, numbers))


def _whole(days: Sequence[Day]) -> Tally:
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
        "opened": f"{amount_of(tally.disputed):.2f}",
        "lost": f"{amount_of(tally.dispute_lost):.2f}",
    }
    return {**_document(tally), "disputes": disputes}


def _set_document(ticket_set: str, name: str | None, days: Sequence[Day]) -> SetSalesDocument:
    return {
        "id": ticket_set,
        "name": name,
        **_document(_total(each.tally for each in days)),
        "days": [{"day": each.day, **_document(each.tally)} for each in days],
    }


def _document(tally: Tally) -> TallyDocument:
    nominal, extra = amount_of(tally.nominal), amount_of(tally.extra)
    refunded = amount_of(tally.refunded)
    return {
        "orders": tally.orders,
        "held": tally.held,
        "sold": tally.sold,
        "returned": tally.returned,
        "refunds": {"tickets": tally.tickets_refunded, "value": f"{refunded:.2f}"},
        "net": f"{nominal + extra - refunded:.2f}",
        "values": {
            "extra": f"{extra:.2f}",
            "full": f"{nominal + extra:.2f}",
            "nominal": f"{nominal:.2f}",
        },
    }
