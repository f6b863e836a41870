"""Two writers of one order: the later is decided again on the new state."""

import pytest
from at_once import at_once, overtaken
from catalog import BASE
from http_seller import refused, the

AS_IT_DECIDES = 3
"""Who takes tickets looks at the clock once more before: for what the vendor holds."""


@pytest.fixture
def ready(seller, venue):
    """An order that only has to be paid."""
    return seller.order(tickets=venue.a[:2], payment={"system": BASE})


def test_who_comes_before_a_change_and_is_refused_by_it_is_in_conflict(seller, ready, clock):
    first, second = overtaken(
        clock,
        lambda: seller.patch(ready, status="canceled"),
        lambda: seller.patch(ready, status="in_progress"),
    )
    assert first.status_code == 200
    problem = refused(second, 409, "changed_meanwhile")
    assert problem["current"] == {"version": 3, "status": "canceled", "allowed": []}
    assert "canceled" in problem["detail"]


def test_who_comes_after_the_change_is_told_plainly(seller, ready):
    seller.change(ready, status="canceled")
    refused(seller.patch(ready, status="in_progress"), 400, "move_not_allowed")


def test_two_who_want_the_same_are_both_granted_it(seller, ready, clock, unchanged):
    first, second = overtaken(
        clock,
        lambda: seller.patch(ready, status="in_progress"),
        lambda: seller.patch(ready, status="in_progress"),
    )
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json == second.json
    assert seller.history(ready).count("StatusChanged") == 1


def test_who_comes_second_and_can_still_be_granted_is_decided_on_the_new_state(
    seller, venue, ready, clock
):
    first, second = overtaken(
        clock,
        lambda: seller.patch(ready, tickets=venue.a[:3]),
        lambda: seller.patch(ready, status="in_progress"),
        at_look=AS_IT_DECIDES,
    )
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json["tickets"] == venue.a[:3]
    assert second.json["value"] == "300.00"


def test_who_named_the_version_is_refused_whatever_it_wanted(seller, venue, ready, clock):
    version = {"If-Match": '"2"'}
    first, second = overtaken(
        clock,
        lambda: seller.patch(ready, tickets=venue.a[:3], headers=version),
        lambda: seller.patch(ready, tickets=venue.a[:1], headers=version),
        at_look=AS_IT_DECIDES,
    )
    assert first.status_code == 200
    assert refused(second, 412, "version_mismatch")["current"]["version"] == 3
    assert seller.look(ready)["tickets"] == venue.a[:3]


def test_a_bad_request_is_no_conflict(seller, venue, ready, clock):
    first, second = overtaken(
        clock,
        lambda: seller.patch(ready, status="canceled"),
        lambda: seller.patch(ready, tickets=venue.m),
    )
    assert first.status_code == 200
    refused(second, 400, "ticket_of_another_event")


@pytest.mark.parametrize("late_ms", [-1, 0])
def test_payment_cancel_and_sweeper_in_one_millisecond_tell_one_timeline(
    running, services, seller, venue, clock, late_ms
):
    """At the boundary of the hold; the last millisecond before it, and the first one after."""
    for seat in [*venue.a, *venue.b]:
        order = seller.order(tickets=[seat], payment={"system": BASE})
        clock.forward(minutes=10, milliseconds=late_ms)
        paying, canceling, deleting, buying, _ = at_once(
            lambda order=order: seller.patch(order, status="in_progress"),
            lambda order=order: seller.patch(order, status="canceled"),
            lambda order=order: seller.cancel(order),
            lambda seat=seat: seller.create(tickets=[seat]),
            lambda order=order: services.orders.expire([order["id"]], "sweeper"),
        )
        after = seller.look(order)
        statuses = [
            event["data"].get("status")
            for event in seller.get(the(order) + "/history").json["events"]
            if event["name"] == "StatusChanged"
        ]
        granted = [answer.status_code == 200 for answer in (paying, canceling, deleting)]
        for answer in (paying, canceling, deleting):
            assert answer.status_code in {200, 400, 409}, answer.json
        if late_ms < 0:
            assert statuses in (["canceled"], ["in_progress", "canceled"])
            assert after["status"] == "canceled"
            assert granted[1:] == [True, True]
            assert granted[0] == (statuses[0] == "in_progress")
        else:
            assert statuses == ["expired"]
            assert after["status"] == "expired"
            assert granted == [False, False, False]
        assert buying.status_code == 201
        owner = seller.tickets()[seat]["status"]
        assert owner == ("reserved" if buying.json["tickets"] else "vacant")
        if late_ms == 0:
            assert buying.json["tickets"] == [seat]
        seller.cancel(buying.json)


def test_a_seat_that_many_want_goes_to_one(seller, shop, venue):
    answers = at_once(
        *[lambda: seller.create(tickets=venue.a)] * 4, *[lambda: shop.create(tickets=venue.a)] * 4
    )
    assert [answer.status_code for answer in answers] == [201] * 8
    assert sorted(ticket for answer in answers for ticket in answer.json["tickets"]) == venue.a


def test_places_at_random_go_to_as_many_as_there_are(seller, shop, venue):
    answers = at_once(
        *[lambda: seller.create(random={venue.floor: 2})] * 5,
        *[lambda: shop.create(random={venue.floor: 2})] * 5,
    )
    taken = [ticket for answer in answers for ticket in answer.json["tickets"]]
    assert len(taken) == len(set(taken)) == 12
    assert len({answer.json["number"] for answer in answers}) == 10


def test_overdue_seats_that_many_want_go_to_one(seller, shop, venue, clock):
    order = seller.order(tickets=venue.a)
    clock.forward(minutes=10)
    answers = at_once(
        *[lambda: seller.create(tickets=venue.a)] * 3,
        *[lambda: shop.create(random={venue.parterre: 5})] * 3,
    )
    assert [answer.status_code for answer in answers] == [201] * 6
    assert sorted(ticket for answer in answers for ticket in answer.json["tickets"]) == venue.a
    assert seller.history(order) == ["OrderCreated", "StatusChanged"]


def test_sweepers_of_several_processes_do_nothing_twice(running, services, seller, venue, clock):
    orders = [seller.order(tickets=[seat]) for seat in [*venue.a, *venue.b]]
    clock.forward(minutes=10)
    ids = [order["id"] for order in orders]
    with running.another() as other:
        swept = at_once(
            *[lambda: services.orders.expire(ids, "sweeper")] * 2,
            *[lambda: other.services.orders.expire(ids, "sweeper")] * 2,
        )
    assert sorted(order for each in swept for order in each) == ids
    for order in orders:
        assert seller.history(order) == ["OrderCreated", "StatusChanged"]
