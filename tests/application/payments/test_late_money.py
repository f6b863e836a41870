"""What becomes of money that comes when its order has ended, on both stores."""

import pytest
from catalog import rule

from application.catalog.endings import suspend_partner
from domain.commands import BestAvailable
from domain.order_money import Attention, attention_of, balance_of
from domain.status import Status


@pytest.fixture(params=["same_tickets", "equal_tickets", "refund"])
def late(request, paying):
    paying.load({"late": request.param})
    return request.param


def owned_by(paying, order):
    tickets = paying.services.store.tickets(paying.venue.evening)
    return {each.id for each in tickets if each.order == order.id}


def done(paying, order):
    now = paying.now(order)
    assert now.status is Status.DONE
    assert owned_by(paying, order) == set(now.tickets) == set(now.barcodes)
    assert balance_of(now).earned == now.worth.full
    assert attention_of(now) == []
    return now


def to_be_refunded(paying, order, status, value="100.00"):
    now = paying.now(order)
    assert now.status is status
    assert owned_by(paying, order) == set()
    assert str(balance_of(now).due_back) == value
    assert attention_of(now) == [Attention.REFUND_REQUIRED]


def test_after_the_hold_the_tickets_are_still_its_own(paying, clock, late):
    order = paying.order(paying.venue.a[0])
    clock.forward(minutes=16)
    assert paying.tell(order) == "kept"
    if late == "refund":
        to_be_refunded(paying, order, Status.EXPIRED)
    else:
        assert set(done(paying, order).tickets) == {paying.venue.a[0]}


@pytest.mark.parametrize("end", ["canceled", "swept"])
def test_the_same_tickets_are_vacant(paying, clock, late, end):
    order = paying.order(paying.venue.a[0])
    if end == "canceled":
        paying.cancel(order)
    else:
        clock.forward(minutes=16)
        assert paying.services.orders.expire([order.id], "sweeper")
    assert paying.tell(order) == "kept"
    if late == "refund":
        to_be_refunded(paying, order, Status(end if end == "canceled" else "expired"))
    else:
        assert set(done(paying, order).tickets) == {paying.venue.a[0]}
        assert paying.names(order)[-3:] == ["PaymentReceived", "OrderReinstated", "StatusChanged"]


def test_one_of_two_is_gone_and_another_of_its_set_is_vacant(paying, late):
    a = paying.venue.a
    order = paying.order(a[0], a[1])
    paying.cancel(order)
    paying.order(a[0])
    assert paying.tell(order, amount="200.00") == "kept"
    if late == "equal_tickets":
        tickets = set(done(paying, order).tickets)
        assert a[1] in tickets
        assert len(tickets) == 2
        assert tickets <= set(a)
    else:
        to_be_refunded(paying, order, Status.CANCELED, "200.00")


def test_an_overdue_hold_is_ended_for_it(paying, clock, late):
    a = paying.venue.a
    order = paying.order(a[0])
    paying.cancel(order)
    other = paying.order(a[0])
    clock.forward(minutes=16)
    assert paying.tell(order) == "kept"
    if late == "refund":
        to_be_refunded(paying, order, Status.CANCELED)
    else:
        assert set(done(paying, order).tickets) == {a[0]}
        assert paying.now(other).status is Status.EXPIRED


def test_overdue_holds_of_all_others_of_the_set_are_ended(paying, clock):
    a = paying.venue.a
    order = paying.order(a[0])
    paying.cancel(order)
    paying.order(*a[1:])
    clock.forward(minutes=16)
    paying.order(a[0])
    assert paying.tell(order) == "kept"
    assert set(done(paying, order).tickets) < set(a[1:])


def test_all_of_the_set_are_gone(paying, late):
    a = paying.venue.a
    order = paying.order(a[0])
    paying.cancel(order)
    paying.order(*a)
    assert paying.tell(order) == "kept"
    to_be_refunded(paying, order, Status.CANCELED)


def test_a_dearer_ticket_takes_the_place_of_none(paying):
    a, before = paying.venue.a, paying.venue.parterre_rule
    order = paying.order(a[0])
    paying.cancel(order)
    paying.order(a[0])

    def dearer(document):
        document["events"][0]["sets"][0]["rules"] = [rule(before, "100.01")]

    paying.load({}, dearer)
    assert paying.tell(order) == "kept"
    to_be_refunded(paying, order, Status.CANCELED)


def test_a_cheaper_one_does(paying):
    a, before = paying.venue.a, paying.venue.parterre_rule
    order = paying.order(a[0])
    paying.cancel(order)
    paying.order(a[0])

    def cheaper(document):
        document["events"][0]["sets"][0]["rules"] = [rule(before, "99.99")]

    paying.load({}, cheaper)
    paying.tell(order)
    done(paying, order)


def test_a_closed_sale_gives_no_other_ticket(paying):
    a = paying.venue.a
    order = paying.order(a[0])
    paying.cancel(order)
    paying.order(a[0])
    suspend_partner(paying.services.store, paying.venue.org, paying.clock())
    paying.services.catalog._look_again = 0.0
    paying.tell(order)
    to_be_refunded(paying, order, Status.CANCELED)


def test_after_the_event_nothing_is_given(paying, clock):
    order = paying.order(paying.venue.a[0])
    clock.forward(days=60)
    paying.tell(order)
    to_be_refunded(paying, order, Status.EXPIRED)


def test_tickets_without_seats_are_picked_again(paying):
    order = paying.order(selection=BestAvailable({paying.venue.floor: 2}))
    paying.cancel(order)
    paying.order(*order.tickets)
    paying.tell(order, amount="111.00")
    now = done(paying, order)
    assert len(now.tickets) == 2
    assert not set(now.tickets) & set(order.tickets)


def test_too_little_late_money_waits_and_the_rest_of_it_brings_the_tickets(paying):
    order = paying.order(paying.venue.a[0])
    paying.cancel(order)
    paying.tell(order, amount="60.00")
    now = paying.now(order)
    assert (now.status, attention_of(now)) == (Status.CANCELED, [Attention.UNDERPAID])
    paying.tell(order, amount="40.00", payment="gw-2")
    done(paying, order)
