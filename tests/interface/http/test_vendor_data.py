"""What a vendor keeps with an order: taken, shown where it is asked for, found, and private."""

import json

import pytest
from catalog import BASE
from http_seller import ORDERS, pointers, refused, the

KEPT = {"order_id": "A-4711", "raw": {"till": "7", "guests": 2, "rate": 0.5, "gift": True}}
SHAPE = "?fields-schema=id,vendor_data{order_id,raw}"


def kept(seller, order):
    return seller.get(the(order) + SHAPE).json["vendor_data"]


def test_it_is_taken_at_creation_and_shown_only_where_it_is_asked_for(seller):
    order = seller.order(vendor_data=KEPT)
    assert "vendor_data" not in order
    assert order == seller.look(order)
    assert kept(seller, order) == KEPT
    whole = seller.get(the(order) + "?fields-schema=vendor_data").json
    assert whole == {"vendor_data": KEPT}
    narrow = seller.get(the(order) + "?fields-schema=vendor_data{order_id}").json
    assert narrow == {"vendor_data": {"order_id": "A-4711"}}


def test_an_order_with_nothing_kept_shows_nothing(seller):
    assert kept(seller, seller.order()) == {"order_id": None, "raw": {}}


def test_it_is_changed_at_any_time_and_moves_nothing(seller, venue):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE}, vendor_data=KEPT)
    paying = seller.change(order, status="in_progress")
    assert seller.change(order, vendor_data={"order_id": "A-1"}) == paying
    assert kept(seller, order) == {**KEPT, "order_id": "A-1"}
    seller.change(order, status="done")
    seller.change(order, vendor_data={"raw": {}, "order_id": None})
    assert kept(seller, order) == {"order_id": "A-1", "raw": {}}
    assert seller.history(order)[-1] == "VendorDataSet"


def test_the_same_again_is_no_event(seller):
    order = seller.order(vendor_data=KEPT)
    seller.change(order, vendor_data=KEPT)
    seller.change(order, vendor_data={})
    assert seller.history(order) == ["OrderCreated", "VendorDataSet"]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ("A-4711", ""),
        ([], ""),
        ({"order_id": 4711}, "/order_id"),
        ({"order_id": ""}, "/order_id"),
        ({"order_id": " "}, "/order_id"),
        ({"order_id": "x" * 65}, "/order_id"),
        ({"order_id": "A\n1"}, "/order_id"),
        ({"order_id": ["A"]}, "/order_id"),
        ({"orderid": "A"}, "/orderid"),
        ({"raw": []}, "/raw"),
        ({"raw": "x"}, "/raw"),
        ({"raw": {str(each): 1 for each in range(21)}}, "/raw"),
        ({"raw": {"": 1}}, "/raw/"),
        ({"raw": {"x" * 65: 1}}, "/raw/" + "x" * 65),
        ({"raw": {"a\tb": 1}}, "/raw/a\tb"),
        ({"raw": {"a": "x" * 256}}, "/raw/a"),
        ({"raw": {"a": "\u0000"}}, "/raw/a"),
        ({"raw": {"a": {}}}, "/raw/a"),
        ({"raw": {"value": {}}}, "/raw/value"),
        ({"raw": {"key": {}}}, "/raw/key"),
        ({"raw": {"a": ["b"]}}, "/raw/a"),
        ({"raw": {"a": 2**53}}, "/raw/a"),
        ({"raw": {"a": 1e300}}, "/raw/a"),
    ],
)
def test_what_is_no_vendor_data_is_refused_where_it_stands(seller, unchanged, data, where):
    order = seller.order()
    with unchanged():
        for answer in (seller.create(vendor_data=data), seller.patch(order, vendor_data=data)):
            refused(answer, 400, "bad_body")
            assert pointers(answer) == ["/vendor_data" + where]


def test_all_that_may_be_kept_is_kept(seller):
    most = {f"{each:>02}" + "к" * 62: "ж" * 255 for each in range(20)}
    data = {"order_id": "№" * 64, "raw": {**most}}
    order = seller.order(vendor_data=data)
    assert kept(seller, order) == data
    seller.change(order, vendor_data={"raw": {"none": None, "empty": "", "last": 2**53 - 1}})
    assert kept(seller, order)["raw"] == {"none": None, "empty": "", "last": 2**53 - 1}


