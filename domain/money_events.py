"""How each event of money changes an order. What happened is never refused."""

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from domain.events import (
    DisputeChanged,
    Event,
    MoneyKept,
    OrderReinstated,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    RefundApproved,
    RefundFailed,
    RefundPaid,
    RefundRejected,
    RefundRequested,
    RefundRequired,
    ShortfallWaived,
)
from domain.gateway import GatewayPayment, PaymentState, payment_key
from domain.money import Money
from domain.pricing import NOTHING
from domain.refunds import UNASKED, Refund, RefundStatus
from domain.status import Status

if TYPE_CHECKING:
    from domain.order import Order


def _money(order: "Order") -> Money:
    if order.money is None:
        order.money = Money()
    return order.money


def _payment(order: "Order", event: Any, **fields: Any) -> None:
    """Change a payment of the order, or add it."""
    _suppose_currency(order, event)
    payments = _money(order).payments
    key = payment_key(event.system, event.payment)
    known = payments.get(key) or GatewayPayment(
        id=event.payment, system=event.system, state=PaymentState.STARTED, currency=event.currency
    )
    payments[key] = replace(known, **fields)


def _suppose_currency(order: "Order", event: Any) -> None:
    """Until an event names the currency that the order is sold in, it is that of its notices."""
    money = _money(order)
    money.currency = money.currency or event.currency


def _started(order: "Order", event: PaymentStarted) -> None:
    _payment(order, event, currency=event.currency)


def _failed(order: "Order", event: PaymentFailed) -> None:
    _payment(order, event, state=PaymentState.FAILED)


def _received(order: "Order", event: PaymentReceived) -> None:
    _money(order).currency = event.due_in
    _payment(
        order,
        event,
        state=PaymentState.RECEIVED,
        amount=event.amount,
        currency=event.currency,
        received_at=event.at,
    )


def _dispute(order: "Order", event: DisputeChanged) -> None:
    _payment(order, event, dispute=event.state, disputed=event.amount)


def _reinstated(order: "Order", event: OrderReinstated) -> None:
    order.status = Status.IN_PROGRESS
    order.tickets = dict(event.tickets)
    order.reserved_till = order.updated_at = event.at


def _refund_requested(order: "Order", event: RefundRequested) -> None:
    _money(order).currency = event.currency
    _add_refund(
        order,
        event,
        status=RefundStatus.NEW,
        value=event.value,
        culprit=event.culprit,
        tickets={ticket: order.tickets[ticket] for ticket in event.tickets},
        stay=event.stay,
    )


def _refund_required(order: "Order", event: RefundRequired) -> None:
    _add_refund(order, event, status=RefundStatus.APPROVED, value=event.value, reason=event.reason)


def _refund_approved(order: "Order", event: RefundApproved) -> None:
    refund = _refund(order, event, status=RefundStatus.APPROVED)
    order.barcodes = {
        ticket: code for ticket, code in order.barcodes.items() if ticket not in refund.tickets
    }
    for ticket, ticket_set in refund.tickets.items():
        del order.tickets[ticket]
        if ticket not in event.resold:
            _money(order).withdrawn[ticket] = ticket_set
    order.updated_at = event.at


def _refund_rejected(order: "Order", event: RefundRejected) -> None:
    _refund(order, event, status=RefundStatus.REJECTED)


def _refund_paid(order: "Order", event: RefundPaid) -> None:
    _suppose_currency(order, event)
    if event.refund not in _money(order).refunds:
        _add_refund(order, event, status=RefundStatus.PAID, value=NOTHING, reason=UNASKED)
    payment = payment_key(event.system, event.payment) if event.payment else ""
    _refund(order, event, status=RefundStatus.PAID, paid=event.amount, payment=payment)
    _close(order, payment)


def _close(order: "Order", key: str) -> None:
    """A payment all of which went back is refunded."""
    money = _money(order)
    known = money.payments.get(key)
    if known is None or known.state is not PaymentState.RECEIVED:
        return
    refunds = [each for each in money.refunds.values() if each.payment == key]
    paid = [each.paid for each in refunds if each.currency == known.currency]
    if sum(paid, NOTHING) >= known.amount:
        money.payments[key] = replace(known, state=PaymentState.REFUNDED)


def _refund_failed(order: "Order", event: RefundFailed) -> None:
    _refund(order, event, status=RefundStatus.FAILED)


def _kept(order: "Order", event: MoneyKept) -> None:
    kept = _money(order).kept
    kept[event.currency] = kept.get(event.currency, NOTHING) + event.amount


def _waived(order: "Order", event: ShortfallWaived) -> None:
    _money(order).waived += event.amount


def _add_refund(order: "Order", event: Any, **fields: Any) -> None:
    _money(order).refunds[event.refund] = Refund(
        id=event.refund,
        currency=event.currency,
        created_at=event.at,
        updated_at=event.at,
        **fields,
    )


def _refund(order: "Order", event: Any, **fields: Any) -> Refund:
    """Change a refund of the order."""
    refunds = _money(order).refunds
    refunds[event.refund] = replace(refunds[event.refund], updated_at=event.at, **fields)
    return refunds[event.refund]


MONEY_APPLY: MappingProxyType[type[Event], Callable[[Any, Any], None]] = MappingProxyType(
    {
        PaymentStarted: _started,
        PaymentFailed: _failed,
        PaymentReceived: _received,
        DisputeChanged: _dispute,
        OrderReinstated: _reinstated,
        RefundRequested: _refund_requested,
        RefundRequired: _refund_required,
        RefundApproved: _refund_approved,
        RefundRejected: _refund_rejected,
        RefundPaid: _refund_paid,
        RefundFailed: _refund_failed,
        MoneyKept: _kept,
        ShortfallWaived: _waived,
    }
)
