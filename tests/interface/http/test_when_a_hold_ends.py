"""From `reserved_till` on an order is expired for every question, to the millisecond."""

from datetime import timedelta

import pytest
from catalog import BASE
from clock import MILLISECOND, written
from http_seller import ORDERS, refused, the

from application.orders.expiry import sweep

SIMPLE = "/v1/services/simple/events"


@pytest.fixture
def held(seller, venue, clock, running):
    """An order of two seats; the last millisecond of its hold has come."""
    order = seller.order(tickets=venue.a[:2], customer={"first_name": "Anna"})
    clock.forward(minutes=10, milliseconds=-1)
    running.catch_up()
    return order


@pytest.fixture
def over(held, clock):
    """The same order a millisecond later; nobody has swept."""
    clock.forward(milliseconds=1)
    return held


def vacant_in_the_parterre(seller):
    evening = next(show for show in seller.get(SIMPLE).json if show["id"] == seller.event)
    return evening["sets"][0]["amount_vacant"]


def test_until_then_it_is_held_for_every_question(seller, venue, held, unchanged):
    with unchanged():
        assert seller.look(held) == held
        assert seller.orders("?status=executed") == [held["id"]]
        assert seller.orders("?status=expired") == []
        assert seller.tickets()[venue.a[0]]["status"] == "reserved"
        assert list(seller.tickets(query="?status=reserved")) == venue.a[:2]
        assert vacant_in_the_parterre(seller) == 3
    assert seller.change(held, payment={"system": BASE}, status="in_progress")


def test_from_then_on_it_is_expired_for_every_question(seller, venue, over, unchanged):
    expired = over | {"status": "expired", "reserved_till": None}
    with unchanged():
        assert seller.look(over) == expired
        assert seller.get(the(over) + "?version=2").json == over
        assert seller.get(ORDERS).json == [expired]
        assert seller.orders("?status=executed") == []
        assert seller.orders("?status=in_progress,expired") == [over["id"]]
        assert seller.tickets()[venue.a[0]] == {
            "id": venue.a[0],
            "status": "vacant",
            "set": venue.parterre,
            "reserved_till": None,
            "seat": {"sector": "54d7a0409cb538783b7bf8d5", "row": 1, "number": 1},
        }
        assert list(seller.tickets(query="?status=reserved")) == []
        assert vacant_in_the_parterre(seller) == 5
        assert len(seller.get(the(over) + "/tickets").json) == 2


def test_a_kept_page_of_tickets_follows_an_order_and_the_end_of_its_hold(seller, venue, clock):
    def status():
        return seller.tickets()[venue.a[0]]["status"]

    assert status() == "vacant"
    seller.order(tickets=venue.a[:1])
    assert status() == "reserved"
    clock.forward(minutes=10, milliseconds=-1)
    assert status() == "reserved"
    clock.forward(milliseconds=1)
    assert status() == "vacant"


def test_from_then_on_nothing_can_be_changed(seller, venue, over, unchanged):
    with unchanged():
        for command, code in (
            ({"tickets": venue.a[:1]}, "tickets_locked"),
            ({"customer": {"first_name": "Berta"}}, "customer_locked"),
            ({"payment": {"system": BASE}}, "payment_locked"),
            ({"status": "in_progress"}, "move_not_allowed"),
            ({"status": "canceled"}, "move_not_allowed"),
            ({"status": "executed"}, "move_not_allowed"),
        ):
            problem = refused(seller.patch(over, **command), 400, code)
            assert "expired" in problem["detail"]
        refused(seller.cancel(over), 400, "move_not_allowed")
        assert seller.change(over, tickets=venue.a[:2])["status"] == "expired"


def test_a_payment_that_runs_ends_with_its_own_hold(seller, venue, clock, unchanged):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE}, status="in_progress")
    clock.forward(minutes=30, milliseconds=-1)
    assert seller.look(order)["status"] == "in_progress"
    clock.forward(milliseconds=1)
    expired = order | {"status": "expired", "reserved_till": None}
    with unchanged():
        assert seller.look(order) == expired
        refused(seller.patch(order, status="done"), 400, "move_not_allowed")


def test_an_order_as_it_was_is_seen_with_the_eyes_of_that_moment(seller, over, clock):
    last = written(clock.moment - MILLISECOND)
    assert seller.get(f"{the(over)}?at={last.replace('+', '%2B')}").json == over
    now = written(clock.moment)
    assert seller.get(f"{the(over)}?at={now.replace('+', '%2B')}").json["status"] == "expired"


def test_the_sweeper_records_it_and_changes_nothing_that_is_seen(
    seller, venue, over, running, services, clock
):
    before = seller.look(over), seller.tickets()
    running.catch_up()
    assert over["id"] in sweep(services.queries, services.orders, "sweeper")
    running.catch_up()
    assert (seller.look(over), seller.tickets()) == before
    assert seller.history(over) == ["OrderCreated", "CustomerSet", "StatusChanged"]
    last = seller.get(the(over) + "/history").json["events"][-1]
    assert (last["actor"], last["request"]) == ("system", "sweeper")
    assert last["data"] == {"status": "expired"}
    assert over["id"] not in sweep(services.queries, services.orders, "sweeper")
    assert seller.orders("?status=expired") == [over["id"]]
    assert seller.look(over)["updated_at"] == over["updated_at"]


def test_who_wants_seats_that_only_an_overdue_order_keeps_gets_them(seller, shop, venue, over):
    order = shop.order(tickets=venue.a[:3])
    assert order["tickets"] == venue.a[:3]
    assert seller.history(over)[-1] == "StatusChanged"
    assert seller.look(over)["tickets"] == venue.a[:2]


def test_who_wants_any_seats_gets_those_of_overdue_orders_too(seller, shop, venue, over):
    order = shop.order(random={venue.parterre: 5}, all_or_nothing=True)
    assert sorted(order["tickets"]) == venue.a


def test_who_adds_seats_gets_those_of_overdue_orders_too(seller, shop, venue, over):
    order = shop.order(tickets=[venue.b[0]])
    assert shop.change(order, tickets=venue.a[:1])["tickets"] == venue.a[:1]
    assert seller.look(over)["status"] == "expired"
    assert seller.look(over)["tickets"] == venue.a[:2]


def test_while_others_hold_them_a_millisecond_longer_they_are_not_free(seller, shop, venue, held):
    assert shop.order(tickets=venue.a[:3])["tickets"] == [venue.a[2]]


def test_however_many_overdue_orders_keep_what_is_wanted(seller, shop, venue, clock):
    for _ in range(12):
        seller.order(random={venue.floor: 1})
    clock.forward(minutes=10)
    order = shop.order(random={venue.floor: 12}, all_or_nothing=True)
    assert len(order["tickets"]) == 12


def test_a_request_that_is_refused_frees_at_most_what_was_free_anyway(
    seller, shop, venue, over, clock
):
    refused(shop.create(tickets=venue.a[:1], status="in_progress"), 400, "payment_system_missing")
    assert seller.look(over) == over | {"status": "expired", "reserved_till": None}
    assert set(seller.statuses().values()) == {"vacant"}


def test_seats_held_again_after_an_expired_hold_are_the_new_orders(
    seller, shop, venue, over, clock
):
    order = shop.order(tickets=venue.a[:2])
    assert order["reserved_till"] == written(clock.moment + timedelta(minutes=10))
    refused(seller.cancel(over), 400, "move_not_allowed")
    assert seller.statuses()[venue.a[0]] == "reserved"
    assert shop.look(order) == order
