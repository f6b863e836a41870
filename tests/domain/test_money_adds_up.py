"""Whatever notices come, in whatever order, doubled or late: each cent of an order has a place."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_states import GATEWAY, NOW, PARTERRE, PARTERRE_PRICE, SECRET, SHOW

from application.integrity.money_check import MoneyTotals, note_money
from domain.commands import BestAvailable, CommandMetadata, Payment
from domain.gateway import DisputeState, Late, PaymentNotice
from domain.order import Order
from domain.order_money import (
    Resolution,
    TicketsNeeded,
    attention_of,
    balances_of,
    note_dispute,
    note_failed,
    note_received,
    note_refund_failed,
    note_refund_paid,
    note_started,
    resolve,
)
from domain.order_promocodes import apply_promocodes
from domain.order_refunds import approve_refund, pay_refund, reject_refund, request_refund
from domain.promocodes import Promocode
from domain.refunds import Culprit
from domain.refusals import Refusal
from domain.status import Status

PRICE = PARTERRE_PRICE.nominal + PARTERRE_PRICE.extra
WORTH = 2 * PRICE
REFUNDS = ("r1", "r2", "r3")
AMOUNTS = st.sampled_from([Decimal("0.01"), PRICE, WORTH, WORTH + Decimal("0.70")])
NOTICES = st.builds(
    PaymentNotice,
    system=st.just(GATEWAY.id),
    payment=st.sampled_from(["gw-1", "gw-2"]),
    amount=AMOUNTS,
    currency=st.sampled_from(["RUB", "RUB", "RUB", "EUR"]),
    refund=st.sampled_from([None, *REFUNDS]),
)


def at(minutes):
    return CommandMetadata(NOW + timedelta(minutes=minutes), "gateway:api/CARD", "notice")


def an_order_in_payment(percent=""):
    order = Order.create(
        "56a73b7ff06c5a21c393806b",
        1,
        SHOW,
        vendor="v",
        deal=None,
        lang="ru",
        command=BestAvailable({PARTERRE: 2}),
        vacant={"t1": PARTERRE, "t2": PARTERRE},
        all_or_nothing=False,
        metadata=at(0),
    )
    if percent:
        code = Promocode(id="p", code="CODE", percent=Decimal(percent), limit=1)
        apply_promocodes(order, ["code"], [code], at(0), lambda *_: "promocode/p/1")
    order.choose_payment(Payment(GATEWAY), at(0))
    order.move_to(Status.IN_PROGRESS, at(0), SECRET)
    return order


def receive(order, notice, metadata, *, late=Late.EQUAL_TICKETS, vacant=True):
    asked = {"due_in": "RUB", "late": late, "refund": f"late-{order.version}"}
    try:
        note_received(order, notice, metadata, SECRET, **asked)
    except TicketsNeeded as needed:
        tickets = needed.tickets if vacant else {}
        uses = {"uses": order.uses}
        note_received(order, notice, metadata, SECRET, **asked, **uses, tickets=tickets)


def dispute(state):
    return lambda order, notice, metadata: note_dispute(order, notice, state, metadata)


def ask_back(order, notice, metadata):
    """Ask with the id that the notice names, unless a refund has it: the service repeats none."""
    known = order.money.refunds if order.money else {}
    new = notice.refund if notice.refund not in known else None
    request_refund(
        order,
        new or f"asked-{order.version}",
        list(order.tickets)[:1],
        metadata,
        show=SHOW,
        culprit=Culprit.ORG,
    )


def person(resolution):
    return lambda order, notice, metadata: resolve(
        order,
        resolution,
        metadata,
        currency=notice.currency,
        note="why",
        refund=f"resolved-{order.version}",
        secret=SECRET,
    )


STEPS = {
    "started": note_started,
    "failed": note_failed,
    "received": receive,
    "received, nothing left": lambda *given: receive(*given, vacant=False),
    "received, late is refund": lambda *given: receive(*given, late=Late.REFUND),
    "refund paid": note_refund_paid,
    "refund failed": note_refund_failed,
    "opened": dispute(DisputeState.OPENED),
    "won": dispute(DisputeState.WON),
    "lost": dispute(DisputeState.LOST),
    "asked back": ask_back,
    "approved": lambda order, notice, how: approve_refund(order, notice.refund or "", SHOW, how),
    "rejected": lambda order, notice, how: reject_refund(order, notice.refund or "", how),
    "paid back": lambda order, notice, how: pay_refund(order, notice.refund or "", how),
    "kept": person(Resolution.KEEP),
    "sent back": person(Resolution.REFUND),
    "accepted": person(Resolution.ACCEPT),
    "canceled": lambda order, _, how: order.move_to(Status.CANCELED, how, SECRET),
}


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["", "", "33.33", "100"]),
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), NOTICES, st.integers(0, 40)), max_size=14),
)
def test_each_cent_has_a_place_after_every_step(percent, steps):
    order = an_order_in_payment(percent)
    events = list(order.pending)
    for name, notice, minutes in steps:
        try:
            STEPS[name](order, notice, at(minutes))
        except Refusal:
            assert name not in {"started", "failed", "received", "refund paid", "lost"}
        events = list(order.pending)
        assert list(note_money(order, events, MoneyTotals())) == []
    again = Order.replay(events)
    assert again.money == order.money
    assert (again.status, again.tickets) == (order.status, order.tickets)
    for balance in balances_of(order):
        parts = (balance.earned, balance.due_back, balance.refunded, balance.charged_back)
        assert balance.received == sum(parts) + balance.kept + balance.attention
        assert min(parts) >= 0
    assert not order.tickets.keys() & (order.money.withdrawn.keys() if order.money else set())


@settings(max_examples=150, deadline=None)
@given(st.permutations(["started", "failed", "received", "opened", "won", "lost"] * 2))
def test_a_payment_ends_the_same_in_whatever_order_its_notices_come(names):
    order = an_order_in_payment()
    notice = PaymentNotice(system=GATEWAY.id, payment="gw-1", amount=WORTH, currency="RUB")
    for name in names:
        STEPS[name](order, notice, at(1))
    (payment,) = order.money.payments.values()
    assert (payment.state, payment.dispute, payment.amount) == ("received", "lost", WORTH)
    assert order.status is Status.DONE
    assert order.valid_barcodes == {}
    assert order.own_tickets.keys() == {"t1", "t2"}


@pytest.mark.parametrize(
    ("amounts", "attention", "status"),
    [
        ([WORTH], [], Status.DONE),
        ([PRICE], ["underpaid"], Status.IN_PROGRESS),
        ([PRICE, PRICE], [], Status.DONE),
        ([WORTH + 1], ["overpaid"], Status.DONE),
        ([WORTH, WORTH], ["paid_twice"], Status.DONE),
    ],
)
def test_what_a_payment_does(amounts, attention, status):
    order = an_order_in_payment()
    for number, amount in enumerate(amounts):
        receive(
            order,
            PaymentNotice(system=GATEWAY.id, payment=f"gw-{number}", amount=amount, currency="RUB"),
            at(1),
        )
    assert attention_of(order) == attention
    assert order.status is status
