"""Promo codes in a catalogue file: what is read, what is refused, and what loading again does."""

import json
from decimal import Decimal

import pytest
from catalog import Venue
from promocodes import promocode, put_on
from seller import on_one_store

from application.catalog.access import Caller
from application.catalog.entries import BadCatalog
from application.catalog.file import read_catalog_file
from application.catalog.loading import TicketsInUse
from application.orders.commands import ChangeOrder, Request
from domain.commands import TicketsById
from domain.status import Status

SET = "56a6254bf06c5a059b938011"


@pytest.fixture
def venue(services):
    venue = Venue()
    venue.open(services)
    return venue


def read(venue, *promocodes, matinee=()):
    document = venue.document
    for event, codes in zip(document["events"], (promocodes, matinee), strict=True):
        event["promocodes"] = list(codes)
    return read_catalog_file(json.dumps(document))


def errors_of(venue, *promocodes, **more):
    with pytest.raises(BadCatalog) as refused:
        read(venue, *promocodes, **more)
    return {
        path.removeprefix("events[0].promocodes"): s for path, s in refused.value.errors.items()
    }


def test_terms_are_read_as_they_stand():
    venue = Venue()
    code = promocode(
        "Spring",
        amount="5.5",
        sets=[venue.parterre.upper()],
        limit=3,
        per_buyer=1,
        least_tickets=2,
        most_tickets=4,
        **{"from": "2030-01-01T00:00:00Z", "till": "2030-02-01T00:00:00Z"},
    )
    (show, _) = read(venue, code, promocode("ALL", percent=12.5)).events
    first, second = show.show.promocodes
    assert (first.code, first.amount, first.sets) == ("Spring", Decimal("5.50"), (venue.parterre,))
    assert (first.limit, first.per_buyer, first.least_tickets, first.most_tickets) == (3, 1, 2, 4)
    assert (second.percent, second.sets, second.limit) == (Decimal("12.5"), (), None)


PERCENT = "Has to be above 0 and at most 100, two decimals at most."


@pytest.mark.parametrize(
    ("terms", "errors"),
    [
        ({}, {"[0].percent": "Has to have either percent or amount."}),
        ({"percent": 1, "amount": 1}, {"[0].percent": "Has to have either percent or amount."}),
        *(
            ({"percent": wrong}, {"[0].percent": PERCENT})
            for wrong in (0, 100.01, "1.234", "many", True, -1, [1])
        ),
        (
            {"amount": "0.00"},
            {"[0].amount": "Has to be more than 0.00: a code takes something off."},
        ),
        ({"amount": -1}, {"[0].amount": "Has to be between 0.00 and 9999999.99, to the cent."}),
        (
            {"percent": 1, "code": ""},
            {"[0].code": "Length must be between 1 and 100. Has to say something."},
        ),
        ({"percent": 1, "code": "x" * 101}, {"[0].code": "Length must be between 1 and 100."}),
        ({"percent": 1, "code": "a\nb"}, {"[0].code": "Has to be one line of text."}),
        ({"percent": 1, "sets": []}, {"[0].sets": "Length must be between 1 and 1000."}),
        ({"percent": 1, "sets": [SET]}, {"[0].sets[0]": "Is not a set of this event."}),
        (
            {"percent": 1, "limit": 0},
            {"[0].limit": "Must be greater than or equal to 1 and less than or equal to 1000000."},
        ),
        ({"percent": 1, "per_buyer": "1"}, {"[0].per_buyer": "Not a valid integer."}),
        (
            {"percent": 1, "least_tickets": 3, "most_tickets": 2},
            {"[0].most_tickets": "Has to be at least least_tickets."},
        ),
        (
            {"percent": 1, "from": "2030-01-01T00:00:00Z", "till": "2030-01-01T00:00:00Z"},
            {"[0].till": "Has to be later than from."},
        ),
        (
            {"percent": 1, "amonut": "1.00"},
            {"[0].amonut": "Is no field here; amount may be meant."},
        ),
    ],
)
def test_wrong_terms_are_refused_with_their_path(terms, errors):
    assert errors_of(Venue(), promocode("CODE") | terms) == errors


def test_what_is_named_twice_is_refused():
    one = promocode("Straße", percent=1)
    other = promocode(" STRASSE", percent=2)
    assert errors_of(Venue(), one, other) == {
        "[1].code": "Is the same promo code of the event as events[0].promocodes[0].code."
    }
    again = {**one, "code": "OTHER"}
    assert errors_of(Venue(), one, matinee=[again]) == {
        "events[1].promocodes[0].id": "Is the same promo code as events[0].promocodes[0].id."
    }
    assert read(Venue(), one, matinee=[promocode("strasse", percent=1)])


@on_one_store
def test_the_id_of_a_code_stays_with_its_event(services, venue):
    code = promocode("MINE", percent=1)
    put_on(services, venue, code)
    other = Venue()
    with pytest.raises(BadCatalog) as refused:
        put_on(services, other, code)
    assert refused.value.errors == {
        "events[0].promocodes[0].id": f"Is a promo code of the event {venue.evening} already."
    }


def order(services, venue, number):
    command = ChangeOrder(tickets=TicketsById((venue.a[number],)), promocodes=("FEW",))
    request = Request(Caller(venue.org, "key", "en"), "request")
    return services.orders.create(venue.evening, command, request).order


def places(services, code):
    return len(services.store.tickets(f"promocode/{code['id']}"))


def test_a_limit_follows_the_file_and_takes_no_use_away(services, venue):
    code = promocode("FEW", percent=1, limit=4)
    put_on(services, venue, code)
    put_on(services, venue, code)
    assert places(services, code) == 4
    orders = [order(services, venue, n) for n in (0, 1)]
    for limit in (2, 5, 3):
        put_on(services, venue, {**code, "limit": limit})
        assert places(services, code) == limit
    for less in ({**code, "limit": 1}, {**code, "limit": None}, None):
        with pytest.raises(TicketsInUse) as refused:
            put_on(services, venue, *([less] if less else []))
        left = (less or {}).get("limit") or 0
        assert refused.value.errors == {
            f"of promo code {code['id']}": f"2 of its uses are taken, and {left} would be left;"
            " end it with till"
        }
    assert places(services, code) == 3
    for each in orders:
        cancel = ChangeOrder(status=Status.CANCELED)
        request = Request(Caller(venue.org, "key", "en"), "request")
        services.orders.change(each.id, cancel, request)
    put_on(services, venue)
    assert places(services, code) == 0
