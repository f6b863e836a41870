"""`fields-schema`: which fields of an order to answer with, and which ids to expand."""

from urllib.parse import quote

import pytest
from catalog import BASE, SECTOR
from http_seller import ORDERS, pointers, refused, the

DOCUMENTED = "id,tickets{id,serial,seat{row,number}},event{title{text}}"


def wishing(schema):
    return "?fields-schema=" + quote(schema)


def documented(venue, order):
    return {
        "id": order["id"],
        "tickets": [
            {
                "id": ticket,
                "serial": venue.evening[-6:].upper(),
                "seat": {"row": 1, "number": venue.a.index(ticket) + 1},
            }
            for ticket in order["tickets"]
        ],
        "event": {"title": {"text": "Evening"}},
    }


@pytest.mark.parametrize("schema", [DOCUMENTED, DOCUMENTED.replace(",", " , ").replace("{", "{ ")])
def test_an_answer_is_narrowed_and_expanded_as_requested(seller, venue, schema):
    created = seller.create(tickets=venue.a[:2], query=wishing(schema))
    assert created.status_code == 201
    order = seller.look(created.json["id"])
    assert created.json == documented(venue, order)
    assert created.headers["ETag"] == '"1"'
    changed = seller.patch(order, tickets=venue.a[1:4], query=wishing(schema))
    assert changed.status_code == 200
    order = seller.look(order)
    assert changed.json == documented(venue, order)
    assert seller.get(the(order) + wishing(schema)).json == documented(venue, order)


def test_a_name_without_braces_is_the_field_as_it_is(seller, venue):
    order = seller.order(tickets=venue.a[:1])
    names = "id,tickets,event,org,vendor,values,customer,payment,rules,number"
    narrowed = seller.get(the(order) + wishing(names)).json
    assert narrowed == {name: order[name] for name in names.split(",")}


def test_every_field_may_be_requested_alone(seller, venue):
    order = seller.order(tickets=venue.a[:1])
    for name in order:
        assert seller.get(the(order) + wishing(name)).json == {name: order[name]}


def test_partners_and_shows_are_expanded(shop, venue):
    order = shop.order(tickets=venue.a[:1])
    schema = "org{id,name},vendor{name},event{id,org,lifetime{start}},values{full}"
    assert shop.get(the(order) + wishing(schema)).json == {
        "org": {"id": venue.org, "name": "Organiser"},
        "vendor": {"name": "Shop"},
        "event": {
            "id": venue.evening,
            "org": venue.org,
            "lifetime": {"start": "2030-07-01T16:00:00.000000+00:00"},
        },
        "values": {"full": "100.00"},
    }


def test_what_an_order_does_not_have_is_absent(seller, venue):
    order = seller.order(tickets=venue.a[:1])
    schema = "payment{redirect_url,system},customer{email},tickets{id,barcode,seat{sector}}"
    assert seller.get(the(order) + wishing(schema)).json == {
        "payment": {"system": None},
        "customer": {},
        "tickets": [{"id": venue.a[0], "seat": {"sector": SECTOR}}],
    }
    seller.change(order, payment={"system": BASE}, status="in_progress")
    done = seller.patch(order, status="done", query=wishing("tickets{barcode},payment")).json
    assert len(done["tickets"][0]["barcode"]) == 20
    assert "redirect_url" in done["payment"]


def test_an_order_as_it_was_may_be_narrowed_too(seller, venue):
    order = seller.order(tickets=venue.a[:2])
    seller.change(order, tickets=venue.a[:1])
    assert seller.get(f"{the(order)}?version=1&fields-schema=value").json == {"value": "200.00"}


def test_a_list_may_be_narrowed_and_expanded_too(seller, venue, running):
    first = seller.order(tickets=venue.a[:2])
    second = seller.order(tickets=venue.a[2:3])
    running.catch_up()
    listed = seller.get(ORDERS + wishing(DOCUMENTED) + "&sort=number")
    assert listed.json == [documented(venue, order) for order in (first, second)]
    page = seller.get(ORDERS + wishing("id,number") + "&page_size=1&sort=number")
    following = page.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    assert seller.get(following).json == [{"id": second["id"], "number": second["number"]}]


@pytest.mark.parametrize(
    ("schema", "position"),
    [
        (",", 1),
        ("id,", 4),
        ("id,,status", 4),
        ("{id}", 1),
        ("id status", 4),
        ("colour", 1),
        ("id,colour", 4),
        ("tickets{colour}", 9),
        ("tickets{id", 11),
        ("tickets{id}}", 12),
        ("tickets{}", 9),
        ("tickets{id,seat{row,number}", 28),
        ("status{text}", 7),
        ("event{title{text{deep}}}", 17),
        ("id;status", 3),
        ("id, статус", 5),
        ("id\u0000", 3),
        ("id,id", 4),
        ("tickets{id},tickets{set}", 13),
        ("tickets{" * 200, 9),
        (" ", 2),
    ],
)
def test_a_wrong_request_is_refused_with_the_position_of_its_fault(
    seller, venue, unchanged, schema, position
):
    order = seller.order(tickets=venue.a[:1])
    query = wishing(schema)
    with unchanged():
        for answer in (
            seller.get(the(order) + query),
            seller.patch(order, tickets=[], query=query),
            seller.create(tickets=venue.a[1:2], query=query),
            seller.get(ORDERS + query),
        ):
            problem = refused(answer, 400, "bad_fields_schema")
            assert f"at position {position}:" in problem["detail"]
            assert pointers(answer) == ["/fields-schema"]


@pytest.mark.parametrize(
    "query", ["fields-schema=", "fields-schema=id&fields-schema=id", "fields-schema=" + "x" * 2001]
)
def test_an_empty_repeated_or_overlong_request_is_refused(seller, venue, unchanged, query):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        for answer in (
            seller.get(f"{the(order)}?{query}"),
            seller.patch(order, tickets=[], query=f"?{query}"),
            seller.create(tickets=venue.a[1:2], query=f"?{query}"),
        ):
            refused(answer, 400, "bad_query")
            assert pointers(answer) == ["/fields-schema"]


def test_writes_take_no_other_parameters(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        for answer in (
            seller.create(query="?random=1"),
            seller.patch(order, tickets=[], query="?version=1"),
            seller.cancel(order, query_string="fields-schema=id"),
        ):
            refused(answer, 400, "bad_query")
