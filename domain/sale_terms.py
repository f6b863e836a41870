"""On which terms a vendor sells an organiser's shows: by which deal, and how many tickets."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from domain.commands import TicketSelection
from domain.refusals import (
    DealEnded,
    NoDeal,
    Refusal,
    TooManyEmptyOrders,
    TooManyTickets,
    TooManyTicketsHeld,
)
from domain.ticket_selection import asked_for


class SaleLimits(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many tickets a vendor may take of an organiser's shows. None: as many as there are.

    `tickets_held` counts those of all its orders that are held and not paid.
    """

    tickets_per_order: int | None = None
    tickets_held: int | None = None


OF_A_DEAL = SaleLimits(tickets_per_order=50, tickets_held=1000)
"""The limits of a deal that says none."""
NO_LIMITS = SaleLimits()
MOST_EMPTY_ORDERS = 1000
"""How many orders of a vendor may wait without tickets at once."""


class Elsewhere(msgspec.Struct, frozen=True):
    """What a vendor's other orders hold: of this organiser's tickets, and how many are empty."""

    tickets: int = 0
    empty_orders: int = 0


NOTHING_ELSEWHERE = Elsewhere()


class Deal(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An organiser's leave for a vendor to sell its shows.

    One that has ended sells nothing new. `ended_by_hand`: no catalogue file brings it back.
    `approves_refunds`: the vendor may approve refunds, as the organiser may.
    """

    id: str
    org: str
    vendor: str
    limits: SaleLimits | None = None
    ended_at: datetime | None = None
    ended_by_hand: bool = False
    approves_refunds: bool = False


class SaleTerms(msgspec.Struct, frozen=True):
    """The terms of a sale. `closed` is why a vendor may make no new orders and hold no more.

    Orders that have their tickets can be paid all the same.
    """

    deal: str | None = None
    limits: SaleLimits = NO_LIMITS
    closed: Refusal | None = None

    def refuse_new(self) -> None:
        """Refuse a new order, or more tickets, where the sale is closed."""
        if self.closed is not None:
            raise self.closed

    def refuse_size(self, command: TicketSelection, had: Mapping[str, str]) -> None:
        """Refuse to ask for more tickets than an order may have, unless it `had` as many."""
        most = self.limits.tickets_per_order
        if most is not None and max(most, len(had)) < asked_for(command):
            raise TooManyTickets(most=most)

    def refuse_more(
        self, had: Mapping[str, str], chosen: Mapping[str, str], elsewhere: Elsewhere
    ) -> None:
        """Refuse to hold more than the vendor may: an order that `had` tickets gets those `chosen`.

        No order is made, or is left, without tickets if too many are.
        """
        if chosen.keys() - had.keys():
            self.refuse_new()
        most = self.limits.tickets_held
        if most is not None and len(had) < len(chosen) and most < elsewhere.tickets + len(chosen):
            raise TooManyTicketsHeld(most=most)
        if not chosen and elsewhere.empty_orders >= MOST_EMPTY_ORDERS:
            raise TooManyEmptyOrders(most=MOST_EMPTY_ORDERS)


FREE = SaleTerms()


def terms_between(deals: Mapping[tuple[str, str], Deal], org: str, vendor: str) -> SaleTerms:
    """The terms on which `vendor` sells the shows of `org`; its own need no deal."""
    if org == vendor:
        return FREE
    deal = deals.get((org, vendor))
    if deal is None:
        return SaleTerms(closed=NoDeal(org=org, vendor=vendor))
    closed = None if deal.ended_at is None else DealEnded(deal=deal.id)
    return SaleTerms(deal.id, limits_of(deal), closed)


def limits_of(deal: Deal) -> SaleLimits:
    """The limits of a deal; one that says only one of them has the usual other."""
    said = deal.limits or NO_LIMITS
    return SaleLimits(
        said.tickets_per_order or OF_A_DEAL.tickets_per_order,
        said.tickets_held or OF_A_DEAL.tickets_held,
    )
