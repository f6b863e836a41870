"""Bad input gets a clear problem document and changes nothing."""

import json
from io import BytesIO

import pytest
from catalog import BASE, Venue
from http_seller import ORDERS, Seller, pointers, refused, the

from application.runtime.ids import new_id

LARGEST = 65_536
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def venue(opened):
    """One venue for all: bad input leaves it as it is."""
    venue = Venue()
    venue.open(opened.services)
    return venue


@pytest.fixture(scope="module")
def order(opened, venue):
    opened.clock.set()
    return Seller(opened.app, venue.org_key, venue.evening).order(tickets=venue.a[:1])


@pytest.fixture
def both(seller, order, unchanged):
    """Sends the same bytes as a new order and as a change; returns the answers."""

    def send(data, headers=JSON, **more):
        with unchanged():
            return [
                seller.ask("POST", ORDERS, data=data, headers=headers, **more),
                seller.ask("PATCH", the(order), data=data, headers=headers, **more),
            ]

    return send


# The caller.


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "key",
        "key ",
        "key 00000000000000000000000000000000",
        "key {good} {good}",
        "key {good}x",
        "Bearer {good}",
        "Basic {good}",
        "{good}",
        "key\t{good}",
        "key кириллица",
    ],
)
def test_without_a_good_key_nothing_is_answered(running, seller, order, unchanged, authorization):
    headers = {}
    if authorization is not None:
        text = authorization.format(good=seller.key)
        headers["Authorization"] = text.encode().decode("latin-1")
    client = running.app.test_client()
    for method, address in (
        ("GET", ORDERS),
        ("POST", ORDERS),
        ("GET", the(order)),
        ("PATCH", the(order)),
        ("DELETE", the(order)),
        ("GET", "/v1/services/simple/events"),
    ):
        with unchanged():
            answer = client.open(address, method=method, headers=headers, json={})
            refused(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "key"
        assert "X-Partner" not in answer.headers


@pytest.mark.parametrize("authorization", ["key {good}", "key     {good}", "Key {good} "])
def test_a_good_key_may_stand_behind_any_number_of_spaces(running, seller, authorization):
    headers = {"Authorization": authorization.format(good=seller.key)}
    assert running.app.test_client().get(ORDERS, headers=headers).status_code == 200


# The body as a whole.


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"}",
        b"{}{}",
        b"{'event': 1}",
        b'{"event": }',
        b'{"event": undefined}',
        b'{"random": {"a": NaN}}',
        b'{"random": {"a": Infinity}}',
        b'{"all_or_nothing": True}',
        b'{"customer": {"first_name": "\\ud800"}}',
        b'{"customer": {"first_name": "\\udc00\\ud800"}}',
        b'{"customer": {"first_name": "\xff\xfe"}}',
        b'{"customer": {"first_name": "\xed\xa0\x80"}}',
        b'{"customer": {"first_name": "a\nb"}}',
        '{"status": "canceled"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"status": "canceled"}',
        b"\x00",
        b"event=1&random=2",
        b"[" * 60_000,
        b'{"customer":' * 5000,
        b'{"customer":' * 900 + b"1" + b"}" * 900,
        b"9" * 5000,
        b'{"random": {"a": 1' + b"0" * 5000 + b"}}",
    ],
    ids=range(25),
)
def test_what_is_no_json_is_refused(both, data):
    for answer in both(data):
        assert refused(answer, 400, answer.json["code"])["code"] in {"bad_json", "bad_body"}
        assert len(answer.json["detail"]) < 300


