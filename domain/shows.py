"""What is sold: shows (the API's "event"), their sets of tickets, and who may sell them."""

from datetime import datetime
from typing import Any

import msgspec

from domain.pricing import Price, PriceRule, rule_in_force
from domain.refusals import NoDeal

Seat = dict[str, Any]
"""Where a ticket's seat is: `sector`, `row`, `number`. Empty for a ticket without a seat."""


class TicketSet(msgspec.Struct, frozen=True):
    """Tickets of one show that are sold under one name and by the same price rules."""

    id: str
    name: str
    rules: tuple[PriceRule, ...]
    amount: int


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """What tickets are for. On the wire it is an `event`; in code that word means an event."""

    id: str
    org: str
    title: str
    starts_at: datetime
    ends_at: datetime
    sets: tuple[TicketSet, ...]

    @property
    def set_ids(self) -> set[str]:
        """The ids of its sets."""
        return {ticket_set.id for ticket_set in self.sets}

    def prices(self, at: datetime) -> dict[str, Price]:
        """By set id, the price for an order created at `at`. A set that has none is absent."""
        prices = {}
        for ticket_set in self.sets:
            rule = rule_in_force(ticket_set.rules, at)
            if rule is not None:
                prices[ticket_set.id] = Price(rule.id, rule.nominal, rule.extra)
        return prices


class Deal(msgspec.Struct, frozen=True):
    """An organiser's leave for a vendor to sell its shows."""

    id: str
    org: str
    vendor: str


def deal_between(deals: dict[tuple[str, str], Deal], org: str, vendor: str) -> str | None:
    """The id of the deal by which `vendor` sells the shows of `org`; none for one's own shows.

    Raises `NoDeal` where a deal is needed and there is none.
    """
    if org == vendor:
        return None
    deal = deals.get((org, vendor))
    if deal is None:
        raise NoDeal(org=org, vendor=vendor)
    return deal.id
