"""A catalogue file means what it says: plain numbers, and one ticket for a chair."""

import json

import pytest
from catalog import Venue

from application.catalog.entries import BadCatalog
from application.catalog.file import read_catalog_file

ROW = "events[0].sets[0].tickets[0].seat.row"
PRICE = "events[0].sets[0].rules[0].nominal"
SEATS = "events[0].sets[0].tickets"


def with_value(path, written):
    """A venue's file with one value written as it is."""
    document = Venue().document
    where = document["events"][0]["sets"][0]
    if path == ROW:
        where["tickets"][0]["seat"]["row"] = "@"
    else:
        where["rules"][0]["nominal"] = "@"
    return json.dumps(document).replace('"@"', written)


def errors_of(text):
    with pytest.raises(BadCatalog) as refused:
        read_catalog_file(text)
    return refused.value.errors


@pytest.mark.parametrize("path", [ROW, PRICE])
@pytest.mark.parametrize(
    "written",
    ["010", "0o10", "08", "00", "-010", "0x10", "0b11", "1:30", "1:30.5", "1_000", "1e3", "1.5e+3",
     "10.5_0", "+5", ".5", "5.", ".inf", ".nan", '!!int "010"', "!!float 010", "!!int 1_0"],
)  # fmt: skip
def test_a_number_that_is_not_in_plain_digits_is_refused_by_its_path(path, written):
    errors = errors_of(with_value(path, written))
    assert list(errors) == [path]
    assert "plain digits" in errors[path]


@pytest.mark.parametrize("path", [ROW, PRICE])
@pytest.mark.parametrize("written", ["no", "yes", "on", "Off", "NO"])
def test_a_word_that_yaml_reads_as_true_or_false_is_refused_by_its_path(path, written):
    errors = errors_of(with_value(path, written))
    assert list(errors) == [path]
    assert f"YAML reads {written} as " in errors[path]


@pytest.mark.parametrize("written", ['"010"', '"0"', '"1:30"', '"no"', "7a", "A-1", "12", "0"])
def test_a_row_may_have_such_a_name_in_quotes(written):
    tickets = next(iter(read_catalog_file(with_value(ROW, written)).events[0].tickets.values()))
    assert str(tickets[0].seat["row"]) == written.strip(chr(34))


@pytest.mark.parametrize("written", ['"010"', '"00.50"', "100.000000000000000001"])
def test_a_price_has_no_leading_zeros_and_is_not_rounded(written):
    assert list(errors_of(with_value(PRICE, written))) == [PRICE]


@pytest.mark.parametrize(
    ("written", "price"), [("100.1", "100.10"), ('"0.50"', "0.50"), ("0", "0.00"), ("7", "7.00")]
)
def test_plain_prices_are_what_they_say(written, price):
    show = read_catalog_file(with_value(PRICE, written)).events[0].show
    assert str(show.sets[0].rules[0].nominal) == price


def test_an_id_that_looks_like_a_number_of_another_yaml_is_an_id():
    document = Venue().document
    text = json.dumps(document).replace(
        f'"{document["deals"][0]["id"]}"', "561234567890123456789e12"
    )
    assert read_catalog_file(text).deals[0].id == "561234567890123456789e12"


def with_seats(*seats):
    document = Venue().document
    tickets = document["events"][0]["sets"][0]["tickets"]
    for ticket, seat in zip(tickets, seats, strict=False):
        ticket["seat"] = seat
    return json.dumps(document)


HALL = "54d7a0409cb538783b7bf8d5"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"row": 1, "number": 9}, {"row": 1, "number": 9}),
        ({"row": 1, "number": 9}, {"row": "1", "number": "9"}),
        ({"number": "9a"}, {"number": "9a"}),
        ({"sector": HALL, "number": 9}, {"sector": HALL.upper(), "number": 9}),
        ({"row": "É", "number": 9}, {"row": "E\u0301", "number": 9}),
        ({"row": "A", "number": 9}, {"row": "A\u200b", "number": 9}),
    ],
)
def test_two_tickets_for_one_chair_are_refused(one, other):
    assert list(errors_of(with_seats(one, other))) == [f"{SEATS}[1].seat"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"sector": HALL}, {"sector": HALL}),
        ({"row": 7}, {"row": 7}),
        ({"row": 7, "number": 9}, {"number": 9}),
        ({"row": 7, "number": "9a"}, {"row": 7, "number": "9A"}),
    ],
)
def test_different_places_and_places_without_a_number_are_good(one, other):
    assert len(read_catalog_file(with_seats(one, other)).events) == 2
