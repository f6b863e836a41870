"""Choosing how to pay and starting to: nothing is engaged before the payment starts."""

import re
from datetime import timedelta

import pytest
from catalog import BASE, CARD, CASH, SYSTEMS
from clock import written
from http_seller import pointers, refused

IDS = {system["alias"]: system["id"] for system in SYSTEMS}
URLS = {"success_url": "https://shop.example/thanks?a=1", "failure_url": "http://shop.example:8080"}
NOTHING = {"failure_url": None, "success_url": None, "system": None}


def test_choosing_a_system_is_recorded_and_shows_nowhere(seller, venue, clock):
    order = seller.order(tickets=venue.a[:1])
    clock.forward(minutes=1)
    assert seller.change(order, payment={"system": BASE}) == order
    assert order["payment"] == NOTHING
    assert seller.history(order) == ["OrderCreated", "PaymentSystemSet"]


def test_starting_the_payment_engages_the_system_and_holds_the_tickets_anew(seller, venue, clock):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE})
    clock.forward(minutes=1)
    paying = seller.change(order, status="in_progress")
    assert paying["status"] == "in_progress"
    assert paying["updated_at"] == written(clock.moment)
    assert paying["reserved_till"] == written(clock.moment + timedelta(minutes=30))
    address = paying["payment"].pop("redirect_url")
    assert re.fullmatch(r"https://pay\.example/go\?customer=[0-9a-f]{40}", address)
    assert paying["payment"] == NOTHING | {"system": IDS[BASE]}
    assert seller.tickets()[venue.a[0]]["reserved_till"] == paying["reserved_till"]


def test_each_buyer_is_named_to_the_payment_system_by_a_token_of_its_own(seller, venue):
    command = {"payment": {"system": BASE}, "status": "in_progress"}
    addresses = {
        seller.order(tickets=[seat], **command)["payment"]["redirect_url"] for seat in venue.a
    }
    assert len(addresses) == 5


def test_an_address_that_asks_something_already_is_asked_one_thing_more(seller, venue):
    order = seller.order(tickets=venue.a[:1], payment={"system": CARD}, status="in_progress")
    assert re.fullmatch(
        r"https://card\.example/\?shop=7&customer=[0-9a-f]{40}", order["payment"]["redirect_url"]
    )


@pytest.mark.parametrize(
    ("system", "hold"), [(BASE, timedelta(minutes=30)), (CASH, timedelta(hours=12))]
)
def test_systems_differ_in_how_long_they_hold(seller, venue, clock, system, hold):
    order = seller.order(tickets=venue.a[:1], payment={"system": system}, status="in_progress")
    assert order["reserved_till"] == written(clock.moment + hold)


def test_a_system_without_an_address_gives_none(seller, venue):
    order = seller.order(tickets=venue.a[:1], payment={"system": CASH}, status="in_progress")
    assert order["payment"] == NOTHING | {"system": IDS[CASH]}


def test_a_system_may_be_named_by_its_id(seller, venue):
    system = {"system": IDS[CASH]}
    order = seller.order(tickets=venue.a[:1], payment=system, status="in_progress")
    assert order["payment"]["system"] == IDS[CASH]


def test_another_system_may_be_chosen_until_the_payment_starts(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE, **URLS})
    seller.change(order, payment={"system": CASH})
    paying = seller.change(order, status="in_progress")
    assert paying["payment"] == {"system": IDS[CASH], **URLS}
    with unchanged():
        refused(seller.patch(order, payment={"system": BASE}), 400, "payment_locked")
        other = {"success_url": "https://shop.example/other"}
        refused(seller.patch(order, payment=other), 400, "payment_locked")
        assert seller.change(order, payment={"system": CASH}) == paying


def test_choice_and_start_may_come_in_one_request_as_two_events(seller, venue):
    order = seller.order(tickets=venue.a[:1])
    paying = seller.change(order, payment={"system": BASE, **URLS}, status="in_progress")
    assert paying["payment"]["system"] == IDS[BASE]
    assert paying["payment"] | URLS == paying["payment"]
    assert seller.history(order) == ["OrderCreated", "PaymentSystemSet", "StatusChanged"]
    at_once = seller.order(
        tickets=venue.a[1:2],
        payment={"system": BASE},
        status="in_progress",
        customer={"lang": "fr"},
    )
    assert at_once["status"] == "in_progress"
    assert seller.history(at_once) == [
        "OrderCreated",
        "CustomerSet",
        "PaymentSystemSet",
        "StatusChanged",
    ]


def test_addresses_may_follow_the_system_but_not_come_without_one(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        refused(seller.patch(order, payment=URLS), 400, "payment_system_missing")
        refused(seller.create(payment=URLS), 400, "payment_system_missing")
        assert seller.change(order, payment={}) == order
        assert seller.change(order, payment=NOTHING) == order
    seller.change(order, payment={"system": BASE})
    assert seller.change(order, payment=URLS)["payment"] == URLS | {"system": None}


def test_a_payment_needs_a_system_and_tickets(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    empty = seller.order(payment={"system": BASE})
    with unchanged():
        refused(seller.patch(order, status="in_progress"), 400, "payment_system_missing")
        refused(seller.patch(empty, status="in_progress"), 400, "no_tickets")
        refused(seller.create(status="in_progress"), 400, "payment_system_missing")
        command = {"payment": {"system": BASE}, "status": "in_progress"}
        refused(seller.create(**command), 400, "no_tickets")
        seller_of_all = {**command, "random": {venue.balcony: 5}, "all_or_nothing": True}
        refused(seller.create(**seller_of_all), 400, "no_tickets")


def test_an_unknown_system_is_refused(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        for system in ("api/NONE", venue.evening, "api/base"):
            refused(seller.patch(order, payment={"system": system}), 400, "unknown_payment_system")
            refused(seller.create(payment={"system": system}), 400, "unknown_payment_system")


def test_starting_twice_is_nothing_new_and_holds_no_longer(seller, venue, clock, unchanged):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE}, status="in_progress")
    clock.forward(minutes=5)
    with unchanged():
        assert seller.change(order, status="in_progress") == order


@pytest.mark.parametrize("field", ["success_url", "failure_url"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "shop.example/thanks",
        "/thanks",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://shop.example/a b",
        "https://shop.example/thanks\n",
        "https://shop.example/\u0000",
        "https://shop.example/\u001b[0m",
        "https://shop.example/" + "x" * 1980,
        "https://" + "a." * 30_000 + "!",
        7,
        ["https://shop.example/"],
    ],
    ids=range(15),
)
def test_what_is_no_web_address_is_refused(seller, unchanged, field, value):
    with unchanged():
        answer = seller.create(payment={"system": BASE, field: value})
        refused(answer, 400, "bad_body")
        assert pointers(answer) == [f"/payment/{field}"]


def test_an_address_may_have_two_thousand_characters(seller):
    address = "https://shop.example/".ljust(2000, "x")
    order = seller.order(payment={"system": BASE, "success_url": address})
    assert order["payment"]["success_url"] == address


@pytest.mark.parametrize(
    "payment", [None, [], "api/BASE", {"system": 7}, {"system": ""}, {"name": BASE}]
)
def test_what_is_no_payment_is_refused(seller, unchanged, payment):
    with unchanged():
        answer = seller.create(payment=payment)
        refused(answer, 400, "bad_body")
        assert pointers(answer)[0].startswith("/payment")
