"""What is for sale: the shows a caller may sell, their sets and prices, and their tickets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from application.catalog.access import Caller
from application.catalog.cache import Catalog, CatalogCache
from application.catalog.document_types import (
    OrderTicketDocument,
    PartnerDocument,
    Sale,
    SeatDocument,
    ShowHeadDocument,
    TicketDocument,
)
from application.catalog.pages import ListedShow
from application.ports.store import Store
from application.ports.tickets import Ticket
from application.runtime.clock import written
from application.runtime.service_clock import ServiceClock
from domain.order import Order
from domain.refusals import ShowNotFound
from domain.shows import Show


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

    @property
    def catalog_version(self) -> int:
        """The version of the catalogue that is answered from."""
        return self._catalog_cache.current().version

    def visible_heads(self, caller: Caller) -> list[ShowHeadDocument]:
        """The shows that `caller` may see, soonest first, without what is vacant."""
        return [show_document(show) for show in self._visible(caller)]

    def _visible(self, caller: Caller) -> list[ListedShow]:
        catalog = self._catalog_cache.current()
        shows = [show for show in catalog.shows.values() if _may_see(catalog, show, caller)]
        return sorted(shows, key=lambda show: (show.starts_at, show.id))

    def visible(self, caller: Caller) -> list[dict[str, Any]]:
        """The shows that `caller` may see, soonest first: those it may sell; or all."""
        shows = self._visible(caller)
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

    def seen(self, show_id: str, caller: Caller) -> ListedShow:
        """A show that `caller` may see; refuses any other as one that does not exist."""
        catalog = self._catalog_cache.current()
        show = catalog.shows.get(show_id)
        if show is None or not _may_see(catalog, show, caller):
            raise ShowNotFound(event=show_id)
        return show

    def any(self, show_id: str) -> ListedShow:
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
        self.require_sold_by(show_id, caller)
        at = self._clock.earliest()
        statuses = [each.value for each in wanted.statuses]
        found = self._store.ticket_page(show_id, statuses, at, wanted.after, wanted.limit + 1)
        return FoundTickets(found[: wanted.limit], at, len(found) > wanted.limit)

    def require_sold_by(self, show_id: str, caller: Caller) -> None:
        """Refuse a show that does not exist or that `caller` may not sell."""
        catalog = self._catalog_cache.current()
        show = catalog.shows.get(show_id)
        if show is None or not _may_sell(catalog, show, caller):
            raise ShowNotFound(event=show_id)

    def tickets_of(self, orders: Iterable[Order], *, barcodes: bool) -> "OrderTickets":
        """The tickets of orders, read at once; with `barcodes` of those that are done."""
        ids = [each for order in orders for each in order.tickets]
        known = {ticket.id: ticket for ticket in self._store.tickets_by_id(ids)} if ids else {}
        return OrderTickets(self, known, barcodes)

    def show(self, show_id: str) -> ShowHeadDocument:
        """The reference to a show in documents."""
        return show_document(self._catalog_cache.current().show(show_id))

    def partner(self, partner_id: str) -> PartnerDocument:
        """The reference to a partner in documents."""
        partner = self._catalog_cache.current().partners.get(partner_id)
        return {"id": partner_id, "name": partner.name if partner else None}


class OrderTickets(msgspec.Struct, frozen=True):
    """The tickets of some orders, and whether their barcodes are shown."""

    shows: ShowQueries
    known: Mapping[str, Ticket]
    barcodes: bool

    def of(self, order: Order) -> list[OrderTicketDocument]:
        """The tickets that one of the orders lists, with their seats."""
        return [
            _order_ticket(order, self.known[each], barcodes=self.barcodes)
            for each in order.tickets
            if each in self.known
        ]


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
