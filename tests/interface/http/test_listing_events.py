"""The list of events: filters, sorting, pages, and what a client has already."""

import gzip
import json
import re
from itertools import count

import pytest
from catalog import catalog_document, partner, rule, show, ticket_set
from catalog import seats as row_of
from http_seller import Seller, pointers, refused
from polling import until

from application.catalog import show_list, vacancies
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from interface.http import paging

SIMPLE = "/v1/services/simple/events"
MOSCOW, SAMARA, MINSK = (524901, "RU"), (499099, "RU"), (625144, "BY")
TOMORROW = "2030-06-02T12:00:00+00:00"
_parts = count(1)


def new_id():
    return f"5105{next(_parts):020x}"


def venue_in(place, venue_id):
    city, country = place
    return {
        "id": venue_id,
        "name": "Hall",
        "city": {"id": city, "country": country, "name": {"en": "C"}, "timezone": "Europe/Minsk"},
        "country": {"id": country, "name": {"en": "X"}},
    }


class Season:
    """Five events of one organiser: one inside the other, with prices of 10, 50, 30, none, 20.

    The last has no venue. The second costs 5.00 from tomorrow noon on, and the fourth 70.00.
    """

    def __init__(self):
        self.org, self.set_ids, self.events = new_id(), [new_id() for _ in range(5)], []
        self.key = f"5ea50000{self.org}"
        self.venues = [new_id() for _ in range(4)]
        self.hall = [new_id() for _ in range(4)]
        rules = [
            [rule(new_id(), "10.00")],
            [rule(new_id(), "5.00", **{"from": TOMORROW}), rule(new_id(), "45.00", "5.00")],
            [rule(new_id(), "30.00")],
            [rule(new_id(), "70.00", **{"from": TOMORROW})],
            [rule(new_id(), "20.00")],
        ]
        places = [MOSCOW, SAMARA, MINSK, MOSCOW, None]
        for number, (its_rules, place) in enumerate(zip(rules, places, strict=True)):
            tickets = row_of(self.hall) if number == 0 else 6 + number
            made = show(
                new_id(),
                self.org,
                f"Event {number}",
                [ticket_set(self.set_ids[number], "All", its_rules, tickets)],
                f"2030-07-0{number + 1}T10:00:00+00:00",
                f"2030-07-{10 - number:02d}T10:00:00+00:00",
            )
            if place is not None:
                made["show"] = {"venue": venue_in(place, self.venues[number])}
            self.events.append(made)

    def open(self, running):
        document = catalog_document([partner(self.org, "Season", "en", self.key)], self.events)
        load_catalog(
            running.services.store, read_catalog_file(json.dumps(document)), running.clock()
        )
        running.services.catalog._look_again = 0.0
        return Seller(running.app, self.key, self.events[0]["id"])

    def names(self, answer):
        """Which of the events an answer has, by their numbers."""
        assert answer.status_code == 200, answer.text
        ids = [each["id"] for each in self.events]
        return [ids.index(each["id"]) for each in answer.json]


@pytest.fixture
def season(running):
    season = Season()
    season.seller = season.open(running)
    return season


@pytest.fixture
def names(season):
    return lambda query: season.names(season.seller.get(f"{SIMPLE}?{query}"))


def test_events_are_filtered_by_organiser_venue_city_and_country(season, names, venue):
    assert names(f"org={season.org}") == [0, 1, 2, 3, 4]
    assert names(f"org={season.org.upper()}") == [0, 1, 2, 3, 4]
    assert names(f"org={venue.org}") == names(f"org={'0' * 24}") == []
    assert names(f"venue={season.venues[1]}") == [1]
    assert names("country=RU") == [0, 1, 3]
    assert names("country=BY") == [2]
    assert names("country=DE") == []
    assert names(f"city={MOSCOW[0]}") == [0, 3]
    assert names(f"city={MOSCOW[0]}&country=BY") == []


def test_events_are_filtered_by_when_they_take_place(names):
    assert names("lifetime__range=2030-07-01T00:00Z,2030-07-02T10:00Z") == [0]
    assert names("lifetime__range=2030-07-01T00:00Z,2030-07-02T10:00:01Z") == [0, 1]
    assert names("lifetime__range=2030-07-07T10:00Z,") == [0, 1, 2]
    assert names("lifetime__range=,2030-07-01T10:00Z") == []
    assert names("lifetime__range=,") == [0, 1, 2, 3, 4]


def test_events_are_filtered_by_what_a_ticket_costs_now(names, clock):
    assert names("price__range=10,30") == [0, 2, 4]
    assert names("price__range=10.01,29.99") == [4]
    assert names("price__range=50,") == [1]
    assert names("price__range=,10.00") == [0]
    clock.forward(days=1)
    assert names("price__range=50,") == [3]
    assert names("price__range=,10.00") == [0, 1]


