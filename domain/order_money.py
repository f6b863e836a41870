"""How an order decides about its money: gateways' notices, late money, and people's decisions.

Notices are never refused: whatever is unexpected is recorded, and waits for a person
(`attention_of`). What people ask for may be refused. Refunds of tickets are in `order_refunds.py`.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain import refusals
from domain.commands import CommandMetadata
from domain.events import (
    DisputeChanged,
    MoneyKept,
    OrderReinstated,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    PromocodeUsesChanged,
    RefundFailed,
    RefundPaid,
    RefundRequired,
    ShortfallWaived,
)
from domain.gateway import DisputeState, Late, PaymentNotice, PaymentState, rises
from domain.money import Balance, Money, balance
from domain.order import Order
from domain.payment import ConfirmedBy
from domain.pricing import NOTHING, worth
from domain.refunds import OWED, RefundStatus
from domain.status import LET_GO, Status

LATE = "late"
"""Why money that arrived after the order's end has to be paid back."""


class Attention(StrEnum):
    """Why an order's money waits for a person."""

    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    PAID_TWICE = "paid_twice"
    OTHER_CURRENCY = "other_currency"
    REFUND_REQUIRED = "refund_required"
    REFUND_FAILED = "refund_failed"
    REFUND_DIFFERS = "refund_differs"
    DISPUTED = "disputed"


class Resolution(StrEnum):
    """What a person can decide about money that waits."""

    REFUND = "refund"
    KEEP = "keep"
    ACCEPT = "accept"


class TicketsNeeded(Exception):
    """The decision depends on whether these tickets, or as many of their sets, are vacant."""

    def __init__(self, tickets: Mapping[str, str]) -> None:
        super().__init__()
        self.tickets = tickets


# Where the money is.


def balances_of(order: Order) -> list[Balance]:
    """Where the order's money is, by currency, its own first."""
    if order.money is None:
        return [_without_notices(order)]
    return [_balance(order, order.money, each) for each in order.money.currencies]


def balance_of(order: Order) -> Balance:
    """Where the order's money of its own currency is."""
    if order.money is None:
        return _without_notices(order)
    return _balance(order, order.money, order.money.currency)


def _without_notices(order: Order) -> Balance:
    """The balance of an order without events about money, as most vendors' orders are."""
    if order.status is not Status.DONE:
        return _NO_MONEY
    given = given_by(order)
    received = NOTHING if _is_paid_by_gateway(order) else given
    return Balance(currency="", received=received, earned=given, attention=received - given)


_NO_MONEY = Balance(currency="")


def _balance(order: Order, money: Money, currency: str) -> Balance:
    if currency != money.currency:
        return balance(money, currency, None, NOTHING)
    given = given_by(order) if order.status is Status.DONE else None
    by_vendor = NOTHING if given is None or _is_paid_by_gateway(order) else given
    return balance(money, currency, given, by_vendor)


def given_by(order: Order) -> Decimal:
    """The full worth of all tickets that a done order has sold, including refunded ones."""
    if order.money is None:
        return order.worth.full
    gone = [
        ticket_set
        for each in order.money.refunds.values()
        if each.status not in {RefundStatus.NEW, RefundStatus.REJECTED}
        for ticket_set in each.tickets.values()
    ]
    sets = [*order.tickets.values(), *gone]
    return worth(map(order.price, sets)).full


def _is_paid_by_gateway(order: Order) -> bool:
    """Whether a gateway reports the money; otherwise the vendor has received it once it is done."""
    return order.system is not None and order.system.confirmed_by is ConfirmedBy.GATEWAY


def attention_of(order: Order) -> list[Attention]:
    """Why the order's money waits for a person; empty if it does not."""
    if order.money is None:
        return []
    own, *others = balances_of(order)
    found = {
        _about_attention(order, order.money, own) if own.attention else None,
        Attention.OTHER_CURRENCY if any(each.attention for each in others) else None,
        Attention.DISPUTED if any(each.disputed for each in (own, *others)) else None,
    }
    for refund in order.money.refunds.values():
        if refund.status is RefundStatus.FAILED:
            found.add(Attention.REFUND_FAILED)
        elif refund.reason and refund.status is RefundStatus.APPROVED:
            found.add(Attention.REFUND_REQUIRED)
    return [each for each in Attention if each in found]


def _about_attention(order: Order, money: Money, own: Balance) -> Attention:
    paid = [each for each in money.refunds.values() if each.status is RefundStatus.PAID]
    if own.attention < NOTHING or any(each.paid != each.value for each in paid):
        return Attention.REFUND_DIFFERS
    if order.status is not Status.DONE:
        return Attention.UNDERPAID
    received = [each for each in money.payments.values() if each.received]
    return Attention.PAID_TWICE if len(received) > 1 else Attention.OVERPAID


# Notices of a gateway.


def note_started(order: Order, notice: PaymentNotice, metadata: CommandMetadata) -> None:
    """Record that a payment began, unless it is known to be further."""
    if _known(order, notice) is None:
        order.record(PaymentStarted, metadata, **_fields(notice))


def note_failed(order: Order, notice: PaymentNotice, metadata: CommandMetadata) -> None:
    """Record that a payment failed, unless its money has arrived."""
    if rises(PaymentState.FAILED, _known(order, notice)):
        order.record(PaymentFailed, metadata, **_fields(notice))


