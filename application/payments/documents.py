"""An order's money as documents show it. Used by the API, the console and the command line."""

from collections.abc import Mapping
from datetime import datetime

from application.payments.document_types import (
    BalanceDocument,
    GatewayPaymentDocument,
    OrderPaymentsDocument,
    OrderRefundDocument,
    PaymentsDocument,
    TotalsDocument,
)
from application.read_models.sales import amount_of
from application.runtime.amounts import written_amount
from application.runtime.clock import written
from domain.gateway import GatewayPayment
from domain.money import AMOUNTS, Balance
from domain.order import Order
from domain.order_money import attention_of, balances_of
from domain.refunds import Refund


def payments_document(order: Order, sold_in: str) -> PaymentsDocument:
    """Where the order's money is. `sold_in` is its currency while no event names one."""
    own, *others = balances_of(order)
    payments = order.money.payments.values() if order.money else ()
    refunds = order.money.refunds.values() if order.money else ()
    return {
        **_balance(own, sold_in),
        "attention": [each.value for each in attention_of(order)],
        "payments": [_payment(each) for each in payments],
        "refunds": [_refund(each) for each in refunds],
        "balances": [_balance(each, sold_in) for each in others],
    }


def order_payments_document(order: Order, sold_in: str, now: datetime) -> OrderPaymentsDocument:
    """The same, with the order that it is about as it is at `now`."""
    return {
        "order": order.id,
        "number": order.number,
        "event": order.show,
        "org": order.org,
        "vendor": order.vendor,
        "status": order.status_at(now).value,
        "changed_at": written(order.changed_at),
        "notice": None,
        **payments_document(order, sold_in),
    }


def totals_document(currency: str, sums: Mapping[str, int]) -> TotalsDocument:
    """Where the money of many orders is; the `sums` are in hundredths."""
    amounts = {name: amount_of(sums[name]) for name in AMOUNTS}
    return {"orders": sums["orders"], **_balance(Balance(currency=currency, **amounts), currency)}


def _balance(balance: Balance, sold_in: str) -> BalanceDocument:
    return {
        "currency": balance.currency or sold_in,
        "received": written_amount(balance.received),
        "earned": written_amount(balance.earned),
        "due_back": written_amount(balance.due_back),
        "refunded": written_amount(balance.refunded),
        "charged_back": written_amount(balance.charged_back),
        "kept": written_amount(balance.kept),
        "waiting": written_amount(balance.attention),
        "disputed": written_amount(balance.disputed),
    }


def _payment(payment: GatewayPayment) -> GatewayPaymentDocument:
    return {
        "id": payment.id,
        "system": payment.system,
        "state": payment.state.value,
        "amount": written_amount(payment.amount),
        "currency": payment.currency,
        "received_at": None if payment.received_at is None else written(payment.received_at),
        "dispute": None if payment.dispute is None else payment.dispute.value,
        "disputed": written_amount(payment.disputed),
    }


def _refund(refund: Refund) -> OrderRefundDocument:
    return {
        "id": refund.id,
        "status": refund.status.value,
        "culprit": refund.culprit.value,
        "reason": refund.reason,
        "tickets": list(refund.tickets),
        "value": written_amount(refund.value),
        "paid": written_amount(refund.paid),
        "currency": refund.currency,
        "created_at": written(refund.created_at),
        "updated_at": written(refund.updated_at),
    }
