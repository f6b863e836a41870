"""In which currency an order's money stands, also while its events do not name one."""

from decimal import Decimal

import pytest
from order_case import numbered
from order_states import A1, GATEWAY, ORDER, SHOW, a_paid_order, an_order_in_payment, event

from application.integrity.money_check import MoneyTotals, note_money
from application.read_models import sales
from domain.commands import CommandMetadata
from domain.events import (
    DisputeChanged,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    RefundPaid,
)
from domain.gateway import DisputeState
from domain.order import Order
from domain.order_money import Attention, attention_of, balance_of, balances_of
from domain.order_refunds import refunds_of, request_refund
from domain.refunds import Culprit, refund_id


def told(kind, currency="RUB", payment="gw-1", **more):
    amount = Decimal("5.00")
    return event(kind, system="gate", payment=payment, amount=amount, currency=currency, **more)


START, FAILURE = told(PaymentStarted), told(PaymentFailed)
RECEIPT = told(PaymentReceived, due_in="RUB")
DISPUTE = told(DisputeChanged, state=DisputeState.OPENED)
LOSS = told(DisputeChanged, state=DisputeState.LOST)
BACK = told(RefundPaid, refund="gw-1")


def after_it(*events, order=None):
    """An order after these events, whose money has to add up."""
    stream = numbered([*(order or an_order_in_payment(GATEWAY)), *events])
    order = Order.replay(stream)
    assert list(note_money(order, stream, MoneyTotals())) == []
    return order


@pytest.mark.parametrize("first", [START, FAILURE, DISPUTE, BACK])
def test_the_first_notice_says_it_while_nothing_else_does(first):
    order = after_it(first)
    assert [each.currency for each in balances_of(order)] == ["RUB"]
    assert order.money.sold_in == ""


@pytest.mark.parametrize("first", [START, DISPUTE, BACK])
def test_money_that_comes_says_it_for_good(first):
    euros = type(first)(**{**_fields(first), "currency": "EUR"})
    order = after_it(euros, RECEIPT)
    assert (balance_of(order).currency, order.money.sold_in) == ("RUB", "RUB")


def _fields(one):
    return {name: getattr(one, name) for name in one.__struct_fields__}


def test_a_dispute_before_its_money_waits_for_a_person():
    order = after_it(DISPUTE)
    assert attention_of(order) == [Attention.DISPUTED]
    assert balance_of(order).disputed == Decimal("5.00")


def test_a_dispute_about_another_currency_waits_too():
    euros = (
        told(PaymentReceived, "EUR", due_in="RUB"),
        told(DisputeChanged, "EUR", state=DisputeState.OPENED),
    )
    assert attention_of(after_it(*euros)) == [Attention.OTHER_CURRENCY, Attention.DISPUTED]
    lone = told(DisputeChanged, "EUR", "gw-2", state=DisputeState.OPENED)
    assert Attention.DISPUTED in attention_of(after_it(RECEIPT, lone))


def test_money_that_only_went_back_is_a_refund_that_differs():
    assert attention_of(after_it(BACK)) == [Attention.REFUND_DIFFERS]


def test_a_refund_is_of_the_show_s_currency_whatever_a_stray_notice_said():
    order = after_it(told(PaymentStarted, "EUR"), order=a_paid_order())
    for number, ticket in enumerate(list(order.tickets)[:2], start=1):
        metadata = CommandMetadata(START.at, START.actor, START.request)
        refund = refund_id(ORDER, number)
        request_refund(order, refund, [ticket], metadata, show=SHOW, culprit=Culprit.ORG)
    assert [each.currency for each in refunds_of(order)] == ["RUB", "RUB"]
    assert (A1 in refunds_of(order)[0].tickets, order.money.sold_in) == (True, "RUB")


@pytest.mark.parametrize("events", [(DISPUTE, LOSS, RECEIPT), (RECEIPT, DISPUTE, LOSS)])
def test_sales_show_a_dispute_whenever_its_money_came(events):
    rows = sales.rows(numbered([*an_order_in_payment(GATEWAY), *events]))
    names = list(sales.TABLE.columns)
    for step in (sales.DAY, sales.QUARTER):
        of_step = [row.columns for row in rows if row.columns[names.index("step")] == step]
        assert [
            sum(columns[names.index(name)] for columns in of_step)
            for name in ("disputed", "dispute_lost")
        ] == [500, 500]