@pytest.mark.parametrize(
    "data", [b"null", b"true", b"7", b'"text"', b"[]", b'[{"status": "canceled"}]', b"1.5"]
)
def test_what_is_no_object_is_refused(both, data):
    for answer in both(data):
        refused(answer, 400, "bad_body")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ('{"status": "executed", "status": "canceled"}', "status"),
        ('{"event": "%s", "event": "%s"}', "event"),
        ('{"payment": {"system": "api/CASH", "system": "api/BASE"}}', "system"),
        ('{"customer": {"lang": "ru"}, "customer": {"lang": "en"}}', "customer"),
        ('{"customer": {"lang": "ru", "l\\u0061ng": "en"}}', "lang"),
        ('{"event": "%s", "random": {"%s": 1, "%s": 2}}', None),
    ],
)
def test_what_says_two_things_at_once_is_refused(both, venue, data, name):
    ids = (venue.evening, venue.parterre, venue.parterre)
    if name == "event":
        ids = (venue.evening, venue.evening)
    for answer in both(data % ids[: data.count("%s")]):
        problem = refused(answer, 400, "bad_json")
        assert (name or venue.parterre) in problem["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/merge-patch+json",
        "json",
    ],
)
def test_a_body_of_another_type_is_refused(both, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    for answer in both(b'{"status": "canceled"}', headers=headers):
        refused(answer, 415, "bad_content_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", "Application/JSON"]
)
def test_json_is_taken_however_its_type_is_written(seller, content_type):
    data = json.dumps({"event": seller.event})
    headers = {"Content-Type": content_type}
    assert seller.ask("POST", ORDERS, data=data, headers=headers).status_code == 201


def test_a_body_of_more_than_the_largest_is_refused(both, seller):
    text = b'{"customer": {"first_name": "%s"}}'
    for size in (LARGEST, LARGEST * 3):
        for answer in both(text % (b"x" * size)):
            refused(answer, 413, "request_entity_too_large")


def test_a_body_of_just_the_largest_is_read(both):
    data = b"{}".ljust(LARGEST)
    created, changed = both(data)
    refused(created, 400, "bad_body")
    assert changed.status_code == 200


def test_a_body_in_chunks_may_be_as_large_and_no_larger(seller, order, unchanged):
    """Its length is not known before it has come."""
    with unchanged():
        for size, status in ((LARGEST, 200), (LARGEST + 1, 413), (LARGEST * 3, 413)):
            answer = seller.ask(
                "PATCH",
                the(order),
                input_stream=BytesIO(b"{}".ljust(size)),
                headers=JSON,
                environ_overrides={"wsgi.input_terminated": True},
            )
            assert answer.status_code == status
    refused(answer, 413, "request_entity_too_large")


# What stands in it.


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"colour": "red"}, ["/colour"]),
        ({"value": "0.00"}, ["/value"]),
        ({"key": 1}, ["/key"]),
        ({"_schema": 1}, ["/_schema"]),
        ({"": 1}, ["/"]),
        ({"a/b~c": 1}, ["/a~1b~0c"]),
        ({"id": "0" * 24}, ["/id"]),
        ({"number": 7}, ["/number"]),
        ({"customer": {"value": 1}}, ["/customer/value"]),
        ({"tickets": None}, ["/tickets"]),
        ({"tickets": "all"}, ["/tickets"]),
        ({"tickets": {}}, ["/tickets"]),
        ({"tickets": 3}, ["/tickets"]),
        ({"tickets": ["nonsense"]}, ["/tickets/0"]),
        ({"tickets": ["0" * 24, None, 7, ["0" * 24]]}, ["/tickets/1", "/tickets/2", "/tickets/3"]),
        ({"tickets": ["0" * 23 + "\u0000"]}, ["/tickets/0"]),
        ({"tickets": ["0" * 24 + "\n"]}, ["/tickets/0"]),
        ({"tickets": ["0" * 24, "0" * 24]}, ["/tickets"]),
        ({"tickets": ["A" * 24, "a" * 24]}, ["/tickets"]),
        ({"tickets": [f"{number:024x}" for number in range(1001)]}, ["/tickets"]),
        ({"random": None}, ["/random"]),
        ({"random": []}, ["/random"]),
        ({"random": 2}, ["/random"]),
        ({"random": {"nonsense": 1}}, ["/random/nonsense"]),
        ({"random": {"key": 1}}, ["/random/key"]),
        ({"random": {"": 1}}, ["/random/"]),
        *(
            ({"random": {"0" * 24: count}}, ["/random/" + "0" * 24])
            for count in (0, -1, 1001, 10**30, 1e30, True, False, 1.5, "1", None, [1], {})
        ),
        ({"random": {"0" * 24: 600, "1" * 24: 600}}, ["/random"]),
        ({"random": {"A" * 24: 1, "a" * 24: 2}}, ["/random"]),
        *(
            ({"all_or_nothing": flag}, ["/all_or_nothing"])
            for flag in (None, 1, 0, "yes", "True", "", [True], {})
        ),
        ({"status": "paid"}, ["/status"]),
        ({"promocode": ["x"]}, ["/promocode"]),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(both, seller, order, unchanged, fields, at):
    with unchanged():
        for answer in (seller.create(**fields), seller.patch(order, **fields)):
            refused(answer, 400, "bad_body")
            assert pointers(answer) == at


