"""The seats of a show's tickets and which are vacant, for display."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from application.catalog.access import Caller
from application.catalog.availability import ShowQueries, sale_of
from application.catalog.document_types import Sale
from application.catalog.pages import ListedShow
from application.ports.store import Store
from application.ports.tickets import Ticket
from application.runtime.service_clock import ServiceClock
from domain.order import Order
from domain.shows import Show, TicketSet

LETTERS = {Sale.VACANT: "v", Sale.RESERVED: "h", Sale.SOLD: "s"}
"""The compact form of ticket states: a letter each."""


class Seat(msgspec.Struct, frozen=True):
    """A ticket with a seat; `place` is its index among all tickets of the show."""

    ticket: str
    place: int
    number: str


class SeatRow(msgspec.Struct, frozen=True):
    """The seats of a row by their numbers."""

    name: str
    seats: list[Seat]


class Sector(msgspec.Struct, frozen=True):
    """The rows of a sector, from the first one on. Its name is empty if it has none."""

    id: str
    name: str
    rows: list[SeatRow]


class SetPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A set of tickets: those with seats by sector and row, and the counts by state."""

    id: str
    name: str
    sectors: list[Sector]
    counts: dict[Sale, int]
    amount: int


class Hall(msgspec.Struct, frozen=True, kw_only=True):
    """A show's tickets at one moment.

    `states` has a letter for each ticket by its place; `position` is the log's at that moment, or a
    little earlier: later changes may be included already.
    """

    show: Show
    sets: list[SetPlan]
    states: str
    position: int


class Seating:
    """Reads the present state of seats."""

    def __init__(self, store: Store, shows: ShowQueries, clock: ServiceClock) -> None:
        self._store = store
        self._shows = shows
        self._clock = clock

    def hall(self, show_id: str, caller: Caller) -> Hall:
        """All tickets of a show. Refuses a show that `caller` may not see."""
        return self._hall(self._shows.seen(show_id, caller))

    def has_news(self, position: int) -> bool:
        """Whether anything was written beyond `position`: only then can the seats have changed."""
        return self._store.last_position() > position

    def hall_of(self, order: Order) -> Hall:
        """The hall in which an order's tickets are."""
        return self._hall(self._shows.any(order.show))

    def holder(self, show_id: str, ticket_id: str) -> str | None:
        """The order that has a ticket of this show now, if any."""
        for ticket in self._store.tickets_by_id([ticket_id]):
            if ticket.show == show_id and not ticket.vacant_at(self._clock.earliest()):
                return ticket.order
        return None

    def places(self, tickets: Sequence[str]) -> dict[str, dict[str, Any]]:
        """By ticket, its number, set and seat. Unknown tickets are absent."""
        return {
            ticket.id: {
                "number": ticket.number,
                "set": self._shows.set_name(ticket.show, ticket.set),
                "seat": msgspec.json.decode(ticket.seat),
            }
            for ticket in self._store.tickets_by_id(tickets)
        }

    def _hall(self, show: ListedShow) -> Hall:
        position = self._store.last_position()
        at = self._clock.earliest()
        tickets = self._store.tickets(show.id)
        sales = [sale_of(ticket, at) for ticket in tickets]
        by_set: defaultdict[str, list[int]] = defaultdict(list)
        for place, ticket in enumerate(tickets):
            by_set[ticket.set].append(place)
        return Hall(
            show=show,
            sets=[_plan(each, by_set[each.id], tickets, sales, show.sectors) for each in show.sets],
            states="".join(LETTERS[sale] for sale in sales),
            position=position,
        )


def _plan(
    ticket_set: TicketSet,
    places: Sequence[int],
    tickets: Sequence[Ticket],
    sales: Sequence[Sale],
    names: Mapping[str, str],
) -> SetPlan:
    counts = Counter(sales[place] for place in places)
    return SetPlan(
        id=ticket_set.id,
        name=ticket_set.name,
        sectors=_sectors(((place, tickets[place]) for place in places), names),
        counts={sale: counts[sale] for sale in Sale},
        amount=len(places),
    )


def _sectors(tickets: Iterable[tuple[int, Ticket]], names: Mapping[str, str]) -> list[Sector]:
    """The tickets with a complete seat by sector and row, in natural order."""
    found: defaultdict[str, defaultdict[str, list[Seat]]] = defaultdict(lambda: defaultdict(list))
    for place, ticket in tickets:
        seat = msgspec.json.decode(ticket.seat)
        if {"sector", "row", "number"} <= seat.keys():
            row = found[str(seat["sector"])][str(seat["row"])]
            row.append(Seat(ticket.id, place, str(seat["number"])))
    return [
        Sector(
            sector,
            names.get(sector, ""),
            [
                SeatRow(name, sorted(rows[name], key=lambda seat: natural(seat.number)))
                for name in sorted(rows, key=natural)
            ],
        )
        for sector, rows in found.items()
    ]


def natural(name: str) -> tuple[bool, int, str]:
    """Sorts numbers by their size, and names after them."""
    number = name.isascii() and name.isdigit()
    return (not number, int(name) if number else 0, name)
