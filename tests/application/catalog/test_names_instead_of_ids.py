"""Ids may be left out of a catalogue file, and things be referred to by their names."""

import re
import time

import pytest

from application.catalog.entries import BadCatalog
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.catalog.yaml_document import lines_of

SHORT = """
partners:
  - {name: Playhouse, language: en}
  - {name: Ticket shop, language: en}
payment_systems:
  - {alias: card, hold_minutes: 30, confirmed_by: vendor}
deals:
  - {org: Playhouse, vendor: ticket  SHOP}
events:
  - org: Playhouse
    title: Hamlet
    starts_at: 2030-06-01T19:00:00+03:00
    ends_at: 2030-06-01T22:00:00+03:00
    sets:
      - name: Stalls
        rules:
          - {nominal: "90.00", till: 2030-01-01T00:00:00Z}
          - {nominal: "100.00"}
        seats: {rows: 2, numbers: 3}
      - name: Standing
        rules: [{nominal: "60.00"}]
        tickets: {count: 50}
"""
EVENT = SHORT[SHORT.index("  - org: Playhouse\n") :]


STORED = [
    "6fc0594d38b21d4934fa5fa4",
    "22cd88826d977ba93b1ae5ca",
    "b2761a2551062c684b839ca0",
    "80e8c9491b87a59bc21376a2",
    "2accfd55eb620f8fc1b91305",
    "370f56b97738de7e1d99b0c5",
    "2e775b22e70e17e6fd6a10f5",
]
"""The ids of partner, payment system, deal, event, set, rule and ticket."""


def changed(old, new, text=SHORT):
    assert text.count(old) == 1, old
    return text.replace(old, new)


def errors_of(text):
    with pytest.raises(BadCatalog) as refused:
        read_catalog_file(text)
    return dict(refused.value.errors)


def show_of(text, event=0):
    return read_catalog_file(text).events[event]


def ids_of(text):
    file = read_catalog_file(text)
    [event] = file.events
    return [
        *(entry.partner.id for entry in file.partners),
        file.payment_systems[0].id,
        file.deals[0].id,
        event.show.id,
        *(each.id for each in event.show.sets),
        *(rule.id for each in event.show.sets for rule in each.rules),
        *(ticket.id for ticket in event.tickets[event.show.sets[0].id]),
    ]


def test_ids_that_are_left_out_are_the_same_each_time():
    ids = ids_of(SHORT)
    assert len(ids) == len(set(ids)) == 16
    assert all(re.fullmatch("[0-9a-f]{24}", each) for each in ids)
    # The form of what is hashed is stored: what was loaded is found by these ids again.
    assert [ids[0], ids[2], ids[3], ids[4], ids[5], ids[7], ids[10]] == STORED


def test_names_are_compared_without_case_and_spaces_and_references_may_use_them():
    file = read_catalog_file(SHORT)
    [deal], partners = file.deals, file.partners
    assert (deal.org, deal.vendor) == (partners[0].partner.id, partners[1].partner.id)
    assert file.events[0].show.org == partners[0].partner.id
    assert ids_of(changed("title: Hamlet", 'title: "  HAMLET "')) == ids_of(SHORT)


def test_a_price_may_change_and_its_rule_stays_the_same_one():
    assert ids_of(changed('nominal: "100.00"', 'nominal: "110.00"')) == ids_of(SHORT)


def test_an_id_that_is_written_down_is_the_one_that_is_used():
    id_ = ids_of(SHORT)[3 + 1]
    written = changed("title: Hamlet", f'title: Hamlet\n    id: "{id_}"')
    assert ids_of(written) == ids_of(SHORT)
    renamed = changed("title: Hamlet", "title: Hamlet, prince", written)
    assert ids_of(renamed) == ids_of(SHORT)
    assert ids_of(changed("title: Hamlet", "title: Hamlet, prince"))[4] != id_


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("name: Ticket shop", "name: PLAYHOUSE", "partners[1].id", "same name"),
        (EVENT, EVENT + EVENT, "events[1].id", "same title"),
        ("name: Standing", "name: Stalls", "events[0].sets[1].id", "same name"),
        (
            ", till: 2030-01-01T00:00:00Z}",
            "}",
            "events[0].sets[0].rules[1].id",
            "same from and till",
        ),
        ("{count: 50}", "[{}, {}]", "events[0].sets[1].tickets[1].id", "same seat"),
        (
            "{count: 50}",
            "[{seat: {row: A}}, {seat: {row: a}}]",
            "events[0].sets[1].tickets[1].id",
            "same seat",
        ),
    ],
)
def test_two_things_without_a_difference_are_refused_with_what_to_do(old, new, path, says):
    errors = errors_of(changed(old, new))
    assert says in errors[path]
    assert "an id of its own" in errors[path]


