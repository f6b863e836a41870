"""Done, canceled and deleted: how an order ends, and what becomes of its tickets."""

import re

import pytest
from catalog import BASE, CARD, CASH
from http_seller import ORDERS, refused, the

from application.runtime.ids import new_id


@pytest.fixture
def executed(seller, venue):
    return seller.order(tickets=venue.a[:2])


@pytest.fixture
def paying(seller, venue):
    return seller.order(tickets=venue.a[2:4], payment={"system": BASE}, status="in_progress")


@pytest.fixture
def paid(seller, paying):
    return seller.change(paying, status="done")


def test_a_paid_order_has_its_tickets_for_good(seller, venue, paying, clock):
    clock.forward(minutes=1)
    paid = seller.change(paying, status="done")
    assert paid == paying | {"status": "done"}
    assert [seller.statuses()[seat] for seat in paid["tickets"]] == ["sold", "sold"]
    assert seller.tickets()[venue.a[2]]["reserved_till"] is None
    clock.forward(days=100)
    assert seller.look(paid) == paid
    assert seller.statuses()[venue.a[2]] == "sold"


def test_what_the_gateway_confirms_no_vendor_calls_done(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1], payment={"system": CARD}, status="in_progress")
    with unchanged():
        problem = refused(seller.patch(order, status="done"), 400, "confirmed_by_gateway")
        assert CARD in problem["detail"]
        again = refused(seller.patch(order, status="in_progress", tickets=[]), 400, "no_tickets")
        assert again["current"]["allowed"] == ["canceled"]
    assert seller.change(order, status="canceled")["status"] == "canceled"


@pytest.mark.parametrize("start", ["executed", "paying"])
@pytest.mark.parametrize("how", ["PATCH", "DELETE"])
def test_a_canceled_order_lets_its_tickets_go_at_once_and_keeps_listing_them(
    seller, clock, request, start, how
):
    order = request.getfixturevalue(start)
    clock.forward(minutes=1)
    if how == "PATCH":
        canceled = seller.change(order, status="canceled")
    else:
        answer = seller.cancel(order)
        assert (answer.status_code, answer.json) == (200, {})
        assert answer.content_type == "application/json; charset=UTF-8"
        canceled = seller.look(order)
    assert canceled == order | {"status": "canceled"}
    assert set(seller.statuses().values()) == {"vacant"}
    again = seller.order(tickets=order["tickets"])
    assert again["tickets"] == order["tickets"]


def test_canceling_twice_is_nothing_new(seller, executed, unchanged):
    seller.cancel(executed)
    with unchanged():
        answer = seller.cancel(executed)
        assert (answer.status_code, answer.json) == (200, {})
        assert seller.change(executed, status="canceled")["status"] == "canceled"


def test_a_paid_order_cannot_be_canceled(seller, paid, unchanged):
    with unchanged():
        refused(seller.cancel(paid), 400, "move_not_allowed")
        refused(seller.patch(paid, status="canceled"), 400, "move_not_allowed")


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        ("executed", "done"),
        ("paying", "executed"),
        ("paid", "executed"),
        ("paid", "in_progress"),
        ("paid", "canceled"),
        ("canceled", "executed"),
        ("canceled", "in_progress"),
        ("canceled", "done"),
    ],
)
def test_a_move_that_the_table_does_not_have_is_refused(seller, request, unchanged, start, wanted):
    order = request.getfixturevalue("executed" if start == "canceled" else start)
    if start == "canceled":
        seller.cancel(order)
    with unchanged():
        problem = refused(seller.patch(order, status=wanted), 400, "move_not_allowed")
        assert wanted in problem["detail"]


@pytest.mark.parametrize("start", ["executed", "paying", "paid"])
def test_only_time_makes_an_order_expire(seller, request, unchanged, start):
    order = request.getfixturevalue(start)
    with unchanged():
        refused(seller.patch(order, status="expired"), 400, "status_of_the_system")
        refused(seller.create(status="expired"), 400, "status_of_the_system")


def test_asking_an_expired_order_to_be_expired_asks_for_nothing(seller, executed, clock, unchanged):
    clock.forward(minutes=10)
    with unchanged():
        assert seller.change(executed, status="expired")["status"] == "expired"


@pytest.mark.parametrize("status", ["", "DONE", "paid", None, 1, True, ["done"], {"to": "done"}])
def test_what_is_no_status_is_refused(seller, executed, unchanged, status):
    with unchanged():
        refused(seller.patch(executed, status=status), 400, "bad_body")


def test_an_order_may_be_made_and_given_up_in_one_request(seller, venue):
    order = seller.order(tickets=venue.b[:1], status="canceled")
    assert (order["status"], order["tickets"]) == ("canceled", venue.b[:1])
    assert seller.statuses()[venue.b[0]] == "vacant"


def test_the_tickets_of_an_order_say_where_to_sit(seller, venue, executed):
    answer = seller.get(the(executed) + "/tickets")
    assert answer.json == [
        {
            "id": venue.a[number - 1],
            "serial": venue.evening[-6:].upper(),
            "number": number,
            "seat": {"sector": "54d7a0409cb538783b7bf8d5", "row": 1, "number": number},
            "set": venue.parterre,
        }
        for number in (1, 2)
    ]


def test_the_tickets_of_a_place_without_seats_have_a_number_of_their_own(seller, venue):
    order = seller.order(random={venue.floor: 3})
    tickets = seller.get(the(order) + "/tickets").json
    assert [ticket["id"] for ticket in tickets] == order["tickets"]
    assert len({ticket["number"] for ticket in tickets}) == 3
    assert [ticket["seat"] for ticket in tickets] == [{}, {}, {}]


def test_the_tickets_of_a_paid_order_have_barcodes_nobody_can_guess(seller, paid, venue):
    tickets = seller.get(the(paid) + "/tickets").json
    barcodes = [ticket["barcode"] for ticket in tickets]
    assert len(set(barcodes)) == 2
    assert all(re.fullmatch(r"[0-9]{20}", barcode) for barcode in barcodes)
    assert [ticket["barcode"] for ticket in seller.get(the(paid) + "/tickets").json] == barcodes


def test_the_tickets_of_a_given_up_order_are_still_listed_without_barcodes(seller, paying):
    before = seller.get(the(paying) + "/tickets").json
    seller.cancel(paying)
    assert seller.get(the(paying) + "/tickets").json == before
    assert "barcode" not in before[0]


def test_an_unknown_order_is_not_found_whatever_is_asked(seller, clock, unchanged):
    with unchanged():
        for order in (new_id(clock.moment), "nonsense", "0" * 23, "0" * 25, "%00", "a" * 5000):
            address = f"{ORDERS}/{order}"
            for answer in (
                seller.get(address),
                seller.get(address + "/tickets"),
                seller.get(address + "/history"),
                seller.ask("PATCH", address, json={"status": "canceled"}),
                seller.ask("DELETE", address),
            ):
                refused(answer, 404, "unknown_order")


def test_an_order_is_found_by_its_id_in_large_letters_too(seller, executed):
    assert seller.look(executed["id"].upper()) == executed


def test_cash_may_take_its_time(seller, venue, clock):
    order = seller.order(tickets=venue.b[:1], payment={"system": CASH}, status="in_progress")
    clock.forward(hours=11, minutes=59)
    assert seller.change(order, status="done")["status"] == "done"
