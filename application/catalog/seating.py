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
from domain.shows import TicketSet

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


MOST_LAYOUTS = 16
"""Of how many shows a process keeps where the seats are."""


class Hall(msgspec.Struct, frozen=True, kw_only=True):
    """A show's tickets at one moment.

    `states` has a letter for each ticket by its place; it is empty, and there are no seats, if
    there are more tickets than were to be shown one by one. `position` is the log's at that
    moment, or a little earlier: later changes may be included already.
    """

    show: ListedShow
    sets: list[SetPlan]
    states: str
    position: int


class Seating:
    """Reads the present state of seats."""

    def __init__(self, store: Store, shows: ShowQueries, clock: ServiceClock) -> None:
        self._store = store
        self._shows = shows
        self._clock = clock
        self._layouts: dict[str, tuple[int, list[SetPlan]]] = {}

    def hall(self, show_id: str, caller: Caller, most: int | None = None) -> Hall:
        """All tickets of a show; of one with more than `most`, only how many are in which state.

        Refuses a show that `caller` may not see.
        """
        show = self._shows.seen(show_id, caller)
        if most is not None and sum(each.amount for each in show.sets) > most:
            return self._counted(show)
        return self._hall(show)

    def has_news(self, position: int) -> bool:
        """Whether anything was written beyond `position`: only then can the seats have changed."""
        return self._store.last_position() > position

    def plans_of(self, order: Order) -> list[SetPlan]:
        """Where the seats of an order's show are, by set, without their states.

        They are kept until the catalogue changes.
        """
        show, version = self._shows.any(order.show), self._shows.catalog_version
        known = self._layouts.get(show.id)
        if known is not None and known[0] == version:
            return known[1]
        tickets = self._store.tickets(show.id)
        by_set = _by_set(tickets)
        plans = [_plan(each, by_set[each.id], tickets, None, show.sectors) for each in show.sets]
        if len(self._layouts) >= MOST_LAYOUTS:
            self._layouts.clear()
        self._layouts[show.id] = (version, plans)
        return plans

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
        by_set = _by_set(tickets)
        return Hall(
            show=show,
            sets=[_plan(each, by_set[each.id], tickets, sales, show.sectors) for each in show.sets],
            states="".join(LETTERS[sale] for sale in sales),
            position=position,
        )

    def _counted(self, show: ListedShow) -> Hall:
        position = self._store.last_position()
        at = self._clock.earliest()
        vacant = self._store.vacancies([show.id], at)
        held = self._store.reservations([show.id], at)
        return Hall(
            show=show,
            sets=[
                _counts(each, vacant.get(each.id, 0), held.get(each.id, 0)) for each in show.sets
            ],
            states="",
            position=position,
        )


def _counts(ticket_set: TicketSet, vacant: int, held: int) -> SetPlan:
    sold = max(ticket_set.amount - vacant - held, 0)
    counts = {Sale.VACANT: vacant, Sale.RESERVED: held, Sale.SOLD: sold}
    return SetPlan(
        id=ticket_set.id,
        name=ticket_set.name,
        sectors=[],
        counts={sale: counts[sale] for sale in Sale},
        amount=ticket_set.amount,
    )


def _by_set(tickets: Sequence[Ticket]) -> Mapping[str, list[int]]:
    """The places of the tickets of each set."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place, ticket in enumerate(tickets):
        found[ticket.set].append(place)
    return found


def _plan(
    ticket_set: TicketSet,
    places: Sequence[int],
    tickets: Sequence[Ticket],
    sales: Sequence[Sale] | None,
    names: Mapping[str, str],
) -> SetPlan:
    counts = Counter(sales[place] for place in places) if sales else Counter[Sale]()
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
