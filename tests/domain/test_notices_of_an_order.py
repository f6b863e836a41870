"""What an order records of a gateway's notices, and what becomes of late money."""

from decimal import Decimal
from functools import partial

import pytest
from order_case import given
from order_commands import metadata
from order_states import (
    GATEWAY,
    NOW,
    SECRET,
    a_canceled_order,
    a_paid_order,
    after,
    an_expired_order,
    an_order_in_payment,
    event,
)

from domain.events import (
    DisputeChanged,
    OrderReinstated,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    RefundFailed,
    RefundPaid,
    RefundRequired,
    StatusChanged,
)
from domain.gateway import DisputeState, Late, PaymentNotice, PaymentState
from domain.order import Order, _barcode
from domain.order_money import (
    LATE,
    Attention,
    TicketsNeeded,
    attention_of,
    balances_of,
    note_dispute,
    note_failed,
    note_received,
    note_refund_failed,
    note_refund_paid,
    note_started,
)
from domain.status import Status

REFUND = "5f1d0c4f8b1e4d0011aa22bb"
WORTH = Order.replay(an_order_in_payment(GATEWAY)).worth.full
TICKETS = Order.replay(an_order_in_payment(GATEWAY)).tickets


def said(amount=WORTH, payment="gw-1", currency="RUB", refund=None):
    return PaymentNotice(
        system="gate", payment=payment, amount=Decimal(amount), currency=currency, refund=refund
    )


def fields(notice):
    return {
        "system": notice.system,
        "payment": notice.payment,
        "amount": notice.amount,
        "currency": notice.currency,
    }


def noted(kind, note, **more):
    return event(kind, **fields(note), **more)


def came(note, at=NOW):
    return noted(PaymentReceived, note, at=at, due_in="RUB")


def money_comes(note=None, *, late=Late.EQUAL_TICKETS, tickets=None, at=NOW):
    def ask(order):
        note_received(
            order,
            note or said(),
            metadata(at),
            SECRET,
            due_in="RUB",
            late=late,
            refund=REFUND,
            tickets=tickets,
        )

    return ask


def asked(note_it, *args):
    return lambda order: note_it(order, *args, metadata())


def done():
    barcodes = {ticket: _barcode(SECRET, ticket) for ticket in TICKETS}
    return event(StatusChanged, status=Status.DONE, barcodes=barcodes)


def test_a_payment_starts_fails_and_comes_only_upwards():
    started, failed = asked(note_started, said()), asked(note_failed, said())
    given(an_order_in_payment(GATEWAY)).when(started, started, failed, started, failed).then(
        noted(PaymentStarted, said()), noted(PaymentFailed, said())
    )
    given(an_order_in_payment(GATEWAY)).when(money_comes(), started, failed, money_comes()).then(
        came(said()), done()
    )
    given(an_order_in_payment(GATEWAY)).when(failed, money_comes()).then(
        noted(PaymentFailed, said()), came(said()), done()
    )


def test_too_little_does_not_finish_it_and_the_rest_does():
    part, rest = said(WORTH - 1), said("1.00", "gw-2")
    order = given(an_order_in_payment(GATEWAY)).when(money_comes(part)).then(came(part))
    assert attention_of(order) == [Attention.UNDERPAID]
    order = (
        given(an_order_in_payment(GATEWAY))
        .when(money_comes(part), money_comes(rest))
        .then(came(part), came(rest), done())
    )
    assert attention_of(order) == []


@pytest.mark.parametrize(
    ("notes", "attention"),
    [
        ([said(WORTH + 1)], [Attention.OVERPAID]),
        ([said(), said(payment="gw-2")], [Attention.PAID_TWICE]),
        ([said(), said("5.00", "gw-2", "EUR")], [Attention.OTHER_CURRENCY]),
    ],
)
def test_what_is_odd_waits_for_a_person(notes, attention):
    order = given(an_order_in_payment(GATEWAY)).when(*map(money_comes, notes))
    assert order.order.status is Status.DONE
    assert attention_of(order.order) == attention
    for balance in balances_of(order.order):
        places = (balance.earned, balance.due_back, balance.refunded, balance.charged_back)
        assert balance.received == sum(places) + balance.kept + balance.attention


def test_money_in_another_currency_finishes_nothing():
    euros = said(currency="EUR")
    given(an_order_in_payment(GATEWAY)).when(money_comes(euros)).then(came(euros))