def test_a_written_id_cannot_be_the_one_that_another_name_makes():
    id_ = ids_of(SHORT)[4]
    errors = errors_of(SHORT + EVENT.replace("title: Hamlet", f'title: Faust\n    id: "{id_}"'))
    assert "Is the id of events[0], too" in errors["events[1].id"]


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("vendor: ticket  SHOP", "vendor: Tiket shop", "deals[0].vendor", "Ticket shop may be"),
        ("vendor: ticket  SHOP", "vendor: 7", "deals[0].vendor", "number"),
        ("- org: Playhouse", "- org: Nobody", "events[0].org", "no partner"),
        ("- org: Playhouse", "- org: [Playhouse]", "events[0].org", "not an id"),
        ("- org: Playhouse", '- org: "  "', "events[0].org", "not an id"),
        ("{org: Playhouse, ", "{", "deals[0].org", "Missing"),
        ("    title: Hamlet", "    titel: Hamlet", "events[0].titel", "title may be meant"),
        ("alias: card", "alias: card, hold_minute: 5", "payment_systems[0].hold_minute",
         "hold_minutes may"),
        ("alias: card", "alias: card, xyz: 5", "payment_systems[0].xyz", "alias, hold_minutes"),
        ("rows: 2", "rows: 2, number: 5", "events[0].sets[0].seats.number", "numbers may"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_answered_with_the_nearest_one(old, new, path, says):
    assert says in errors_of(changed(old, new))[path]


def test_a_name_that_two_things_have_is_no_reference():
    text = SHORT.replace("{name: Playhouse", '{id: "56810047f06c5a6ac62f4e01", name: Playhouse')
    text = changed("name: Ticket shop", 'id: "56810047f06c5a6ac62f4e02", name: Playhouse', text)
    errors = errors_of(text)
    assert "write the id of the one" in errors["events[0].org"]


def test_what_an_alias_repeats_gets_ids_of_its_own_in_each_place():
    text = changed('rules: [{nominal: "60.00"}]', "rules: *usual")
    text = changed("        rules:\n", "        rules: &usual\n", text)
    stalls, standing = show_of(text).show.sets
    assert {each.id for each in stalls.rules}.isdisjoint(each.id for each in standing.rules)


def test_a_missing_id_of_a_thing_whose_name_is_wrong_is_no_error_of_its_own():
    assert set(errors_of(changed("title: Hamlet", "title: 7"))) == {"events[0].title"}


# Seats.

BLOCKS = [
    ("{rows: 10, numbers: 20}", 200, (1, 1), (10, 20)),
    ("{rows: 1-10, numbers: 5 - 7}", 30, (1, 5), (10, 7)),
    ("{rows: A-C, numbers: 2}", 6, ("A", 1), ("C", 2)),
    ("{rows: Box, numbers: [1, 3, 5-6, 7a]}", 5, ("Box", 1), ("Box", "7a")),
    ("[{rows: 1, numbers: 2}, {rows: [2], numbers: 3}]", 5, (1, 1), (2, 3)),
    ("[{rows: 1, numbers: 2}, {sector: Left, rows: 1, numbers: 2}]", 4, (1, 1), (1, 2)),
]


@pytest.mark.parametrize(("written", "amount", "first", "last"), BLOCKS)
def test_seats_are_spelled_out_by_rows_and_numbers(written, amount, first, last):
    event = show_of(changed("{rows: 2, numbers: 3}", written))
    stalls = event.show.sets[0]
    seats = [each.seat for each in event.tickets[stalls.id]]
    assert (stalls.amount, len(seats)) == (amount, amount)
    ends = [(each["row"], each["number"]) for each in (seats[0], seats[-1])]
    assert ends == [first, last]
    assert all(re.fullmatch("[0-9a-f]{24}", each["sector"]) for each in seats)


def test_a_listed_seat_without_an_id_is_the_ticket_that_its_row_makes():
    listed = changed(
        "seats: {rows: 2, numbers: 3}",
        "tickets: [{seat: {sector: Stalls, row: 2, number: 3}}]",
    )
    assert ids_of(listed)[-1] == ids_of(SHORT)[-1]


def test_a_sector_is_the_one_of_the_hall_that_has_the_name():
    sector = "54d7a0409cb538783b7bf8d5"
    hall = f'show: {{map: {{name: Hall, sectors: [{{id: "{sector}", name: Left wing}}]}}}}'
    text = changed("title: Hamlet", f"title: Hamlet\n    {hall}")
    text = changed("{rows: 2,", "{sector: left wing, rows: 2,", text)
    event = show_of(text)
    assert {each.seat["sector"] for each in event.tickets[event.show.sets[0].id]} == {sector}


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("seats: {", "tickets: {count: 5}\n        seats: {", "tickets", "either"),
        ("        seats: {rows: 2, numbers: 3}\n", "", "tickets", "either"),
        ("rows: 2", "rows: 0", "seats.rows", "greater"),
        ("rows: 2", "rows: true", "seats.rows", "a number"),
        ("rows: 2", "rows: 2.5", "seats.rows", "a number"),
        ("rows: 2", "rows: {}", "seats.rows", "a number"),
        ("rows: 2", "rows: []", "seats.rows", "a number"),
        ("rows: 2", "rows: [[1]]", "seats.rows", "whole number"),
        ("rows: 2", "rows: 9-3", "seats.rows", "write 3-9"),
        ("rows: 2", "rows: F-A", "seats.rows", "write A-F"),
        ("rows: 2", "rows: 1-9999999", "seats.rows", "1000000"),
        ("rows: 2", "rows: [1, 1]", "seats", "twice"),
        ("rows: 2", 'rows: [1, "1"]', "seats", "twice"),
        ("{rows: 2,", "{", "seats.rows", "Missing"),
        ("{rows: 2, numbers: 3}", "[]", "seats", "list of such blocks"),
        ("{rows: 2, numbers: 3}", "7", "seats", "list of such blocks"),
        ("{rows: 2, numbers: 3}", "[7]", "seats[0]", "Invalid"),
        ("{rows: 2, numbers: 3}", "[{rows: 1, numbers: 9}, {rows: 1, numbers: 4}]", "seats",
         "row 1, number 1 twice"),
        ("rows: 2, numbers: 3", "rows: 1000000, numbers: 1000", "seats", "1000000000 seats"),
    ],
)  # fmt: skip
def test_bad_seats_are_refused(old, new, path, says):
    errors = errors_of(changed(old, new))
    assert says in errors[f"events[0].sets[0].{path}"]


