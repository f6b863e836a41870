"""Each field that a body of an order or a query of a list takes is tried with every bad value.

A table has them by field, and has to have every field that the schemas have: one that is new is
missed here. A field that is given twice, and one that is unknown, are tried by themselves.
"""

from urllib.parse import urlencode

import pytest
from catalog import Venue
from http_seller import ORDERS, Seller, pointers, refused, the
from marshmallow import fields

from interface.http.orders import ORDER_IN, ORDER_LIST_IN
from interface.http.partners import DEAL_LIST_IN, PARTNER_IN
from interface.http.shows import EVENT_LIST_IN, TICKET_LIST_IN

JSON = {"Content-Type": "application/json"}
ID = "0" * 24
NOT_A_TEXT = (7, 1.5, True, [], ["x"], {}, {"x": "x"})
NOT_AN_OBJECT = (None, 7, True, "x", [], [{}])
UNREADABLE = ("", " ", "\u3000", "a\x00b", "a\nb", "a\x85b")
BODY = {
    "event": [None, *NOT_A_TEXT, "", "x", ID[1:], f"{ID}0", "g" * 24],
    "tickets": [None, 7, True, "x", {}, [ID, ID], [f"{each:024x}" for each in range(1001)]],
    "random": [None, 7, True, "x", [], {ID: 501, "1" * 24: 500}, {"A" * 24: 1, "a" * 24: 1}],
    "all_or_nothing": [None, 0, 1, 1.0, "yes", "", [], {}],
    "status": [None, *NOT_A_TEXT, "", "paid", "DONE"],
    "customer": [*NOT_AN_OBJECT],
    "customer.email": [*NOT_A_TEXT, *UNREADABLE, "x", "@", "a@b", "a@b..org", f"{'x' * 250}@a.org"],
    "customer.first_name": [*NOT_A_TEXT, *UNREADABLE, "x" * 201],
    "customer.last_name": [*NOT_A_TEXT, *UNREADABLE, "x" * 201],
    "customer.mobile": [*NOT_A_TEXT, *UNREADABLE, "x", "1", "+", "7 " * 17, "+" + "1" * 33],
    "customer.lang": [*NOT_A_TEXT, *UNREADABLE, "x", "RU", "rus", "1a"],
    "payment": [*NOT_AN_OBJECT],
    "payment.system": [*NOT_A_TEXT, *UNREADABLE, "x" * 101],
    "payment.send_tickets": [0, 1, 1.0, "true", "", [], {}],
    "payment.success_url": [
        *NOT_A_TEXT,
        *UNREADABLE,
        "x",
        "ftp://a.org",
        f"https://a.org/{ID * 90}",
    ],
    "payment.failure_url": [
        *NOT_A_TEXT,
        *UNREADABLE,
        "x",
        "ftp://a.org",
        f"https://a.org/{ID * 90}",
    ],
    "promocodes": [None, 7, True, "x", {}, {"x": 1}, ["x"] * 11],
    "vendor_data": [*NOT_AN_OBJECT],
    "vendor_data.order_id": [*NOT_A_TEXT, *UNREADABLE, "x" * 65],
    "vendor_data.raw": [7, True, "x", [], {str(each): each for each in range(21)}],
}
"""By field of a body, what is refused with a pointer to the field."""
INSIDE = {
    "tickets": [([None], "0"), ([ID, 7], "1"), ([[ID]], "0"), ([{}], "0"), (["x"], "0")],
    "random": [
        ({"x": 1}, "x"),
        *(({ID: each}, ID) for each in (None, 0, -1, 1.5, "1", True, 1001)),
    ],
    "promocodes": [*(([each], "0") for each in (None, *NOT_A_TEXT, *UNREADABLE, "x" * 101))],
    "vendor_data.raw": [
        ({"": 1}, ""),
        ({"x" * 65: 1}, "x" * 65),
        *(({"x": each}, "x") for each in ([], {}, "x" * 256, 2**53, -(2**53), "a\x00b")),
    ],
}
"""By field, what is refused inside it, and at which name or place."""


def names_of(schema):
    """The dotted names of all fields of a schema."""
    for name, field in schema.fields.items():
        yield field.data_key or name
        if isinstance(field, fields.Nested):
            yield from (f"{name}.{each}" for each in names_of(field.schema))


def body_of(name, value):
    """A body with this value in a field."""
    outer, dot, inner = name.partition(".")
    return {outer: {inner: value}} if dot else {outer: value}


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


def answers(seller, order, command):
    """The answers to a body at creation and as a change; only a new order has an event."""
    yield seller.ask("POST", ORDERS, json={"event": seller.event, **command})
    if "event" not in command:
        yield seller.patch(order, **command)


def test_the_table_has_every_field():
    assert set(BODY) == set(names_of(ORDER_IN))
    for schema, (_, queries) in QUERIES.items():
        assert set(queries) == set(names_of(schema))


@pytest.mark.parametrize("name", BODY)
def test_a_bad_value_is_refused_where_it_stands(seller, order, unchanged, name):
    at = "/" + name.replace(".", "/")
    cases = [(value, at) for value in BODY[name]]
    cases += [(value, f"{at}/{inside}") for value, inside in INSIDE.get(name, ())]
    with unchanged():
        for value, pointer in cases:
            for answer in answers(seller, order, body_of(name, value)):
                refused(answer, 400, "bad_body")
                assert pointers(answer) == [pointer], value


