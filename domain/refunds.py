"""Refunds: tickets or money that go back, and how much of the price a show's policy pays."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from types import MappingProxyType

import msgspec

CENT = Decimal("0.01")
UNASKED = "unasked"
"""The reason of a refund that nobody had asked for: a gateway said that money went back."""
MOST_REFUNDS = 100
"""After so many refunds of an order none is asked for any more: no order grows without end."""
_NUMBER_AT = 24
"""The bits of an order's id below those in which the number of a refund is hidden."""


class Culprit(StrEnum):
    """Because of whom tickets are given back."""

    USER = "user"
    ORG = "org"


class RefundStatus(StrEnum):
    """Where a refund is: the first three are the documented words."""

    NEW = "new"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAID = "paid"
    FAILED = "failed"


class RefundPolicy(StrEnum):
    """How much of the price goes back when the buyer gives tickets back."""

    GENERAL = "general"
    LAW_RU_193 = "law_ru_193"


class RefundTerms(msgspec.Struct, frozen=True, omit_defaults=True):
    """A show's terms of refunds. `resell`: tickets that come back go on sale again."""

    policy: RefundPolicy = RefundPolicy.GENERAL
    resell: bool = False


ALL, HALF, SOME, NONE = Decimal(1), Decimal("0.5"), Decimal("0.3"), Decimal(0)

LAW_RU_193 = ((timedelta(days=10), ALL), (timedelta(days=5), HALF), (timedelta(days=3), SOME))
"""By how long before the show a ticket comes back, which part of its price is paid back."""

OWED = frozenset({RefundStatus.APPROVED, RefundStatus.FAILED})
"""The statuses in which the money is still to be paid back."""

TAKEN = frozenset({RefundStatus.NEW, *OWED, RefundStatus.PAID})
"""The statuses in which a ticket is in no other refund."""


class Refund(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A refund of an order: of `tickets`, or, with a `reason` and none, of money for nothing.

    `stay`: its request named the tickets that stay. `paid` is what has gone back by it.
    """

    id: str
    status: RefundStatus
    value: Decimal
    currency: str
    created_at: datetime
    updated_at: datetime
    culprit: Culprit = Culprit.ORG
    tickets: dict[str, str] = msgspec.field(default_factory=dict)
    stay: tuple[str, ...] = ()
    reason: str = ""
    payment: str = ""
    paid: Decimal = Decimal("0.00")

    @property
    def due(self) -> Decimal:
        """What is still to be paid back."""
        return self.value if self.status in OWED else Decimal("0.00")


def refund_id(order: str, number: int) -> str:
    """The id of an order's refund of this number, from 1: its order follows from it alone.

    Ids of two orders differ in other digits than these too, so no two refunds have one id.
    """
    return f"{int(order, 16) ^ (number << _NUMBER_AT):024x}"


def orders_of_refund(refund: str) -> Iterator[str]:
    """The ids of all orders that this id could be a refund of; at most one of them has it."""
    return (refund_id(refund, number) for number in range(1, MOST_REFUNDS + 1))


def part_paid_back(
    policy: RefundPolicy, culprit: Culprit, at: datetime, starts_at: datetime
) -> Decimal:
    """Which part of the full price, fee included, is paid back for tickets given back `at`."""
    return ALL if culprit is Culprit.ORG else _POLICIES[policy](starts_at - at)


def rounded(amount: Decimal) -> Decimal:
    """An amount to the cent, half a cent up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def _of_the_law(before: timedelta) -> Decimal:
    return next((part for least, part in LAW_RU_193 if before >= least), NONE)


_POLICIES = MappingProxyType(
    {RefundPolicy.GENERAL: lambda _: ALL, RefundPolicy.LAW_RU_193: _of_the_law}
)