@pytest.mark.parametrize("event", [None, "", "nonsense", "0" * 23, 7, True, ["0" * 24], {"id": 1}])
def test_what_is_no_event_is_refused(seller, unchanged, event):
    with unchanged():
        answer = seller.create(event=event)
        refused(answer, 400, "bad_body")
        assert pointers(answer) == ["/event"]


def test_a_new_order_is_of_an_event_and_an_old_one_stays_with_its_own(seller, order, unchanged):
    with unchanged():
        answer = seller.ask("POST", ORDERS, json={})
        refused(answer, 400, "bad_body")
        assert pointers(answer) == ["/event"]
        answer = seller.patch(order, event=seller.event)
        refused(answer, 400, "bad_body")
        assert pointers(answer) == ["/event"]


def test_tickets_and_random_together_are_refused(seller, venue, order, unchanged):
    with unchanged():
        for tickets, random in (
            (venue.a[:1], {venue.parterre: 1}),
            ([], {}),
            (venue.a[:1], {}),
            (venue.a[:1], {venue.parterre: 0}),
            (["x"], {venue.parterre: 1}),
        ):
            command = {"tickets": tickets, "random": random}
            for answer in (seller.create(**command), seller.patch(order, **command)):
                problem = refused(answer, 400, answer.json["code"])
                good = tickets != ["x"] and 0 not in random.values()
                assert problem["code"] == ("random_and_tickets" if good else "bad_body")


def test_all_faults_of_a_body_are_told_at_once(seller, unchanged):
    with unchanged():
        answer = seller.create(
            event="x",
            tickets=["x"],
            customer={"email": "x", "age": 7},
            payment={"success_url": "x"},
            status="paid",
            colour="red",
        )
        refused(answer, 400, "bad_body")
    assert sorted(pointers(answer)) == [
        "/colour",
        "/customer/age",
        "/customer/email",
        "/event",
        "/payment/success_url",
        "/status",
        "/tickets/0",
    ]
    assert all(fault["detail"] for fault in answer.json["errors"])


def test_of_very_many_faults_the_first_hundred_are_told(both, seller, unchanged):
    colours = {f"colour {number}": "red" for number in range(3000)}
    with unchanged():
        answer = seller.create(**colours)
        refused(answer, 400, "bad_body")
        assert len(pointers(answer)) == 100
        answer = seller.create(tickets=["x"] * 10_000)
        refused(answer, 400, "bad_body")
        assert pointers(answer) == ["/tickets"]


