"""What the kit holds for the same, and what for a difference."""

import pytest

from interface.conform.comparing import Place, compare
from interface.conform.names import Names, at_random

A, B, C, D = (f"56a6253df06c5a059a93800{n}" for n in range(4))
AT, LATER = "2016-01-26T09:25:19.378000+00:00", "2016-01-26T09:26:19.378000+00:00"
TOKEN, OTHER_TOKEN = "b6cbe4bd8a338159bdf0f4b059652f7023330898", "0" * 40


def fields(printed, came, *, field="", given=None):
    return [each.field for each in compare(Names(given or {}), Place(field=field), printed, came)]


@pytest.mark.parametrize(
    ("printed", "came"),
    [
        ({"a": 1}, {"a": 1}),
        ({"id": A, "order": A}, {"id": B, "order": B}),
        ({"org": A, "vendor": B}, {"org": C, "vendor": C}),
        ({"rules": {A: B}}, {"rules": {C: D}}),
        ({"number": 5}, {"number": 7}),
        ({"serial": "AEY", "barcode": "123"}, {"serial": "93802E", "barcode": "99"}),
        ({"created_at": AT}, {"created_at": LATER}),
        ({"tickets": [A, B]}, {"tickets": [D, C]}),
        ({"url": f"https://a/?customer={TOKEN}"}, {"url": f"https://a/?customer={OTHER_TOKEN}"}),
        ({"cal": "DTSTART:20160127T210000Z"}, {"cal": "DTSTART:20990127T210000Z"}),
    ],
)
def test_what_is_free_may_differ(printed, came):
    assert fields(printed, came) == []


@pytest.mark.parametrize(
    ("printed", "came", "where"),
    [
        ({"a": 1}, {"a": 2}, "a"),
        ({"a": 1}, {"a": True}, "a"),
        ({"a": None}, {}, "a"),
        ({}, {"a": None}, "a"),
        ({"a": "1.00"}, {"a": 1}, "a"),
        ({"a": {"b": []}}, {"a": {"b": [1]}}, "a.b[0]"),
        ({"a": {"b": [1]}}, {"a": {"b": []}}, "a.b[0]"),
        ({"a": []}, {"a": {}}, "a"),
        ({"id": A}, {"id": "nothing"}, "id"),
        ({"id": A}, {"id": None}, "id"),
        ({"id": A, "order": A}, {"id": B, "order": C}, "order"),
        ({"id": A, "other": B}, {"id": C, "other": C}, "other"),
        ({"rules": {A: B}}, {"rules": {}}, f"rules.{A}"),
        ({"number": 5}, {"number": "5"}, "number"),
        ({"seat": {"number": 5}}, {"seat": {"number": 6}}, "seat.number"),
        ({"barcode": "123"}, {"barcode": "12A"}, "barcode"),
        ({"created_at": AT}, {"created_at": "2016-01-26T09:25:19Z"}, "created_at"),
        ({"created_at": AT}, {"created_at": AT.replace("378000", "378001")}, "created_at"),
        ({"created_at": AT}, {"created_at": None}, "created_at"),
        ({"tickets": [A, B]}, {"tickets": [C]}, "tickets[1]"),
        ({"tickets": [A]}, {"tickets": [C, D]}, "tickets[1]"),
        ({"tickets": [A, B]}, {"tickets": [C, C]}, "tickets[1]"),
        ({"list": ["a", "b"]}, {"list": ["b", "a"]}, "list[0]"),
        ({"url": f"https://a/?customer={TOKEN}"}, {"url": "https://a/?customer=1"}, "url"),
        (
            {"url": f"https://a/?customer={TOKEN}"},
            {"url": f"https://b/?customer={TOKEN}"},
            "url",
        ),
        ({"cal": "DTSTART:20160127T210000Z"}, {"cal": "DTEND:20160127T210000Z"}, "cal"),
    ],
)
def test_everything_else_counts(printed, came, where):
    assert fields(printed, came)[0] == where


def test_tickets_are_found_by_their_ids_and_else_by_what_they_are():
    printed = [{"id": A, "row": 1}, {"id": B, "row": 2}]
    assert fields(printed, [{"id": C, "row": 2}, {"id": D, "row": 1}], field="tickets") == []
    wrong = [{"id": C, "row": 2}, {"id": D, "row": 1}]
    assert fields(printed, wrong, field="tickets", given={A: C, B: D}) == ["[0].row", "[1].row"]


def moments(*pairs):
    names = Names({})
    return [
        [each.field for each in compare(names, Place(), {"id": A, "at": one}, {"id": B, "at": two})]
        for one, two in pairs
    ]


def test_a_moment_moves_when_the_printed_one_moves():
    assert moments((AT, LATER), (AT, LATER), (LATER, AT)) == [[], [], []]
    assert moments((AT, AT), (LATER, AT)) == [[], ["at"]]
    assert moments((AT, AT), (AT, LATER)) == [[], ["at"]]


def test_a_name_that_is_known_is_sent_and_expected():
    names = Names({A: B, "api/BASE": "ours/CARD", "key": "olk"})
    assert names.sent({"event": A, "random": {A: 1}, "system": ["api/BASE"]}) == {
        "event": B,
        "random": {B: 1},
        "system": ["ours/CARD"],
    }
    assert names.path(f"/v1/orders/{A}?x={C}") == f"/v1/orders/{B}?x={C}"
    assert [each.field for each in compare(names, Place(), {"event": A}, {"event": C})] == ["event"]


def test_tickets_that_the_server_chooses_may_have_any_id():
    printed = [{"tickets": [A, B]}]
    assert at_random(printed, [{"tickets": [A]}]) == {B}
    names = Names({A: C, B: D}, {B})
    assert compare(names, Place(field="tickets"), [A, B], [A.replace("0", "1", 1), C]) == []
