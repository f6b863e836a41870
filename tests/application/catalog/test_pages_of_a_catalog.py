"""What a catalogue says for pages: checked for form, kept, and dated."""

import json
from datetime import timedelta

import pytest
from catalog import catalog_document, partner, rule, show, ticket_set
from seller import BoxOffice, on_one_store

from application.catalog.entries import BadCatalog, TicketEntry
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.catalog.pages import NO_PLACES, SetPlaces
from application.catalog.set_places import places_of

ORG, EVENT, SET, RULE = "0a" * 12, "0b" * 12, "0c" * 12, "0d" * 12
SECTOR, OTHER = "1a" * 12, "1b" * 12
VENUE = {
    "id": "2a" * 12,
    "name": "Hall",
    "city": {"id": 1, "country": "RU", "name": {"ru": "Москва"}, "timezone": "Europe/Moscow"},
    "country": {"id": "RU", "name": {"ru": "Россия"}},
}
FILE = {"id": "3a" * 12, "url": "https://media.example/hall.svg"}
MAP = {"id": "4a" * 12, "name": "Hall"}


def file_of(page=None, organiser=None, title="Evening", tickets=5):
    event = show(EVENT, ORG, title, [ticket_set(SET, "All", [rule(RULE, "1.00")], tickets)])
    if page is not None:
        event["show"] = page
    document = catalog_document([{**partner(ORG, "Org", "ru"), **(organiser or {})}], [event])
    return read_catalog_file(json.dumps(document, ensure_ascii=False))


def changed(whole, path, value):
    """A copy with one value replaced; None as a value takes it out."""
    copy = json.loads(json.dumps(whole))
    *outer, last = path.split(".")
    inner = copy
    for name in outer:
        inner = inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copy


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ({"age_rating": 22}, "age_rating"),
        ({"age_rating": -1}, "age_rating"),
        ({"age_rating": "12"}, "age_rating"),
        ({"desc": "x" * 10_001}, "desc"),
        ({"desc": 1}, "desc"),
        ({"tags": "concerts"}, "tags"),
        ({"tags": [""]}, "tags[0]"),
        ({"tags": ["x"] * 101}, "tags"),
        ({"media": []}, "media"),
        ({"media": {"text": "x" * 16_384}}, "media"),
        ({"ticket_template": {"colour": "red"}}, "ticket_template.colour"),
        ({"status": "hidden"}, "status"),
        ({"venue": {"id": 7}}, "venue.id"),
        ({"venue": changed(VENUE, "id", "hall")}, "venue.id"),
        ({"venue": changed(VENUE, "city", None)}, "venue.city"),
        ({"venue": changed(VENUE, "city.id", "1")}, "venue.city.id"),
        ({"venue": changed(VENUE, "city.timezone", "Moscow")}, "venue.city.timezone"),
        ({"venue": changed(VENUE, "city.timezone", None)}, "venue.city.timezone"),
        ({"venue": changed(VENUE, "city.country", "DE")}, "venue.city.country"),
        ({"venue": changed(VENUE, "city.country", "ru")}, "venue.city.country"),
        ({"venue": changed(VENUE, "city.name", {"ru": ""})}, "venue.city.name.ru.value"),
        ({"venue": changed(VENUE, "country.id", "ZZ")}, "venue.country.id"),
        ({"venue": {**VENUE, "point": {"coordinates": [1]}}}, "venue.point.coordinates"),
        ({"venue": {**VENUE, "point": {"coordinates": [181, 0]}}}, "venue.point.coordinates"),
        ({"venue": {**VENUE, "point": {"coordinates": [0, 91]}}}, "venue.point.coordinates"),
        ({"venue": {**VENUE, "point": {"coordinates": ["1", 2]}}}, "venue.point.coordinates[0]"),
        (
            {"venue": {**VENUE, "point": {"coordinates": [1, 2], "type": "Line"}}},
            "venue.point.type",
        ),
        ({"map": {"id": "4a" * 12}}, "map.name"),
        ({"map": {**MAP, "sectors": [{"id": SECTOR}]}}, "map.sectors[0].name"),
        ({"map": {**MAP, "svg": {"map": {**FILE, "url": "hall.svg"}}}}, "map.svg.map.url"),
        ({"map": {**MAP, "svg": {"map": {**FILE, "length": -1}}}}, "map.svg.map.length"),
    ],
)
def test_a_wrong_value_for_a_page_is_named_by_its_path(page, path):
    with pytest.raises(BadCatalog) as refused:
        file_of(page)
    assert f"events[0].show.{path}" in refused.value.errors


