"""Refused requests about an order's money are in the rejection log, and in its timeline."""

import json

import pytest

from application.catalog.access import Caller
from application.orders.commands import Request
from application.orders.timeline.english import ENGLISH
from application.orders.timeline.russian import RUSSIAN
from application.payments.refund_service import RefundRequest
from application.payments.resolving import OPERATOR
from domain.order_money import Resolution
from domain.refunds import Culprit, RefundStatus
from domain.refusals import Refusal, UnknownOrder, UnknownRefund


def ask(paying, order, *tickets, culprit=Culprit.USER, request=None):
    wanted = RefundRequest(order.id, culprit, tickets)
    return paying.services.refunds.request(wanted, request or paying.request()).document["id"]


def logged(paying, order):
    return list(paying.services.attempts.of(order.id))


def refused(paying, order, code, words, ask_it, *args, **more):
    """Check that it is refused, and that log and timeline have it; return what was wanted."""
    before = len(logged(paying, order))
    with pytest.raises(Refusal) as caught:
        ask_it(*args, **more)
    [attempt] = logged(paying, order)[before:]
    assert (attempt.code, caught.value.code) == (code, code)
    for language in (ENGLISH, RUSSIAN):
        entries = paying.services.timelines.explain(order.id, language)["story"]
        assert [each["name"] for each in entries if each["kind"] == "attempt"][-1] == code
        assert all("{" not in each["sentence"] for each in entries)
    entries = paying.services.timelines.explain(order.id)["story"]
    assert words in [each["sentence"] for each in entries if each["kind"] == "attempt"][-1]
    return json.loads(attempt.wanted), attempt.actor


@pytest.fixture
def done(paying):
    order = paying.order(*paying.venue.a[:2])
    paying.tell(order, amount="200.00")
    return order


def test_a_refused_request_of_a_refund(paying, done, clock):
    first, other = paying.venue.a[0], paying.venue.a[4]
    held = paying.order(other)
    wanted, actor = refused(
        *(paying, held, "not_refundable", "in payment", ask, paying, held, other)
    )
    assert wanted == {"culprit": "user", "tickets_refund": [other]}
    assert actor == paying.request().caller.actor
    refused(paying, done, "ticket_not_of_order", other, ask, paying, done, other)
    ask(paying, done, first)
    refused(paying, done, "ticket_in_refund", first, ask, paying, done, first)
    clock.forward(days=31)
    refused(paying, done, "event_has_begun", "begun", ask, paying, done, paying.venue.a[1])


def test_a_refused_decision_and_payment_of_a_refund(paying, done):
    refunds = paying.services.refunds
    refund = ask(paying, done, paying.venue.a[0])
    operator = Request(OPERATOR, "request")
    wanted, actor = refused(
        *(paying, done, "refund_not_approved", "new", refunds.pay, refund, operator)
    )
    assert (wanted, actor) == ({"refund": refund, "paid": True}, "operator")
    refunds.decide(refund, RefundStatus.REJECTED, paying.request())
    asked = (refund, RefundStatus.APPROVED, paying.request())
    wanted, _ = refused(paying, done, "refund_decided", "rejected", refunds.decide, *asked)
    assert wanted == {"refund": refund, "decided": "approved"}


def test_a_refused_resolution(paying, done):
    asked = (done.id, Resolution.KEEP, paying.request())
    resolve = paying.services.resolver.resolve
    wanted, _ = refused(paying, done, "nothing_to_resolve", "none in RUB", resolve, *asked)
    assert wanted == {"resolution": "keep", "currency": None}


def test_who_may_not_see_the_order_has_no_place_in_its_timeline(paying, done):
    stranger = Request(Caller(paying.venue.stranger, "key", "en"), "request")
    with pytest.raises(UnknownOrder):
        ask(paying, done, paying.venue.a[0], request=stranger)
    with pytest.raises(UnknownOrder):
        paying.services.resolver.resolve(done.id, Resolution.KEEP, stranger)
    refund = ask(paying, done, paying.venue.a[0])
    with pytest.raises(UnknownRefund):
        paying.services.refunds.decide(refund, RefundStatus.APPROVED, stranger)
    assert logged(paying, done) == []
