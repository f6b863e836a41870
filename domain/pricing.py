"""Price rules, what a ticket costs, and what an order is worth. Money is an exact decimal."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec

NOTHING = Decimal("0.00")


class PriceRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one ticket of a set costs.

    `nominal` is the organiser's price and `extra` the fee on top. The rule is in force from
    `from_` (included) until `till` (excluded); an end that is None is open.
    """

    id: str
    nominal: Decimal
    extra: Decimal
    from_: datetime | None = msgspec.field(default=None, name="from")
    till: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Whether the rule prices an order created at `at`."""
        started = self.from_ is None or self.from_ <= at
        return started and (self.till is None or at < self.till)


class Price(msgspec.Struct, frozen=True):
    """A rule as an order keeps it: the price can no longer change under the buyer's hands."""

    rule: str
    nominal: Decimal
    extra: Decimal


class Worth(msgspec.Struct, frozen=True):
    """What some tickets are worth together."""

    nominal: Decimal
    extra: Decimal

    @property
    def full(self) -> Decimal:
        """What the buyer pays."""
        return self.nominal + self.extra


def rule_in_force(rules: Iterable[PriceRule], at: datetime) -> PriceRule | None:
    """The first of `rules` that is in force at `at`, in the order of the catalogue."""
    for rule in rules:
        if rule.in_force(at):
            return rule
    return None


def worth(prices: Iterable[Price]) -> Worth:
    """The exact sum of `prices`, one for each ticket."""
    nominal = extra = NOTHING
    for price in prices:
        nominal += price.nominal
        extra += price.extra
    return Worth(nominal, extra)
