"""The sandbox's gateway: whose order a buyer pays, and which notices each button sends."""

import hmac
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

import msgspec

from application.catalog.cache import CatalogCache
from application.orders.history import OrderHistory
from application.ports.sandbox import SANDBOX
from domain.gateway import DisputeState, GatewayPayment, PaymentState
from domain.order import Order
from domain.order_money import attention_of
from domain.payment import order_of_token, token_of_address
from domain.refunds import Refund
from domain.refusals import Refusal
from domain.shows import Show
from domain.status import HELD

AFTER_THE_HOLD = timedelta(seconds=1)


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer with their order, who was sent to the page by its redirect_url.

    `currency` is the one that the order is paid in.
    """

    customer: str
    order: Order
    show: Show | None
    currency: str
    now: datetime


def find_visit(history: OrderHistory, catalog: CatalogCache, customer: str) -> Visit | None:
    """The visit of the buyer with a token; None for a token that nobody was sent here with."""
    try:
        found = history.order(order_of_token(customer))
    except Refusal:
        return None
    order = found.order
    expected = token_of_address(order.redirect_url)
    if order.engaged != SANDBOX or not hmac.compare_digest(expected.encode(), customer.encode()):
        return None
    known = catalog.current()
    paid_in = order.money.sold_in if order.money else ""
    return Visit(
        customer=customer,
        order=order,
        show=known.shows.get(order.show),
        currency=paid_in or known.currency(order.show),
        now=found.at,
    )


class Action(StrEnum):
    """What can be pressed."""

    PAY = "pay"
    DECLINE = "decline"
    PAY_TWICE = "pay_twice"
    PAY_LATE = "pay_late"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    REFUND = "refund"


OF_A_PAYMENT = (Action.PAY, Action.DECLINE, Action.PAY_TWICE, Action.PAY_LATE)
"""What begins a payment; nothing is left to pay for where all tickets were given back."""


class SandboxNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to send, not before a moment if there is one."""

    id: str
    type: str
    payment: str
    amount: Decimal
    currency: str
    refund: str | None = None
    not_before: datetime | None = None


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """A button that was pressed. `id` names the form, which counts once however often it is sent.

    `currency` is that of the show, `now` the present of the order's vendor.
    """

    id: str
    action: Action
    order: Order
    currency: str
    now: datetime

    def notice(self, kind: str, payment: str = "1", after: datetime | None = None) -> SandboxNotice:
        """A notice of a new payment of what the order is worth."""
        return SandboxNotice(
            id=f"evt_{self.id}_{payment}_{kind}",
            type=f"payment.{kind}",
            payment=f"gw-{self.id}-{payment}",
            amount=self.order.worth.full,
            currency=self.currency,
            not_before=after,
        )


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How notices are sent: each twice, in any order, so many seconds later."""

    doubled: bool = False
    shuffled: bool = False
    delay: int = 0

    def of(self, notices: list[SandboxNotice], now: datetime) -> list[SandboxNotice]:
        """The notices as they are to be sent, one after the other."""
        sent = [each for each in notices for _ in range(1 + self.doubled)]
        if self.shuffled:
            random.shuffle(sent)
        if self.delay:
            later = now + timedelta(seconds=self.delay)
            sent = [msgspec.structs.replace(each, not_before=_later(each, later)) for each in sent]
        return sent


def _later(notice: SandboxNotice, moment: datetime) -> datetime:
    return max(moment, notice.not_before or moment)


def offered(order: Order) -> list[Action]:
    """What can be pressed for an order as it is."""
    actions = list(OF_A_PAYMENT) if order.tickets else []
    if _disputable(order):
        actions.append(Action.DISPUTE)
    if _disputed(order):
        actions += [Action.DISPUTE_WON, Action.DISPUTE_LOST]
    if refunds_due(order):
        actions.append(Action.REFUND)
    return actions


def notices_of(press: Press) -> list[SandboxNotice]:
    """The notices of a press, in the order in which they happen."""
    return _NOTICES[press.action](press)


def refunds_due(order: Order) -> list[Refund]:
    """The approved refunds that are not paid back yet."""
    return [each for each in order.money.refunds.values() if each.due] if order.money else []


def refunds_paid(order: Order) -> list[Refund]:
    """The refunds whose money went back."""
    return [each for each in order.money.refunds.values() if each.paid] if order.money else []


def waits_for_a_person(order: Order) -> bool:
    """Whether money of the order waits until a person decides about it."""
    return bool(attention_of(order))


def payments_of(order: Order) -> list[GatewayPayment]:
    """The order's payments by the sandbox."""
    found = order.money.payments.values() if order.money else ()
    return [each for each in found if each.system == SANDBOX]


def _disputable(order: Order) -> list[GatewayPayment]:
    return [each for each in payments_of(order) if each.received and each.dispute is None]


def _disputed(order: Order) -> list[GatewayPayment]:
    return [each for each in payments_of(order) if each.dispute is DisputeState.OPENED]


def _pay(press: Press) -> list[SandboxNotice]:
    return [press.notice("started"), press.notice("succeeded")]


def _decline(press: Press) -> list[SandboxNotice]:
    return [press.notice("started"), press.notice("failed")]


def _pay_twice(press: Press) -> list[SandboxNotice]:
    return [press.notice(kind, payment) for payment in "12" for kind in ("started", "succeeded")]


def _pay_late(press: Press) -> list[SandboxNotice]:
    held = press.order.status_at(press.now) in HELD
    after = press.order.reserved_till + AFTER_THE_HOLD if held else None
    return [press.notice("started"), press.notice("succeeded", after=after)]


def _dispute(state: str, of: Callable[[Order], list[GatewayPayment]]) -> "Notices":
    def notices(press: Press) -> list[SandboxNotice]:
        return [
            SandboxNotice(
                id=f"evt_{press.id}_{state}_{each.id}",
                type=f"dispute.{state}",
                payment=each.id,
                amount=each.amount if state == "opened" else each.disputed,
                currency=each.currency,
            )
            for each in of(press.order)[:1]
        ]

    return notices


def _refund(press: Press) -> list[SandboxNotice]:
    received = [each for each in payments_of(press.order) if each.received]
    received.sort(key=lambda each: each.state is PaymentState.REFUNDED)
    return [
        SandboxNotice(
            id=f"evt_{press.id}_{each.id}",
            type="refund.succeeded",
            payment=received[0].id if received else f"gw-{press.id}",
            amount=each.due,
            currency=each.currency,
            refund=each.id,
        )
        for each in refunds_due(press.order)
    ]


Notices = Callable[[Press], list[SandboxNotice]]
_NOTICES: Mapping[Action, Notices] = MappingProxyType(
    {
        Action.PAY: _pay,
        Action.DECLINE: _decline,
        Action.PAY_TWICE: _pay_twice,
        Action.PAY_LATE: _pay_late,
        Action.DISPUTE: _dispute("opened", _disputable),
        Action.DISPUTE_WON: _dispute("won", _disputed),
        Action.DISPUTE_LOST: _dispute("lost", _disputed),
        Action.REFUND: _refund,
    }
)
