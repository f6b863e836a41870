"""What is for sale: the shows a caller may sell, their sets and prices, and their tickets."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from application.catalog.access import Caller
from application.catalog.cache import Catalog, CatalogCache
from application.catalog.document_types import (
    OrderTicketDocument,
    PartnerDocument,
    PricesDocument,
    RuleDocument,
    Sale,
    SeatDocument,
    SetDocument,
    SetPricesDocument,
    ShowDocument,
    ShowHeadDocument,
    TicketDocument,
)
from application.ports.store import Store
from application.ports.tickets import Ticket
from application.runtime.clock import written
from application.runtime.service_clock import ServiceClock
from domain.order import Order
from domain.pricing import PriceRule, rule_in_force
from domain.refusals import ShowNotFound
from domain.shows import Show, TicketSet


def sale_of(ticket: Ticket, at: datetime) -> Sale:
    """Whether `ticket` is vacant at `at`: an overdue hold keeps nothing."""
    if ticket.vacant_at(at):
        return Sale.VACANT
    return Sale.SOLD if ticket.held_till is None else Sale.RESERVED


class TicketPage(msgspec.Struct, frozen=True, kw_only=True):
    """At most `limit` tickets numbered beyond `after`, of these statuses if some are named."""

    statuses: Sequence[Sale] = ()
    after: int = 0
    limit: int


class FoundTickets(msgspec.Struct, frozen=True):
    """A page of tickets by their numbers, as they are at `at`, and whether there are more."""

    tickets: Sequence[Ticket]
    at: datetime
    more: bool

    def documents(self) -> Iterator[TicketDocument]:
        """The tickets as the API shows them."""
        return (_ticket_document(each, sale_of(each, self.at)) for each in self.tickets)

    def cursor_behind(self, count: int) -> int | None:
        """Where the list goes on behind so many of these tickets; None at its end."""
        last = count == len(self.tickets) and not self.more
        return None if last else self.tickets[count - 1].number


class ShowQueries:
    """Reads what is for sale at present: ticket rows change in the same commit as events.

    A ticket may be held by the clock of any vendor, so that it is vacant when it is by all clocks.
    """

    def __init__(self, store: Store, catalog_cache: CatalogCache, clock: ServiceClock) -> None:
        self._store = store
        self._catalog_cache = catalog_cache
        self._clock = clock

    def on_sale(self, caller: Caller, first: int, most: int) -> tuple[list[ShowDocument], bool]:
        """At most so many shows that `caller` may sell, soonest first, from the `first` on.

        The second value is whether there are no more.
        """
        catalog = self._catalog_cache.current()
        at = self._clock.of(caller.partner)
        shows = [show for show in catalog.shows.values() if _may_sell(catalog, show, caller)]
        shows.sort(key=lambda show: (show.starts_at, show.id))
        page = shows[first : first + most]
        vacant = self._store.vacancies([show.id for show in page], self._clock.earliest())
        documents: list[ShowDocument] = [
            {**show_document(show), "sets": [_set_document(each, vacant, at) for each in show.sets]}
            for show in page
        ]
        return documents, first + most >= len(shows)

    def visible(self, caller: Caller) -> list[dict[str, Any]]:
        """The shows that `caller` may see, soonest first: those it may sell; or all."""
        catalog = self._catalog_cache.current()
        shows = [show for show in catalog.shows.values() if _may_see(catalog, show, caller)]
        shows.sort(key=lambda show: (show.starts_at, show.id))
        ids, at = [show.id for show in shows], self._clock.earliest()
        vacant, held = self._store.vacancies(ids, at), self._store.reservations(ids, at)
        return [
            {
                **show_document(show),
                "amount": sum(each.amount for each in show.sets),
                "amount_vacant": sum(vacant.get(each.id, 0) for each in show.sets),
                "amount_held": sum(held.get(each.id, 0) for each in show.sets),
            }
            for show in shows
        ]

    def seen(self, show_id: str, caller: Caller) -> Show:
        """A show that `caller` may see; refuses any other as one that does not exist."""
        catalog = self._catalog_cache.current()
        show = catalog.shows.get(show_id)
        if show is None or not _may_see(catalog, show, caller):
            raise ShowNotFound(event=show_id)
        return show

    def any(self, show_id: str) -> Show:
        """A show, for callers that have an order for it."""
        return self._catalog_cache.current().show(show_id)

    def set_name(self, show_id: str, set_id: str) -> str | None:
        """The name of a set of tickets."""
        sets = self._catalog_cache.current().show(show_id).sets
        return next((each.name for each in sets if each.id == set_id), None)

    def tickets(self, show_id: str, caller: Caller, wanted: TicketPage) -> FoundTickets:
        """A page of a show's tickets.

        Refuses a show that does not exist or that `caller` may not sell.
        """
        catalog = self._catalog_cache.current()
        show = catalog.shows.get(show_id)
        if show is None or not _may_sell(catalog, show, caller):
            raise ShowNotFound(event=show_id)
        at = self._clock.earliest()
        statuses = [each.value for each in wanted.statuses]
        found = self._store.ticket_page(show_id, statuses, at, wanted.after, wanted.limit + 1)
        return FoundTickets(found[: wanted.limit], at, len(found) > wanted.limit)

    def tickets_of(self, order: Order, *, barcodes: bool) -> list[OrderTicketDocument]:
        """The tickets that `order` lists, with their seats; `barcodes` once it is done."""
        known = {ticket.id: ticket for ticket in self._store.tickets_by_id(list(order.tickets))}
        return [
            _order_ticket(order, known[each], barcodes=barcodes)
            for each in order.tickets
            if each in known
        ]

    def show(self, show_id: str) -> ShowHeadDocument:
        """The reference to a show in documents."""
        return show_document(self._catalog_cache.current().show(show_id))

    def partner(self, partner_id: str) -> PartnerDocument:
        """The reference to a partner in documents."""
        partner = self._catalog_cache.current().partners.get(partner_id)
        return {"id": partner_id, "name": partner.name if partner else None}


def _may_sell(catalog: Catalog, show: Show, caller: Caller) -> bool:
    return catalog.terms(show.org, caller.partner).closed is None


def _may_see(catalog: Catalog, show: Show, caller: Caller) -> bool:
    own = show.org == caller.partner
    return own or caller.sees_all or _may_sell(catalog, show, caller)


def show_document(show: Show) -> ShowHeadDocument:
    """The title, time and organiser of a show."""
    return {
        "id": show.id,
        "title": {"text": show.title},
        "lifetime": {"start": written(show.starts_at), "finish": written(show.ends_at)},
        "org": show.org,
    }


def _set_document(ticket_set: TicketSet, vacant: dict[str, int], at: datetime) -> SetDocument:
    current = rule_in_force(ticket_set.rules, at)
    return {
        "id": ticket_set.id,
        "name": ticket_set.name,
        "amount": ticket_set.amount,
        "amount_vacant": vacant.get(ticket_set.id, 0),
        **_set_prices(current),
        "rules": _rules(ticket_set.rules, current),
    }


def _rules(rules: Iterable[PriceRule], current: PriceRule | None) -> list[RuleDocument]:
    return [
        {
            "id": rule.id,
            "current": rule is current,
            "from": None if rule.from_ is None else written(rule.from_),
            "till": None if rule.till is None else written(rule.till),
            **_prices(rule),
        }
        for rule in rules
    ]


def _set_prices(rule: PriceRule | None) -> SetPricesDocument:
    if rule is None:
        return {"price_org": None, "price_extra": None, "price": None}
    return {**_prices(rule)}


def _prices(rule: PriceRule) -> PricesDocument:
    return {
        "price_org": f"{rule.nominal:.2f}",
        "price_extra": f"{rule.extra:.2f}",
        "price": f"{rule.nominal + rule.extra:.2f}",
    }


def _ticket_document(ticket: Ticket, sale: Sale) -> TicketDocument:
    reserved_till = None
    if sale is Sale.RESERVED and ticket.held_till is not None:
        reserved_till = written(ticket.held_till)
    return {
        "id": ticket.id,
        "status": sale.value,
        "set": ticket.set,
        "reserved_till": reserved_till,
        "seat": cast("SeatDocument", msgspec.Raw(ticket.seat)),
    }


def _order_ticket(order: Order, ticket: Ticket, *, barcodes: bool) -> OrderTicketDocument:
    document: OrderTicketDocument = {
        "id": ticket.id,
        "serial": serial_of(ticket.show),
        "number": ticket.number,
        "seat": msgspec.json.decode(ticket.seat),
        "set": order.tickets[ticket.id],
    }
    if barcodes and ticket.id in order.valid_barcodes:
        document["barcode"] = order.valid_barcodes[ticket.id]
    return document


def serial_of(show_id: str) -> str:
    """The series of a show's tickets: with its number it names a ticket on paper."""
    return show_id[-6:].upper()