@pytest.mark.parametrize(
    ("organiser", "path"),
    [
        ({"contact": {"fax": "1"}}, "contact.fax"),
        ({"contact": {"phones": "1"}}, "contact.phones"),
        ({"contact": {"phones": ["1"] * 21}}, "contact.phones"),
        ({"contact": {"email": 1}}, "contact.email"),
        ({"tags": [1]}, "tags[0]"),
        ({"legal": {}}, "legal.type"),
        ({"legal": {"type": "ru/ip", "bank": {"iban": "1"}}}, "legal.bank.iban"),
        ({"legal": {"type": "ru/ip", "detail": {"nds": "no"}}}, "legal.detail.nds"),
        ({"legal": {"type": "ru/ip", "detail": {"inn": 1}}}, "legal.detail.inn"),
        ({"legal": {"type": "ru/ip", "who": []}}, "legal.who"),
    ],
)
def test_a_wrong_value_of_a_partner_is_named_by_its_path(organiser, path):
    with pytest.raises(BadCatalog) as refused:
        file_of(organiser=organiser)
    assert f"partners[0].{path}" in refused.value.errors


def test_a_moment_is_no_value_of_media():
    text = json.dumps(catalog_document([partner(ORG, "Org", "ru")], []))
    with pytest.raises(BadCatalog) as refused:
        read_catalog_file(text.replace('"keys": []', '"media": {"at": 2030-01-01}'))
    assert "partners[0].media" in refused.value.errors


def test_what_is_given_is_kept_as_it_is():
    [entry] = file_of({"media": {"cover": [1, 2.5, None, True]}, "venue": VENUE, "map": MAP}).events
    page = entry.show.page
    assert page.media == {"cover": [1, 2.5, None, True]}
    assert page.venue["city"] == VENUE["city"]
    assert (page.venue["point"], page.map["svg"], page.map["sectors"]) == (None, None, [])


@on_one_store
def test_a_show_is_dated_by_what_a_catalogue_changes(address):
    with BoxOffice(address, catalog=file_of()) as office:

        def dates():
            office.services.catalog._look_again = 0.0
            known = office.services.catalog.current().shows[EVENT]
            return known.created_at, known.updated_at

        began = office.time
        assert dates() == (began, began)
        for page, title, tickets in (
            ({"desc": "New"}, "Evening", 5),
            ({"desc": "New"}, "Morning", 5),
            ({"desc": "New"}, "Morning", 6),
        ):
            later = office.later(hours=1)
            load_catalog(office.store, file_of(page, None, title, tickets), later)
            assert dates() == (began, later)
            report = load_catalog(
                office.store, file_of(page, None, title, tickets), office.later(hours=1)
            )
            assert (report.updated, dates()) == (0, (began, later))


@on_one_store
def test_a_show_of_an_earlier_version_is_dated_when_it_is_loaded_again(address):
    with BoxOffice(address, catalog=file_of()) as office:
        with office.store.change_catalog() as change:
            document = json.loads(change.documents()["event", EVENT])
            del document["created_at"], document["updated_at"]
            change.put("event", EVENT, json.dumps(document).encode())
        office.services.catalog._look_again = 0.0
        assert office.services.catalog.current().shows[EVENT].created_at is None
        later = office.time + timedelta(hours=1)
        assert load_catalog(office.store, file_of(), later).updated == 1
        office.services.catalog._look_again = 0.0
        known = office.services.catalog.current().shows[EVENT]
        assert known.created_at == known.updated_at == later


def seat(row=None, number=None, sector=SECTOR):
    given = {"sector": sector, "row": row, "number": number}
    return TicketEntry("", {name: each for name, each in given.items() if each is not None})


@pytest.mark.parametrize(
    ("tickets", "places"),
    [
        (5, NO_PLACES),
        ([seat(1, 1), seat(1, 3), seat(1, 6)], SetPlaces(SECTOR, {"1": [(1, 1), (3, 3), (6, 6)]})),
        ([seat(1, 3), seat(1, 2), seat(1, 1)], SetPlaces(SECTOR, {"1": [(1, 3)]})),
        ([seat("B", 1), seat(2, 0)], SetPlaces(SECTOR, {"B": [(1, 1)], "2": [(0, 0)]})),
        ([seat(1, "7a"), seat(1, 7)], SetPlaces(SECTOR, {"1": [(7, 7), ("7a", "7a")]})),
        ([seat(), seat()], SetPlaces(SECTOR, None)),
        ([seat(1)], SetPlaces(SECTOR, None)),
        ([seat(1, 1, None)], SetPlaces(None, {"1": [(1, 1)]})),
        ([seat(1, 1), seat(1, 2, OTHER)], NO_PLACES),
        ([seat(1, 1), seat(1, 2, None)], NO_PLACES),
    ],
)
def test_the_places_of_a_set_in_few_words(tickets, places):
    given = tickets if isinstance(tickets, int) else tuple(tickets)
    assert places_of({SET: given}).get(SET, NO_PLACES) == places
