"""Why an order's money waits for a person, and when its barcodes are in force."""

from decimal import Decimal
from functools import partial

import pytest
from msgspec.structs import replace
from order_case import given
from order_commands import metadata
from order_states import GATEWAY, NOW, PARTERRE, PRICES, SECRET, a_paid_order, after
from order_states import an_order_in_payment as in_payment

from domain.gateway import DisputeState, Late, PaymentNotice
from domain.order_money import (
    Attention,
    attention_of,
    note_dispute,
    note_received,
    note_refund_failed,
    note_refund_paid,
)
from domain.status import Status

REFUND = "5f1d0c4f8b1e4d0011aa22bb"
NOTICE = PaymentNotice(
    system="gate", payment="gw-1", amount=Decimal("200.00"), currency="RUB", refund=REFUND
)


def money_comes(order, notice=NOTICE, at=NOW):
    note_received(
        order, notice, metadata(at), SECRET, due_in="RUB", late=Late.REFUND, refund=REFUND
    )


def late_money_comes(order):
    money_comes(order, at=after(10_000))


def refund_fails(order):
    note_refund_failed(order, NOTICE, metadata(after(10_001)))


def disputed(state):
    return partial(note_dispute, notice=NOTICE, state=state, metadata=metadata())


def test_money_that_has_to_go_back_waits_until_it_is_paid():
    case = given(in_payment(GATEWAY)).when(late_money_comes)
    assert attention_of(case.order) == [Attention.REFUND_REQUIRED]


def test_money_that_could_not_be_paid_back_waits():
    case = given(in_payment(GATEWAY)).when(late_money_comes, refund_fails)
    assert attention_of(case.order) == [Attention.REFUND_FAILED]


def money_goes_back(order, amount=NOTICE.amount):
    note_refund_paid(order, replace(NOTICE, amount=Decimal(amount)), metadata(after(10_001)))


def test_less_paid_back_than_was_due_differs():
    less = partial(money_goes_back, amount="150.00")
    case = given(in_payment(GATEWAY)).when(late_money_comes, less)
    assert attention_of(case.order) == [Attention.REFUND_DIFFERS]


def test_money_that_was_paid_back_and_charged_back_differs():
    lost = disputed(DisputeState.LOST)
    case = given(in_payment(GATEWAY)).when(late_money_comes, money_goes_back)
    assert attention_of(case.order) == []
    assert attention_of(case.when(lost).order) == [Attention.REFUND_DIFFERS]


@pytest.mark.parametrize(
    ("state", "attention", "in_force"),
    [
        (DisputeState.OPENED, [Attention.DISPUTED], 0),
        (DisputeState.WON, [], 2),
        (DisputeState.LOST, [], 0),
    ],
)
def test_a_dispute_waits_while_it_is_open_and_keeps_the_barcodes(state, attention, in_force):
    opened = disputed(DisputeState.OPENED)
    case = given(in_payment(GATEWAY)).when(money_comes, opened, disputed(state))
    assert attention_of(case.order) == attention
    assert len(case.order.valid_barcodes) == in_force
    assert len(case.order.barcodes) == len(a_paid_order()[-1].barcodes)


def test_money_of_another_currency_never_finishes_an_order_that_costs_nothing():
    free = replace(PRICES[PARTERRE], nominal=Decimal("0.00"))
    created, *rest = in_payment(GATEWAY)
    events = [replace(created, prices={**PRICES, PARTERRE: free}), *rest]
    euros = replace(NOTICE, currency="EUR")
    order = given(events).when(partial(money_comes, notice=euros)).order
    assert order.status is Status.IN_PROGRESS
    assert attention_of(order) == [Attention.OTHER_CURRENCY]
    assert given(events).when(money_comes).order.status is Status.DONE
