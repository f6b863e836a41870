"""Refunds of an order: asked for, approved, rejected, paid; and how much each policy gives."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from order_case import given, numbered
from order_states import (
    A1,
    A2,
    B1,
    GATEWAY,
    NOW,
    ORDER,
    PARTERRE,
    REQUEST,
    SELLER,
    SHOW,
    a_mixed_order,
    a_paid_order,
    an_executed_order,
    an_order_in_payment,
    event,
)

from domain import refusals
from domain.commands import CommandMetadata
from domain.events import (
    DisputeChanged,
    PaymentReceived,
    RefundApproved,
    RefundPaid,
    RefundRejected,
    RefundRequested,
    StatusChanged,
)
from domain.gateway import DisputeState, PaymentNotice, PaymentState
from domain.order_money import Attention, attention_of, note_refund_paid
from domain.order_refunds import (
    approve_refund,
    next_refund_id,
    pay_refund,
    refunds_of,
    reject_refund,
    request_refund,
)
from domain.refunds import (
    MOST_REFUNDS,
    Culprit,
    RefundPolicy,
    RefundStatus,
    RefundTerms,
    orders_of_refund,
    part_paid_back,
    refund_id,
)
from domain.status import Status

FIRST = refund_id(ORDER, 1)
METADATA = CommandMetadata(NOW, SELLER, REQUEST)
SECOND = timedelta(seconds=1)


def a_show(before=timedelta(days=30), **terms):
    return msgspec.structs.replace(SHOW, starts_at=NOW + before, refunds=RefundTerms(**terms))


def asked(*tickets, show=None, culprit=Culprit.USER, stay=False):
    def ask(order):
        request_refund(
            order,
            next_refund_id(order),
            tickets,
            METADATA,
            show=show or a_show(),
            culprit=culprit,
            stay=stay,
        )

    return ask


def approved(order, show=None):
    approve_refund(order, FIRST, show or a_show(), METADATA)


def rejected(order):
    reject_refund(order, FIRST, METADATA)


def paid(order):
    pay_refund(order, FIRST, METADATA)


def requested(*tickets, value="100.00", refund=FIRST, **more):
    return event(
        RefundRequested,
        refund=refund,
        culprit=more.pop("culprit", Culprit.USER),
        tickets=tickets,
        value=Decimal(value),
        currency="RUB",
        **more,
    )


APPROVAL = event(RefundApproved, refund=FIRST)
REJECTION = event(RefundRejected, refund=FIRST)
PAYMENT = event(RefundPaid, refund=FIRST, amount=Decimal("100.00"), currency="RUB")


def a_new_refund(*more):
    return numbered([*a_paid_order(), requested(A1), *more])


def a_done_mixed_order():
    done = event(StatusChanged, status=Status.DONE, barcodes={A1: "1", B1: "2"})
    return numbered([*a_mixed_order(), done])


def test_a_ticket_is_asked_to_go():
    order = given(a_paid_order()).when(asked(A1)).then(requested(A1))
    assert order.tickets == {A1: PARTERRE, A2: PARTERRE}


def test_those_that_stay_are_named_and_the_others_go():
    given(a_paid_order()).when(asked(A2, stay=True)).then(requested(A1, stay=(A2,)))


def test_the_fee_is_paid_back_and_half_a_cent_is_rounded_up():
    law = a_show(timedelta(days=5), policy=RefundPolicy.LAW_RU_193)
    given(a_done_mixed_order()).when(asked(B1, show=law)).then(requested(B1, value="18.34"))


def test_several_refunds_of_an_order_never_share_a_ticket():
    case = given(a_new_refund())
    case.when(asked(A2)).then(requested(A2, refund=refund_id(ORDER, 2)))
    given(a_new_refund()).when(asked(A1)).then_refused(refusals.TicketInRefund, ticket=A1)
    given(a_new_refund()).when(asked(stay=True)).then_refused(refusals.TicketInRefund, ticket=A1)


def test_a_rejected_one_lets_its_ticket_go_into_another():
    given(a_new_refund(REJECTION)).when(asked(A1)).then(requested(A1, refund=refund_id(ORDER, 2)))


def test_what_cannot_be_asked_for():
    order = given(an_executed_order()).when(asked(A1))
    order.then_refused(refusals.NotRefundable, status=Status.EXECUTED)
    given(a_paid_order()).when(asked(B1)).then_refused(refusals.TicketNotOfOrder, ticket=B1)
    given(a_paid_order()).when(asked()).then_refused(refusals.NothingToRefund)
    given(a_paid_order()).when(asked(A1, A2, stay=True)).then_refused(refusals.NothingToRefund)


def test_once_the_show_has_begun_only_the_organiser_can_be_the_culprit():
    begun = a_show(timedelta(0))
    given(a_paid_order()).when(asked(A1, show=begun)).then_refused(refusals.ShowHasBegun, at=NOW)
    given(a_paid_order()).when(asked(A1, show=begun, culprit=Culprit.ORG)).then(
        requested(A1, culprit=Culprit.ORG)
    )


def test_an_order_does_not_grow_without_end():
    order = given(a_paid_order()).order
    for _ in range(MOST_REFUNDS):
        asked(A1)(order)
        reject_refund(order, refunds_of(order)[-1].id, METADATA)
    assert len({each.id for each in refunds_of(order)}) == MOST_REFUNDS
    with pytest.raises(refusals.TooManyRefunds):
        asked(A1)(order)


def test_an_approved_refund_takes_its_tickets_out_of_force_and_keeps_them():
    order = given(a_new_refund()).when(approved).then(APPROVAL)
    assert (order.tickets, order.barcodes.keys()) == ({A2: PARTERRE}, {A2})
    assert order.own_tickets == {A1: PARTERRE, A2: PARTERRE}


def test_tickets_go_on_sale_again_where_the_show_wants_and_has_not_begun():
    resells = a_show(resell=True)
    again = event(RefundApproved, refund=FIRST, resold=(A1,))
    order = given(a_new_refund()).when(lambda it: approved(it, resells)).then(again)
    assert order.own_tickets == {A2: PARTERRE}
    begun = a_show(timedelta(0), resell=True)
    given(a_new_refund()).when(lambda it: approved(it, begun)).then(APPROVAL)


def test_what_is_decided_stays_decided():
    given(a_new_refund()).when(rejected).then(REJECTION)
    given(a_new_refund(REJECTION)).when(rejected).then_nothing()
    given(a_new_refund(APPROVAL)).when(approved).then_nothing()
    case = given(a_new_refund(REJECTION)).when(approved)
    case.then_refused(refusals.RefundDecided, status=RefundStatus.REJECTED)
    case = given(a_new_refund(APPROVAL)).when(rejected)
    case.then_refused(refusals.RefundDecided, status=RefundStatus.APPROVED)


def test_an_approved_refund_is_paid_once():
    given(a_new_refund(APPROVAL)).when(paid).then(PAYMENT)
    given(a_new_refund(APPROVAL, PAYMENT)).when(paid).then_nothing()
    case = given(a_new_refund()).when(paid)
    case.then_refused(refusals.RefundNotApproved, status=RefundStatus.NEW)
    given(a_paid_order()).when(paid).then_refused(refusals.UnknownRefund, refund=FIRST)


@pytest.mark.parametrize(
    ("before", "part"),
    [
        (timedelta(days=10), "1"),
        (timedelta(days=10) - SECOND, "0.5"),
        (timedelta(days=5), "0.5"),
        (timedelta(days=5) - SECOND, "0.3"),
        (timedelta(days=3), "0.3"),
        (timedelta(days=3) - SECOND, "0"),
    ],
)
def test_the_law_to_the_second(before, part):
    given_back = (NOW, NOW + before)
    assert part_paid_back(RefundPolicy.LAW_RU_193, Culprit.USER, *given_back) == Decimal(part)
    assert part_paid_back(RefundPolicy.LAW_RU_193, Culprit.ORG, *given_back) == 1
    assert part_paid_back(RefundPolicy.GENERAL, Culprit.USER, *given_back) == 1


def test_the_id_of_a_refund_leads_to_its_order():
    for number in (1, 2, MOST_REFUNDS):
        refund = refund_id(ORDER, number)
        assert len(refund) == len(ORDER)
        assert ORDER in orders_of_refund(refund)
        assert refund != ORDER


def of_gateway(kind, **fields):
    payment = {"system": GATEWAY.id, "payment": "gw-1", "amount": Decimal(100), "currency": "RUB"}
    return event(kind, **{**payment, **fields})


def an_order_paid_at_the_gateway(*more):
    """A done order of two tickets for 100.00 each."""
    received = of_gateway(PaymentReceived, amount=Decimal(200), due_in="RUB")
    done = event(StatusChanged, status=Status.DONE, barcodes={A1: "1", A2: "2"})
    return numbered([*an_order_in_payment(GATEWAY), received, done, *more])


def a_disputed_order(*more):
    """A done order of 200.00, of which 100.00 were charged back."""
    lost = of_gateway(DisputeChanged, state=DisputeState.LOST)
    return an_order_paid_at_the_gateway(lost, *more)


def test_no_more_is_paid_back_than_is_left_after_a_lost_dispute():
    given(a_disputed_order()).when(asked(A1, A2)).then(requested(A1, A2))
    second = requested(A2, value="0.00", refund=refund_id(ORDER, 2))
    given(a_disputed_order(requested(A1))).when(asked(A2)).then(second)


def test_a_refund_is_not_approved_when_its_money_was_charged_back_since():
    order = a_disputed_order(requested(A1, A2, value="200.00"))
    left = {"value": Decimal("200.00"), "left": Decimal("100.00")}
    given(order).when(approved).then_refused(refusals.RefundExceedsMoney, **left)
    given(order).when(rejected).then(REJECTION)


def test_money_that_went_back_in_another_currency_pays_no_refund():
    order = an_order_paid_at_the_gateway(requested(A1), APPROVAL)
    notice = PaymentNotice(
        system=GATEWAY.id, payment="gw-1", amount=Decimal("100.00"), currency="EUR", refund=FIRST
    )
    back = given(order).when(lambda order: note_refund_paid(order, notice, METADATA))
    order = back.then(of_gateway(RefundPaid, refund="gw-1", currency="EUR"))
    assert order.money.refunds[FIRST].status is RefundStatus.APPROVED
    assert order.money.payments[notice.key].state is PaymentState.RECEIVED
    assert Attention.OTHER_CURRENCY in attention_of(order)