def test_what_is_unknown_is_refused(seller, venue, order, clock, unchanged):
    unknown = new_id(clock.moment)
    with unchanged():
        refused(seller.create(event=unknown), 400, "unknown_event")
        for command, code in (
            ({"tickets": [unknown]}, "unknown_ticket"),
            ({"tickets": [venue.a[1], unknown], "all_or_nothing": True}, "unknown_ticket"),
            ({"tickets": [venue.parterre]}, "unknown_ticket"),
            ({"random": {unknown: 1}}, "unknown_set"),
            ({"random": {venue.parterre: 1, unknown: 1}}, "unknown_set"),
            ({"random": {venue.evening: 1}, "all_or_nothing": True}, "unknown_set"),
            ({"payment": {"system": unknown}}, "unknown_payment_system"),
        ):
            for answer in (seller.create(**command), seller.patch(order, **command)):
                problem = refused(answer, 400, code)
                assert (unknown in problem["detail"]) or code != "unknown_payment_system"
        refused(seller.patch(unknown, status="canceled"), 404, "unknown_order")
        refused(seller.cancel(unknown), 404, "unknown_order")


def test_a_bad_body_for_an_unknown_order_is_told_first(seller, clock, unchanged):
    with unchanged():
        refused(seller.patch(new_id(clock.moment), colour="red"), 400, "bad_body")


# Addresses and methods.


@pytest.mark.parametrize(
    "address",
    [
        "/document",
        "/v1",
        "/v1/resources",
        "/v1/resources/order",
        "/v2/resources/orders",
        "/v1/resources/orders/{order}/seats",
        "/v1/resources/orders/{order}/tickets/1",
        "/v1/resources/events",
        "/v1/resources/events/{order}",
        "//v1/resources/orders",
        "/v1//resources/orders",
        "/%00",
        "/\u0436",
    ],
)
def test_an_address_that_is_not_there_is_not_found(seller, order, unchanged, address):
    for method in ("GET", "POST", "DELETE"):
        with unchanged():
            answer = seller.ask(method, address.format(order=order["id"]), json={})
        refused(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("PUT", ORDERS, "GET, HEAD, OPTIONS, POST"),
        ("PATCH", ORDERS, "GET, HEAD, OPTIONS, POST"),
        ("DELETE", ORDERS, "GET, HEAD, OPTIONS, POST"),
        ("POST", ORDERS + "/{order}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("PUT", ORDERS + "/{order}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("POST", ORDERS + "/{order}/tickets", "GET, HEAD, OPTIONS"),
        ("DELETE", ORDERS + "/{order}/history", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/services/simple/events", "GET, HEAD, OPTIONS"),
        ("TRACE", ORDERS, "GET, HEAD, OPTIONS, POST"),
        ("BREW", ORDERS, "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_a_method_that_an_address_does_not_have_is_refused(
    seller, order, unchanged, method, address, allowed
):
    with unchanged():
        answer = seller.ask(method, address.format(order=order["id"]), json={})
        refused(answer, 405, "method_not_allowed")
    assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == allowed


def test_head_says_what_get_says_without_the_body(seller, order):
    for address in (ORDERS, the(order), the(order) + "/tickets"):
        get, head = seller.get(address), seller.ask("HEAD", address)
        assert head.status_code == 200
        assert head.data == b""
        assert head.headers.get("ETag") == get.headers.get("ETag")
        assert head.content_type == get.content_type
        assert head.headers["Content-Length"] == str(len(get.data))


def test_options_says_which_methods_there_are(seller, order, unchanged):
    with unchanged():
        answer = seller.ask("OPTIONS", the(order))
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {
        "DELETE",
        "GET",
        "HEAD",
        "OPTIONS",
        "PATCH",
    }


def test_an_address_with_a_slash_at_the_end_is_another_one(seller, order):
    refused(seller.get(the(order) + "/"), 404, "not_found")


def test_a_bad_body_is_refused_by_every_key_alike(running, venue, unchanged):
    """A shop without a deal is given its body, not of what it may not sell."""
    stranger = Seller(running.app, venue.stranger_key, venue.evening)
    with unchanged():
        refused(stranger.create(colour="red"), 400, "bad_body")
        refused(stranger.create(payment={"system": BASE}), 403, "no_deal")