@pytest.mark.parametrize("name", BODY)
def test_a_field_that_is_there_twice_is_refused(seller, order, unchanged, name):
    outer, _, inner = name.partition(".")
    twice = f'"{inner or outer}": null, "{inner or outer}": null'
    text = f'{{"{outer}": {{{twice}}}}}' if inner else f"{{{twice}}}"
    with unchanged():
        for method, address in (("POST", ORDERS), ("PATCH", the(order))):
            answer = seller.ask(method, address, data=text, headers=JSON)
            assert (inner or outer) in refused(answer, 400, "bad_json")["detail"]


@pytest.mark.parametrize("outer", ["", "customer", "payment", "vendor_data"])
def test_a_field_that_is_not_there_is_refused(seller, order, unchanged, outer):
    """Also one that only answers have, or that is another's in the same body."""
    known = {name.rpartition(".")[2] for name in BODY if name.rpartition(".")[0] == outer}
    tried = {"x", "", "user", "id", "EMAIL", *(name.rpartition(".")[2] for name in BODY)} - known
    with unchanged():
        for name in sorted(tried):
            command = body_of(f"{outer}.{name}" if outer else name, "x")
            for answer in answers(seller, order, command):
                refused(answer, 400, "bad_body")
                assert pointers(answer) == ["/" + (f"{outer}/{name}" if outer else name)]


# Queries.

NOT_DIGITS = ("", "x", "-1", "1.5", " 1", "1e3", "\u0661", "9" * 30)
NOT_AN_ID = ("", "x", ID[1:], f"{ID}0", f"{ID},{ID}")
NO_MOMENT = ("", "x", "2030", "2030-01-01T00:00:00", "0000-01-01T00:00:00Z")
NO_RANGE = (
    *NO_MOMENT,
    "2030-01-01T00:00:00Z",
    "2030-01-01,",
    ",x",
    "2030-01-01T00:00:00Z,,",
    "9999-12-31T23:59:59-12:00,",
)
NO_SHAPE = ("", ",", "x", "id,", "id{", "id}", "id,id{x}", "x" * 2001)
SIZES = (*NOT_DIGITS, "0")
EVENTS, PARTNERS = "/v1/services/simple/events", "/v1/resources/partners/{org}"
QUERIES = {
    EVENT_LIST_IN: (
        EVENTS,
        {
            "org": NOT_AN_ID,
            "venue": NOT_AN_ID,
            "country": ("", "x", "ru", "XX", "RUS", "RU,DE"),
            "city": NOT_DIGITS,
            "lifetime__range": NO_RANGE,
            "price__range": ("", "1", "x", "-1,", "1.001,", "NaN,", "1e3,", "9" * 8 + ",", ",,"),
            "sort": ("", "x", "START", "--start", "start,", "start,-start", "start price"),
            "page": (*SIZES, "100001"),
            "page_size": (*SIZES, "201"),
        },
    ),
    TICKET_LIST_IN: (
        "/v1/resources/events/{evening}/tickets",
        {
            "status": ("", "x", "VACANT", "vacant,", "vacant;sold"),
            "page_size": (*SIZES, "1001"),
            "cursor": NOT_DIGITS,
        },
    ),
    DEAL_LIST_IN: (
        "/v1/resources/deals",
        {"page_size": (*SIZES, "201"), "cursor": ("x" * 201,)},
    ),
    PARTNER_IN: (PARTNERS, {"fields-schema": ("", "x" * 2001)}),
    ORDER_LIST_IN: (
        ORDERS,
        {
            "fields-schema": ("", "x" * 2001),
            "status": ("", "x", "DONE", "done,"),
            "event": NOT_AN_ID,
            "number": NOT_DIGITS,
            "vendor_data.order_id": ("", "x" * 65),
            "created_at": NO_RANGE,
            "updated_at": NO_RANGE,
            "sort": ("", "x", "NUMBER", "--number", "number,created_at"),
            "page_size": (*SIZES, "201"),
            "cursor": ("x" * 201,),
            "at": NO_MOMENT,
        },
    ),
}
"""By schema of a query, where it is asked, and by parameter what is refused."""
PARAMETERS = [(schema, name) for schema, (_, table) in QUERIES.items() for name in table]


def ask(seller, venue, schema, *parameters):
    """The answer to a query of these parameters."""
    address = QUERIES[schema][0].format(org=venue.org, evening=venue.evening)
    return seller.get(f"{address}?{urlencode(parameters)}")


@pytest.mark.parametrize(
    ("schema", "name"),
    PARAMETERS,
    ids=[f"{type(each).__name__}-{name}" for each, name in PARAMETERS],
)
def test_a_bad_parameter_is_refused_by_its_name(seller, venue, schema, name):
    for value in QUERIES[schema][1][name]:
        answer = ask(seller, venue, schema, (name, value))
        refused(answer, 400, "bad_query")
        assert pointers(answer) == [f"/{name}"], value
    answer = ask(seller, venue, schema, (name, "1"), (name, "1"))
    refused(answer, 400, "bad_query")
    assert pointers(answer) == [f"/{name}"]


@pytest.mark.parametrize("schema", QUERIES, ids=lambda each: type(each).__name__)
def test_a_parameter_that_is_not_there_is_refused(seller, venue, schema):
    others = {name for _, table in QUERIES.values() for name in table} - set(QUERIES[schema][1])
    for name in sorted({"x", "", "vendor_data", *others}):
        answer = ask(seller, venue, schema, (name, "1"))
        refused(answer, 400, "bad_query")
        assert pointers(answer) == [f"/{name}"]


@pytest.mark.parametrize("address", [ORDERS, PARTNERS])
def test_a_bad_choice_of_fields_is_refused(seller, venue, address):
    for shape in NO_SHAPE[1:-1]:
        answer = seller.get(
            f"{address.format(org=venue.org)}?{urlencode({'fields-schema': shape})}"
        )
        refused(answer, 400, "bad_fields_schema")