def test_no_file_can_ask_for_more_seats_than_a_server_has_memory_for():
    many = changed("rows: 2, numbers: 3", "rows: 1000, numbers: 1000")
    many += EVENT.replace("title: Hamlet", "title: Faust")
    began = time.monotonic()
    assert "load them in parts" in errors_of(many)["events"]
    assert time.monotonic() - began < 2


# YAML.


def test_aliases_of_aliases_do_not_make_a_short_file_a_huge_one():
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    began = time.monotonic()
    assert "aliases repeat" in errors_of(bomb)[""]
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("partners[1].name", 4),
        ("partners[1].language", 4),
        ("events[0].title", 11),
        ("events[0].sets[0].rules[1].nominal", 18),
        ("events[0].sets[0].id", 15),
        ("events[0].currency", 10),
        ("nothing", 2),
    ],
)
def test_a_path_is_found_in_its_line(path, line):
    assert lines_of(SHORT, [path]) == {path: line}


def test_what_is_no_yaml_has_no_lines():
    assert lines_of("a: [", ["a"]) == {}
    assert lines_of(SHORT, [""]) == {}


# In the stores.


def test_loading_by_names_twice_changes_nothing(services):
    first = load_catalog(services.store, read_catalog_file(SHORT), services.clock())
    assert first.tickets_added == 56
    again = load_catalog(services.store, read_catalog_file(SHORT), services.clock())
    assert (again.added, again.updated, again.tickets_added, again.tickets_removed) == (0, 0, 0, 0)


# Promo codes.


def test_a_promo_code_is_named_by_its_code_and_names_its_sets():
    codes = "promocodes: [{code: Spring, percent: 10, sets: [standing]}]"
    text = changed("    title: Hamlet", f"    title: Hamlet\n    {codes}")
    show = show_of(text).show
    [code] = show.promocodes
    assert code.sets == (show.sets[1].id,)
    assert code.id == show_of(text.replace("Spring", "SPRING")).show.promocodes[0].id
    errors = errors_of(text.replace("[standing]", "[Stall]"))
    assert "Stalls may be meant" in errors["events[0].promocodes[0].sets[0]"]
