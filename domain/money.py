"""An order's money: its payments, refunds and what persons decided; and where each cent is.

The state follows from the events alone. `apply` tables are in `domain/order_money.py`.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Self

import msgspec

from domain.gateway import DisputeState, GatewayPayment
from domain.pricing import NOTHING
from domain.refunds import OWED, Refund, RefundStatus


class Money(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The money of an order, in the currency that it is sold in; other currencies stand apart.

    Until money comes or tickets are asked back `currency` is only supposed, from the notices.
    `payments` are by `payment_key`, `refunds` by id. `withdrawn` are tickets that were given back
    and not put on sale again, by their set: they stay the order's, and are worth nothing.
    `kept` is what persons decided to keep, by currency; `waived` what they went without.
    """

    currency: str = ""
    payments: dict[str, GatewayPayment] = msgspec.field(default_factory=dict)
    refunds: dict[str, Refund] = msgspec.field(default_factory=dict)
    kept: dict[str, Decimal] = msgspec.field(default_factory=dict)
    waived: Decimal = NOTHING
    withdrawn: dict[str, str] = msgspec.field(default_factory=dict)

    def copy(self) -> Self:
        """The same money, to be changed apart from this one."""
        return msgspec.structs.replace(
            self,
            payments=dict(self.payments),
            refunds=dict(self.refunds),
            kept=dict(self.kept),
            withdrawn=dict(self.withdrawn),
        )

    @property
    def disputed(self) -> bool:
        """Whether a dispute keeps the barcodes out of force: it is open, or was lost."""
        states = {each.dispute for each in self.payments.values()}
        return bool(states & {DisputeState.OPENED, DisputeState.LOST})

    @property
    def sold_in(self) -> str:
        """The currency that the order is sold in, as its events name it; empty until one does."""
        named = any(each.received for each in self.payments.values()) or any(
            each.tickets for each in self.refunds.values()
        )
        return self.currency if named else ""

    @property
    def currencies(self) -> list[str]:
        """The currency of the order, and all others in which money came, went or is disputed."""
        of_payments = [
            each.currency for each in self.payments.values() if each.received or each.dispute
        ]
        of_refunds = [each.currency for each in self.refunds.values()]
        return list(dict.fromkeys([self.currency, *of_payments, *of_refunds]))


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order's money of one currency is.

    `received` is always the sum of `earned`, `due_back`, `refunded`, `charged_back`, `kept` and
    `attention`. `attention` waits for a person; below zero, more went back than was to.
    """

    currency: str
    received: Decimal = NOTHING
    earned: Decimal = NOTHING
    due_back: Decimal = NOTHING
    refunded: Decimal = NOTHING
    charged_back: Decimal = NOTHING
    kept: Decimal = NOTHING
    attention: Decimal = NOTHING
    disputed: Decimal = NOTHING


AMOUNTS = Balance.__struct_fields__[1:]
"""The names of the amounts of a balance."""


def balance(money: Money, currency: str, given: Decimal | None, by_vendor: Decimal) -> Balance:
    """Where the money of `currency` is.

    `given` is the worth of all tickets that a done order gave, also of those that came back; None
    for an order that is not done, and for other currencies. `by_vendor` is what the vendor said
    that it received.
    """
    payments = [each for each in money.payments.values() if each.currency == currency]
    refunds = [each for each in money.refunds.values() if each.currency == currency]
    received = by_vendor + _sum(each.amount for each in payments if each.received)
    charged_back = _sum(each.charged_back for each in payments)
    due_back = _sum(each.due for each in refunds)
    refunded = _sum(each.paid for each in refunds)
    kept = money.kept.get(currency, NOTHING)
    earned = NOTHING
    if given is not None:
        returned = _sum(each.value for each in refunds if each.tickets and _went_back(each))
        earned = max(NOTHING, given - money.waived - returned - charged_back)
    return Balance(
        currency=currency,
        received=received,
        earned=earned,
        due_back=due_back,
        refunded=refunded,
        charged_back=charged_back,
        kept=kept,
        attention=received - earned - due_back - refunded - charged_back - kept,
        disputed=_sum(each.disputed for each in payments if each.dispute is DisputeState.OPENED),
    )


def _went_back(refund: Refund) -> bool:
    return refund.status in OWED or refund.status is RefundStatus.PAID


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)