def to_go_back(note, at):
    about = {"refund": REFUND, "reason": LATE, "value": note.amount, "currency": "RUB"}
    return event(RefundRequired, at, **about)


LET_GO = pytest.mark.parametrize("ended", [a_canceled_order, an_expired_order])


@LET_GO
@pytest.mark.parametrize("late", [Late.SAME_TICKETS, Late.EQUAL_TICKETS])
def test_late_money_needs_to_know_the_tickets(ended, late):
    case = given(ended())
    with pytest.raises(TicketsNeeded) as caught:
        case.when(money_comes(late=late))
    assert caught.value.tickets == case.order.tickets
    case.then_nothing()


@LET_GO
def test_late_money_has_the_tickets_again(ended):
    tickets = Order.replay(ended()).tickets
    worth = Order.replay(ended()).worth.full
    case = given(ended()).when(money_comes(said(worth), tickets=tickets))
    kinds = [type(each) for each in case.order.pending]
    assert kinds == [PaymentReceived, OrderReinstated, StatusChanged]
    assert (case.order.status, case.order.tickets) == (Status.DONE, tickets)


@LET_GO
@pytest.mark.parametrize(
    ("late", "tickets"), [(Late.EQUAL_TICKETS, {}), (Late.REFUND, None), (Late.REFUND, {})]
)
def test_late_money_without_tickets_is_to_be_paid_back(ended, late, tickets):
    note = said(Order.replay(ended()).worth.full)
    order = (
        given(ended())
        .when(money_comes(note, late=late, tickets=tickets, at=after(60)))
        .then(came(note, after(60)), to_go_back(note, after(60)))
    )
    assert attention_of(order) == [Attention.REFUND_REQUIRED]


def test_a_hold_that_ended_unnoticed_ends_first():
    at = after(10_000)
    case = given(an_order_in_payment(GATEWAY)).when(money_comes(late=Late.REFUND, at=at))
    kinds = [type(each) for each in case.order.pending]
    assert kinds == [PaymentReceived, StatusChanged, RefundRequired]
    assert case.order.status is Status.EXPIRED


@LET_GO
def test_too_little_late_money_moves_nothing(ended):
    at = after(60)
    given(ended()).when(money_comes(said("1.00"), tickets={}, at=at)).then(came(said("1.00"), at))


def test_a_dispute_comes_only_upwards():
    opened, won, lost = (asked(partial(note_dispute), said(), state) for state in DisputeState)
    changed = partial(noted, DisputeChanged, said())
    given(a_paid_order()).when(opened, opened, won, opened).then(
        changed(state=DisputeState.OPENED), changed(state=DisputeState.WON)
    )
    order = given(a_paid_order()).when(lost, won, opened).then(changed(state=DisputeState.LOST))
    assert order.valid_barcodes == {}


def test_a_refund_fails_and_is_paid_once():
    note = said(refund=REFUND)
    required = money_comes(late=Late.REFUND, at=after(10_000))
    failed, paid = asked(note_refund_failed, note), asked(note_refund_paid, note)
    case = given(an_order_in_payment(GATEWAY)).when(required, failed, failed, paid, failed, paid)
    kinds = [type(each) for each in case.order.pending]
    assert kinds[-2:] == [RefundFailed, RefundPaid]
    assert attention_of(case.order) == []
    given(a_paid_order()).when(failed).then_nothing()


def test_a_payment_all_of_which_went_back_does_not_come_again():
    back, again = asked(note_refund_paid, said(refund=REFUND)), money_comes(late=Late.REFUND)
    required = money_comes(late=Late.REFUND, at=after(10_000))
    case = given(an_order_in_payment(GATEWAY)).when(required, back, again)
    assert [type(each) for each in case.order.pending][-2:] == [RefundRequired, RefundPaid]
    assert {each.state for each in case.order.money.payments.values()} == {PaymentState.REFUNDED}


def test_a_refund_that_nobody_asked_for_is_recorded():
    back = asked(note_refund_paid, said("5.00"))
    case = given(an_order_in_payment(GATEWAY)).when(money_comes(), back)
    assert [type(each) for each in case.order.pending][2:] == [RefundPaid]
    assert attention_of(case.order) == [Attention.REFUND_DIFFERS]
