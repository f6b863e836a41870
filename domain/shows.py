"""What is sold: shows (the API's "event"), and their sets of tickets."""

from datetime import datetime
from typing import Any

import msgspec

from domain.pricing import Price, PriceRule, rule_in_force
from domain.promocodes import Promocode
from domain.refunds import RefundTerms

Seat = dict[str, Any]
"""Where a ticket's seat is: `sector`, `row`, `number`. Empty for a ticket without a seat."""


class TicketSet(msgspec.Struct, frozen=True):
    """Tickets of one show that are sold under one name and by the same price rules."""

    id: str
    name: str
    rules: tuple[PriceRule, ...]
    amount: int


CURRENCY = "RUB"
"""The currency of a show whose catalogue names none."""

HOLD_MINUTES = 10
"""How long a new order of a show is held whose catalogue says nothing of it."""


class Show(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What tickets are for. On the wire it is an `event`; in code that word means an event."""

    id: str
    org: str
    title: str
    starts_at: datetime
    ends_at: datetime
    sets: tuple[TicketSet, ...]
    currency: str = CURRENCY
    refunds: RefundTerms = RefundTerms()
    hold_minutes: int = HOLD_MINUTES
    promocodes: tuple[Promocode, ...] = ()

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