@pytest.mark.parametrize(
    "data", ['{"order_id": "A", "order_id": "B"}', '{"raw": {"a": 1, "a": 2}}']
)
def test_a_name_stands_only_once(seller, unchanged, data):
    with unchanged():
        body = f'{{"event": "{seller.event}", "vendor_data": {data}}}'
        headers = {"Content-Type": "application/json"}
        answer = seller.ask("POST", ORDERS, data=body, headers=headers)
        refused(answer, 400, "bad_json")


# Finding it.


def found(seller, order_id, more=""):
    return seller.orders(f"?vendor_data.order_id={order_id}{more}")


def test_an_order_is_found_by_the_vendors_own_id(seller, running):
    first = seller.order(vendor_data={"order_id": "B-1"})
    second = seller.order(vendor_data={"order_id": "B-1"})
    seller.order(vendor_data={"order_id": "b-1"})
    seller.order(vendor_data={"order_id": "B-12"})
    seller.order(customer={"email": "b@example.com"})
    running.catch_up()
    both = [second["id"], first["id"]]
    assert found(seller, "B-1") == both
    assert found(seller, "B-1", "&page_size=1") == both
    assert found(seller, "B-1", "&sort=number") == both[::-1]
    assert found(seller, "B-1", "&sort=-updated_at") == both
    assert found(seller, "B-1", "&status=done") == []
    assert found(seller, "B-1", f"&number={first['number']}") == [first["id"]]
    shaped = seller.get(f"{ORDERS}{SHAPE}&vendor_data.order_id=B-12").json
    assert [each["vendor_data"]["order_id"] for each in shaped] == ["B-12"]


def test_only_ones_own_orders_are_found(seller, shop, stranger, running):
    own, shops = (each.order(vendor_data={"order_id": "C-1"}) for each in (seller, shop))
    running.catch_up()
    assert found(seller, "C-1") == [own["id"]]
    assert found(shop, "C-1") == [shops["id"]]
    assert found(stranger, "C-1") == []
    refused(stranger.get(the(shops) + SHAPE), 404, "unknown_order")
    refused(seller.patch(shops, vendor_data=KEPT), 403, "not_the_vendor")
    refused(stranger.patch(shops, vendor_data=KEPT), 404, "unknown_order")


def test_a_list_as_of_a_moment_finds_it_as_it_was_then(seller, running, clock):
    order = seller.order(vendor_data={"order_id": "D-1"})
    then = clock.forward(minutes=1)
    clock.forward(minutes=1)
    seller.change(order, vendor_data={"order_id": "D-2"})
    running.catch_up()
    at = "&at=" + then.isoformat().replace("+", "%2B")
    assert found(seller, "D-1", at) == [order["id"]]
    assert found(seller, "D-2", at) == []
    assert found(seller, "D-1") == []
    assert found(seller, "D-2") == [order["id"]]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("vendor_data.order_id=", "/vendor_data.order_id"),
        ("vendor_data.order_id=" + "x" * 65, "/vendor_data.order_id"),
        ("vendor_data.order_id=A&vendor_data.order_id=A", "/vendor_data.order_id"),
        ("vendor_data=A", "/vendor_data"),
        ("vendor_data.raw=A", "/vendor_data.raw"),
        ("vendor_order=A", "/vendor_order"),
    ],
)
def test_what_is_no_filter_is_refused(seller, query, where):
    answer = seller.get(f"{ORDERS}?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == [where]


def test_any_text_may_be_asked_for(seller):
    assert found(seller, "%00") == []
    assert found(seller, "%27%20OR%201=1") == []


# It may be about people: nobody else reads of it.


def test_a_timeline_and_the_rejection_log_name_it_and_do_not_show_it(seller, services, venue):
    secret = {"order_id": "Anna-Petrova", "raw": {"note": "Anna Petrova"}}
    order = seller.order(vendor_data=secret)
    refused(seller.patch(order, vendor_data=secret, status="done"), 400, "move_not_allowed")
    for language in ("en", "ru"):
        told = seller.get(the(order) + "/explain", headers={"Accept-Language": language})
        assert told.status_code == 200
        assert "Petrova" not in told.text
    english = seller.get(the(order) + "/explain").json["story"]
    assert english[1]["sentence"] == (
        "The seller kept with the order: its own order number, further data."
    )
    [attempt] = services.attempts.of(order["id"])
    assert json.loads(attempt.wanted) == {"vendor_data": ["order_id", "raw"], "status": "done"}
