"""Payments as a payment gateway tells of them: notices come doubled, late and in any order.

So the state of a payment never follows from the last notice: it only ever rises
(`PaymentState`), and so does that of a dispute (`DisputeState`).
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from domain.pricing import NOTHING


class PaymentState(StrEnum):
    """How far a payment has come, from the lowest state to the highest."""

    STARTED = "started"
    FAILED = "failed"
    RECEIVED = "received"
    REFUNDED = "refunded"


class DisputeState(StrEnum):
    """How far a dispute of a payment has come. Whatever comes first, a lost one stays lost."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"


class Late(StrEnum):
    """How far a payment system goes for money that came after the hold had ended."""

    SAME_TICKETS = "same_tickets"
    EQUAL_TICKETS = "equal_tickets"
    REFUND = "refund"


class GatewayPayment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A payment of an order. `id` is the gateway's own, `system` the payment system's.

    `amount` is what was received, in `currency`; `disputed` what the buyer's bank asks back.
    """

    id: str
    system: str
    state: PaymentState
    amount: Decimal = NOTHING
    currency: str = ""
    received_at: datetime | None = None
    dispute: DisputeState | None = None
    disputed: Decimal = NOTHING

    @property
    def key(self) -> str:
        """Its name among an order's payments: two systems may use one id."""
        return payment_key(self.system, self.id)

    @property
    def received(self) -> bool:
        """Whether its money has come, whether or not some of it went back."""
        return self.state in {PaymentState.RECEIVED, PaymentState.REFUNDED}

    @property
    def charged_back(self) -> Decimal:
        """What the buyer's bank took back."""
        return self.disputed if self.received and self.dispute is DisputeState.LOST else NOTHING


class PaymentNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says of a payment: its id, amount and currency.

    `refund` is the id of the refund that it is about.
    """

    system: str
    payment: str
    amount: Decimal
    currency: str
    refund: str | None = None

    @property
    def key(self) -> str:
        """The payment's name among those of its order."""
        return payment_key(self.system, self.payment)


def payment_key(system: str, payment: str) -> str:
    """The name of a payment among those of its order."""
    return f"{system}/{payment}"


def rises(state: StrEnum, before: StrEnum | None) -> bool:
    """Whether `state` is above the one before it, in the order of their class."""
    ranks = list(type(state))
    return before is None or ranks.index(state) > ranks.index(before)