def test_events_are_sorted_by_one_or_several_fields(names, clock):
    assert names("sort=start") == [0, 1, 2, 3, 4]
    assert names("sort=-start") == names("sort=end") == [4, 3, 2, 1, 0]
    assert names("sort=price") == [0, 4, 2, 1, 3]
    assert names("sort=-price") == [1, 2, 4, 0, 3]
    assert names("sort=price,-start") == [0, 4, 2, 1, 3]
    clock.forward(days=1)
    assert names("sort=price") == [1, 0, 4, 2, 3]


def test_of_equal_ones_the_next_field_decides(season, running):
    for each in season.events:
        each["sets"][0]["rules"] = [rule(new_id(), "1.00")]
    seller = season.open(running)
    assert season.names(seller.get(f"{SIMPLE}?sort=price,-start")) == [4, 3, 2, 1, 0]
    assert season.names(seller.get(f"{SIMPLE}?sort=-price,start")) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "query",
    [
        "org=nobody",
        "org=",
        "venue=1",
        f"venue={'0' * 25}",
        "country=ZZ",
        "country=ru",
        "country=Russia",
        "city=Moscow",
        "city=-1",
        f"city={'9' * 21}",
        "lifetime__range=2030-07-01",
        "lifetime__range=2030-07-01,2030-07-02",
        "lifetime__range=a,b",
        "price__range=1",
        "price__range=1,2,3",
        "price__range=-1,2",
        "price__range=1,2.001",
        "price__range=%D9%A1,2",
        "sort=",
        "sort=title",
        "sort=start,",
        "sort=--start",
        "sort=start,-start",
        f"sort={'start,' * 1000}start",
        "page=0",
        "page_size=201",
        "page_size=10&page_size=20",
        "lifetime=2030",
        "event=1",
    ],
)
def test_what_is_no_filter_of_events_is_refused(season, query):
    answer = season.seller.get(f"{SIMPLE}?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == ["/" + query.partition("=")[0]]


def pages(seller, query):
    address = f"{SIMPLE}?{query}"
    while address:
        answer = seller.get(address)
        yield answer
        link = answer.headers.get("Link")
        address = link and re.fullmatch('<([^>]+)>; rel="next"', link)[1]


def test_pages_keep_to_the_filter_and_the_sort(season):
    found = [season.names(each) for each in pages(season.seller, "page_size=2&sort=-start")]
    assert found == [[4, 3], [2, 1], [0]]
    assert season.names(season.seller.get(f"{SIMPLE}?page=9&page_size=2")) == []


def test_a_page_has_no_more_bytes_than_it_may(season, monkeypatch):
    monkeypatch.setattr(paging, "MOST_BYTES", 3000)
    found = [*pages(season.seller, "")]
    assert [name for each in found for name in season.names(each)] == [0, 1, 2, 3, 4]
    assert len(found) > 2
    assert all(len(each.data) < 4000 for each in found)


def test_a_page_is_not_sent_again_until_something_in_it_is_another(season, running, clock):
    seller = season.seller
    one = f"{SIMPLE}/{season.events[0]['id']}"

    def changed(address, tag):
        answer = seller.get(address, headers={"If-None-Match": tag})
        assert answer.status_code in {200, 304}
        assert answer.headers["ETag"] == tag or answer.status_code == 200
        return answer.headers["ETag"] if answer.status_code == 200 else None

    tags = {address: seller.get(address).headers["ETag"] for address in (SIMPLE, one)}
    assert not any(changed(address, tag) for address, tag in tags.items())
    order = seller.order(tickets=season.hall[:1])
    held = {address: changed(address, tag) for address, tag in tags.items()}
    assert all(held.values())
    seller.change(order, customer={"first_name": "Anna"})
    assert not any(changed(address, tag) for address, tag in held.items())
    clock.forward(minutes=10)
    assert {address: changed(address, tag) for address, tag in held.items()} == tags
    clock.forward(days=1)
    assert changed(one, tags[one]) is None
    tomorrow = changed(SIMPLE, tags[SIMPLE])
    assert tomorrow
    season.events[0]["show"]["desc"] = "New"
    season.open(running)
    assert changed(one, tags[one])
    assert changed(SIMPLE, tomorrow)


def test_the_last_page_is_another_once_there_is_a_next(running):
    season = Season()
    whole, season.events = season.events, season.events[:2]
    seller = season.open(running)
    tag = seller.get(f"{SIMPLE}?page_size=2").headers["ETag"]
    season.events = whole
    season.open(running)
    answer = seller.get(f"{SIMPLE}?page_size=2", headers={"If-None-Match": tag})
    assert (answer.status_code, "Link" in answer.headers) == (200, True)


def test_a_page_comes_compressed_to_who_takes_it(season):
    plain = season.seller.get(SIMPLE)
    for _ in range(2):
        packed = season.seller.get(SIMPLE, headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["ETag"] == plain.headers["ETag"]
        assert gzip.decompress(packed.data) == plain.data
    season.seller.order(tickets=season.hall[:1])
    packed = season.seller.get(SIMPLE, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == season.seller.get(SIMPLE).data != plain.data
    refused(season.seller.get(SIMPLE, headers={"If-None-Match": "x"}), 400, "bad_if_none_match")


def test_an_event_alone_and_a_page_of_one_are_not_mistaken_for_each_other(season):
    seller, gzipped = season.seller, {"Accept-Encoding": "gzip"}
    [*_, last] = shows = seller.get(SIMPLE).json
    addresses = (f"{SIMPLE}/{last['id']}", f"{SIMPLE}?page_size=1&page={len(shows)}")
    alone, page = (seller.get(each, headers=gzipped) for each in addresses)
    assert json.loads(gzip.decompress(alone.data)) == last
    assert json.loads(gzip.decompress(page.data)) == [last]
    assert alone.headers["ETag"] != page.headers["ETag"]


def vacant(seller, number=0):
    return seller.get(SIMPLE).json[number]["tickets_amount_vacant"]


def test_what_another_process_sells_is_not_vacant_here(season, running):
    seller = season.seller
    assert vacant(seller) == 4
    with running.another() as other:
        elsewhere = Seller(other.app, season.key, seller.event)
        order = elsewhere.order(tickets=season.hall[:2])
        assert vacant(seller) == vacant(elsewhere) == 2
        seller.cancel(order)
        assert vacant(seller) == vacant(elsewhere) == 4
        kept = elsewhere.order(tickets=season.hall[:1])
    seller.change(kept, tickets=season.hall[:3])
    assert vacant(seller) == 1


def test_only_shows_that_changed_are_counted_again(season, services, monkeypatch):
    seller, counted = season.seller, []
    asked = services.store.vacant_until
    monkeypatch.setattr(
        services.store, "vacant_until", lambda sets, at: counted.append(sets) or asked(sets, at)
    )
    seller.get(SIMPLE)
    seller.get(SIMPLE)
    assert [len(each) for each in counted] == [5]
    seller.order(tickets=season.hall[:1])
    seller.get(SIMPLE)
    assert counted[1:] == [[season.set_ids[0]]]


def test_a_large_show_is_counted_again_by_a_thread_before_its_counts_are_too_old(
    season, services, monkeypatch
):
    monkeypatch.setattr(vacancies, "MOST_EXACT", 1)
    monkeypatch.setattr(vacancies, "SECONDS_A_TICKET", 1000.0)
    monkeypatch.setattr(vacancies, "MOST_SECONDS", 600.0)
    seller, known = season.seller, services.show_list._vacancies
    assert vacant(seller) == 4
    seller.order(tickets=season.hall[:1])
    assert vacant(seller) == 4
    for each in known._large.values():
        each.counted_at -= 400.0
    assert vacant(seller) == 4
    until(lambda: vacant(seller) == 3, "it is not counted anew")
    seller.order(tickets=season.hall[1:2])
    assert vacant(seller) == 3
    for each in known._large.values():
        each.counted_at -= 601.0
    assert vacant(seller) == 2


def test_an_event_that_one_may_not_sell_is_not_there(season, venue, shop, stranger):
    for seller in (season.seller, stranger):
        refused(seller.get(f"{SIMPLE}/{venue.evening}"), 404, "unknown_event")
    for none in ("0" * 24, "nonsense", venue.parterre):
        refused(shop.get(f"{SIMPLE}/{none}"), 404, "unknown_event")
    sold = shop.get(f"{SIMPLE}/{venue.evening.upper()}").json
    assert (sold["deal"], sold["org"]["id"], sold["partner"]["id"]) == (
        venue.deal,
        venue.org,
        venue.shop,
    )


def test_what_was_prepared_before_is_what_is_answered(season, running, monkeypatch):
    expected = season.seller.get(SIMPLE).json
    with running.another() as other:
        other.services.show_list.prepare()
        monkeypatch.setattr(show_list, "prepare", pytest.fail)
        monkeypatch.setattr(other.services.store, "vacant_until", pytest.fail)
        early = Seller(other.app, season.key, season.events[0]["id"])
        answer = early.get(SIMPLE)
    assert answer.json == expected
    assert len(expected) == 5