def note_received(
    order: Order,
    notice: PaymentNotice,
    metadata: CommandMetadata,
    secret: str,
    *,
    due_in: str,
    late: Late,
    refund: str,
    tickets: Mapping[str, str] | None = None,
    uses: tuple[str, ...] | None = (),
) -> None:
    """Record that money arrived, and make the order done if its money covers its worth.

    `due_in` is the currency in which it is sold. `late` says what to do with money for an order
    that has ended. `tickets` are those that it may get back; if they are None but needed, this
    raises `TicketsNeeded` before it records anything. `uses` are the uses of its promo codes that
    it may get back; None, if a code is used up, counts as if there were no tickets. `refund` is the
    id for a refund that may be needed.
    """
    if not rises(PaymentState.RECEIVED, _known(order, notice)):
        return
    before = order.status_at(metadata.at)
    if before in LET_GO and tickets is None and late is not Late.REFUND:
        raise TicketsNeeded(order.tickets)
    order.record(PaymentReceived, metadata, **_fields(notice), due_in=due_in)
    own = balance_of(order)
    free = own.attention
    if before not in LET_GO:
        free += own.charged_back  # whenever a dispute is lost, the order ends the same
    if notice.currency != due_in or before is Status.DONE or free < order.worth.full:
        return
    if before in LET_GO:
        order.expire(metadata)
        if not tickets or uses is None:
            order.record(
                RefundRequired, metadata, refund=refund, reason=LATE, value=free, currency=due_in
            )
            return
        if uses != order.uses:
            order.record(PromocodeUsesChanged, metadata, uses=uses)
        order.record(OrderReinstated, metadata, tickets=dict(tickets))
    order.finish(metadata, secret)


def note_dispute(
    order: Order, notice: PaymentNotice, state: DisputeState, metadata: CommandMetadata
) -> None:
    """Record how far a dispute has come, unless it has come further."""
    payment = order.money.payments.get(notice.key) if order.money else None
    if rises(state, payment.dispute if payment else None):
        order.record(DisputeChanged, metadata, **_fields(notice), state=state)


def note_refund_paid(order: Order, notice: PaymentNotice, metadata: CommandMetadata) -> None:
    """Record that money went back, once for each refund.

    If the refund is not approved or in another currency, the money went back without a request:
    this is recorded under the payment's id.
    """
    refunds = order.money.refunds if order.money else {}
    known = refunds.get(notice.refund or "")
    asked = (
        known is not None
        and known.status in {*OWED, RefundStatus.PAID}
        and known.currency == notice.currency
    )
    refund = known.id if known is not None and asked else notice.payment
    if refund in refunds and refunds[refund].status is RefundStatus.PAID:
        return
    order.record(
        RefundPaid,
        metadata,
        refund=refund,
        amount=notice.amount,
        currency=notice.currency,
        system=notice.system,
        payment=notice.payment,
    )


def note_refund_failed(order: Order, notice: PaymentNotice, metadata: CommandMetadata) -> None:
    """Record that money could not be paid back, unless it was."""
    refund = order.money.refunds.get(notice.refund or "") if order.money else None
    if refund is None or refund.status is not RefundStatus.APPROVED:
        return
    order.record(
        RefundFailed, metadata, refund=refund.id, system=notice.system, payment=notice.payment
    )


def _known(order: Order, notice: PaymentNotice) -> PaymentState | None:
    payment = order.money.payments.get(notice.key) if order.money else None
    return payment.state if payment else None


def _fields(notice: PaymentNotice) -> dict[str, Any]:
    return {
        "system": notice.system,
        "payment": notice.payment,
        "amount": notice.amount,
        "currency": notice.currency,
    }


# What a person resolves.


def resolve(
    order: Order,
    resolution: Resolution,
    metadata: CommandMetadata,
    *,
    currency: str,
    note: str,
    refund: str,
    secret: str,
) -> None:
    """Decide about money of `currency` that waits: send it back, keep it, or accept less.

    `accept` is for an order in payment: it is done for what was paid. `refund` is the id of the
    refund. If more was paid out than came in, the only choice is `keep`. Refuses if nothing waits.
    """
    waiting = {each.currency: each.attention for each in balances_of(order)}
    amount = waiting.get(currency, NOTHING)
    if amount == NOTHING or (amount < NOTHING and resolution is not Resolution.KEEP):
        raise refusals.NothingToResolve(currency=currency)
    if resolution is Resolution.REFUND:
        order.record(
            RefundRequired,
            metadata,
            refund=refund,
            reason=attention_of(order)[0].value,
            value=amount,
            currency=currency,
        )
    elif resolution is Resolution.KEEP:
        order.record(MoneyKept, metadata, amount=amount, currency=currency, note=note)
    else:
        _accept(order, amount, currency, note, metadata)
        order.finish(metadata, secret)


def _accept(
    order: Order, amount: Decimal, currency: str, note: str, metadata: CommandMetadata
) -> None:
    """Record what is waived of the worth of an order in payment."""
    status = order.status_at(metadata.at)
    if status is not Status.IN_PROGRESS or order.money is None or currency != order.money.currency:
        raise refusals.CannotAccept(status=status)
    missing = order.worth.full - amount
    order.record(ShortfallWaived, metadata, amount=missing, currency=currency, note=note)
