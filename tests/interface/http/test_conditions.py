"""`If-Match` and `If-None-Match`: entity tags as clients and proxies send them."""

import pytest
from catalog import BASE
from http_seller import ORDERS, refused, the

NO_LISTS = [
    "1",
    "abc",
    "",
    " ",
    ",",
    "W/1",
    '"1',
    '1"',
    '"1" "2"',
    '"1", 2',
    '*, "1"',
    '"1 "',
    "W/",
]


@pytest.fixture
def order(seller, venue):
    """An order at its second version."""
    return seller.order(tickets=venue.a[:1], payment={"system": BASE})


@pytest.fixture
def writes(seller, order):
    """Every write, each of which takes headers."""
    return [
        seller.create,
        lambda **more: seller.patch(order, customer={"first_name": "Anna"}, **more),
        lambda **more: seller.cancel(order, **more),
    ]


@pytest.mark.parametrize(
    "tag", ['W/"2"', 'w/"2"', '"2-gzip"', '"2--gzip"', '"2-br"', 'W/"2-gzip"', ',"1",, W/"2",']
)
def test_a_tag_that_a_proxy_has_changed_is_still_its_version(seller, order, tag):
    assert seller.get(the(order), headers={"If-None-Match": tag}).status_code == 304
    refused(seller.patch(order, headers={"If-None-Match": tag}), 412, "version_mismatch")
    assert seller.cancel(order, headers={"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("tag", ['W/"1"', '"2-gz"', '"2-"', '"x"', '""', '"3,2"', '"12345678901"'])
def test_another_tag_is_no_version_of_it(seller, order, unchanged, tag):
    with unchanged():
        refused(seller.cancel(order, headers={"If-Match": tag}), 412, "version_mismatch")
    assert seller.get(the(order), headers={"If-None-Match": tag}).status_code == 200
    assert seller.cancel(order, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("header", NO_LISTS)
def test_what_is_no_list_of_tags_is_a_bad_request(writes, unchanged, header):
    with unchanged():
        for write in writes:
            problem = refused(write(headers={"If-Match": header}), 400, "bad_if_match")
            assert 'If-Match: "1"' in problem["detail"]
            refused(write(headers={"If-None-Match": header}), 400, "bad_if_none_match")


@pytest.mark.parametrize("header", NO_LISTS)
def test_what_is_no_list_of_tags_is_a_bad_request_of_a_read(seller, order, header):
    refused(seller.get(the(order), headers={"If-None-Match": header}), 400, "bad_if_none_match")


@pytest.mark.parametrize("header", ['"2"', '"1", "2"', "*"])
def test_a_change_of_a_version_that_is_ruled_out_is_refused(seller, order, unchanged, header):
    with unchanged():
        for answer in (
            seller.patch(order, status="in_progress", headers={"If-None-Match": header}),
            seller.cancel(order, headers={"If-None-Match": header}),
        ):
            problem = refused(answer, 412, "version_mismatch")
            assert "If-None-Match rules out" in problem["detail"]
            assert problem["current"]["version"] == 2


def test_an_order_that_is_new_is_no_version(seller):
    assert seller.create(headers={"If-None-Match": "*"}).status_code == 201
    assert seller.create(headers={"If-None-Match": '"1"', "If-Match": "*"}).status_code == 201
    problem = refused(seller.create(headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert "a new order has none yet" in problem["detail"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_document_that_the_client_has_is_not_sent_again(seller, order, method):
    answer = seller.ask(method, the(order), headers={"If-None-Match": '"2"'})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", '"2"')
    assert "Content-Type" not in answer.headers
    seller.change(order, status="in_progress")
    answer = seller.ask(method, the(order), headers={"If-None-Match": '"2"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')


def test_a_past_version_stays_as_the_client_has_it(seller, order):
    first = the(order) + "?version=1"
    assert seller.get(first, headers={"If-None-Match": '"1"'}).status_code == 304
    assert seller.get(first, headers={"If-None-Match": '"2"'}).status_code == 200


def test_an_order_whose_hold_has_ended_is_not_as_the_client_has_it(seller, order, clock):
    clock.forward(minutes=10)
    answer = seller.get(the(order), headers={"If-None-Match": '"2"'})
    assert (answer.status_code, answer.json["status"]) == (200, "expired")


def test_only_what_the_version_decides_is_kept_by_the_client(seller, order):
    headers = {"If-None-Match": '"2"'}
    some = the(order) + "?fields-schema=id,status,values{full},tickets"
    assert seller.get(some, headers=headers).status_code == 304
    named = the(order) + "?fields-schema=id,event{title{text}}"
    assert seller.get(named, headers=headers).status_code == 200


def test_a_list_has_no_version(seller, order):
    assert seller.get(ORDERS, headers={"If-None-Match": '"2"'}).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "executed"}, "move_not_allowed"),
        ({"tickets": []}, "tickets_locked"),
        ({"customer": {"first_name": "Anna"}}, "customer_locked"),
        ({"payment": {"success_url": "https://example.com"}}, "payment_locked"),
    ],
)
def test_a_refusal_by_the_orders_state_has_that_state(seller, order, change, code):
    seller.cancel(order)
    problem = refused(seller.patch(order, **change), 400, code)
    assert problem["current"] == {"version": 3, "status": "canceled", "allowed": []}


def test_a_refusal_of_an_order_in_payment_names_what_it_may_become(seller, venue, order):
    seller.change(order, status="in_progress")
    more = {"tickets": venue.a[:2]}
    current = refused(seller.patch(order, **more), 400, "tickets_only_out")["current"]
    assert current == {"version": 3, "status": "in_progress", "allowed": ["done", "canceled"]}


def test_a_new_order_that_is_refused_has_no_state(seller, venue):
    command = {"tickets": venue.a[:1], "payment": {"system": BASE}, "status": "done"}
    assert "current" not in refused(seller.create(**command), 400, "move_not_allowed")
