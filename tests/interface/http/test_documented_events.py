"""The printed list of events, made of a catalogue that says the same, byte for byte in its text."""

import json
import re
from datetime import UTC, datetime

import pytest
from catalog import catalog_document, partner
from documented import MOMENT, looked
from printed_pages import printed_exchanges
from seller import KEYS, ORGANISER, BoxOffice

from application.catalog.file import read_catalog_file
from domain.commands import BestAvailable
from interface.server.flask_app import create_app

[PRINTED] = printed_exchanges("simple_events")
EVENTS = PRINTED["response"]["body"]
THEN = datetime(2016, 1, 26, 9, 25, 19, 378000, tzinfo=UTC)
SPAN = re.compile(r"DTSTART;VALUE=DATE-TIME:(\w+)\r\nDTEND;VALUE=DATE-TIME:(\w+)\r\n")
OF_A_PAGE = ("age_rating", "map", "media", "tags", "ticket_template", "venue")


def span(text):
    """The two moments of a printed VEVENT."""
    return [
        datetime.strptime(each, "%Y%m%dT%H%M%S%z").isoformat()
        for each in SPAN.search(text).groups()
    ]


def rule_of(printed):
    start, end = span(printed["cal"])
    return {
        "id": printed["id"],
        "nominal": printed["price_org"],
        "extra": printed["price_extra"],
        "from": start,
        "till": end,
    }


def tickets_of(printed):
    if printed["seats"] is None:
        return {"count": printed["amount"]}
    seats = [
        {"sector": printed["sector"], "row": int(row), "number": number}
        for row, spans in printed["seats"].items()
        for first, last in spans
        for number in range(first, last + 1)
    ]
    return [{"id": f"{number:024x}", "seat": seat} for number, seat in enumerate(seats, 1)]


def event_of(printed):
    """An event of the catalogue that is to be printed so."""
    start, end = span(printed["lifetime"])
    page = {name: printed[name] for name in OF_A_PAGE}
    return {
        "id": printed["id"],
        "org": printed["org"]["id"],
        "title": printed["title"]["text"],
        "starts_at": start,
        "ends_at": end,
        "show": {**page, "desc": printed["title"]["desc"]},
        "sets": [
            {
                "id": each["id"],
                "name": each["name"],
                "rules": [rule_of(rule) for rule in each["rules"]],
                "tickets": tickets_of(each),
            }
            for each in printed["sets"]
        ],
    }


@pytest.fixture
def office(address):
    organiser = EVENTS[0]["org"]
    page = {name: organiser[name] for name in ("contact", "desc", "media", "tags")}
    document = catalog_document(
        [{**partner(ORGANISER, organiser["name"], "ru", KEYS[ORGANISER]), **page}],
        [event_of(each) for each in EVENTS],
    )
    file = read_catalog_file(json.dumps(document, ensure_ascii=False))
    with BoxOffice(address, catalog=file, opens=THEN) as office:
        yield office


def sell_what_is_not_vacant(office):
    for event in EVENTS:
        for each in event["sets"]:
            if count := each["amount"] - each["amount_vacant"]:
                office.create(event["id"], tickets=BestAvailable({each["id"]: count}))


def as_printed(event):
    """An answered event with the moments that are free, which look as they have to."""
    return {**event, **{name: looked(MOMENT, event[name]) for name in ("created_at", "updated_at")}}


def test_the_list_of_events_is_the_printed_one(office):
    sell_what_is_not_vacant(office)
    client = create_app(office.services).test_client()
    request = PRINTED["request"]
    answer = client.get(
        request["path"], headers={"Authorization": request["headers"]["Authorization"]}
    )
    assert answer.status_code == PRINTED["response"]["status"]
    for name, value in PRINTED["response"]["headers"].items():
        assert answer.headers[name] == value
    assert [as_printed(each) for each in answer.json] == [as_printed(each) for each in EVENTS]
    for given, printed in zip(answer.json, EVENTS, strict=True):
        assert list(given) == list(printed)
        assert list(given["sets"][0]) == list(printed["sets"][0])
        one = client.get(
            f"{request['path']}/{given['id']}",
            headers={"Authorization": request["headers"]["Authorization"]},
        )
        assert one.json == given
