"""Partners with their legal data, deals, and whose key it is."""

import json
from datetime import timedelta

import pytest
from catalog import catalog_document, deal, partner, rule, show, ticket_set
from http_seller import Seller, pointers, refused
from printed_pages import printed_exchanges
from seller import KEYS, ORGANISER, SHOP, BoxOffice

from application.catalog.endings import end_deal, suspend_partner
from application.catalog.file import read_catalog_file
from application.catalog.keys import create_key
from application.catalog.loading import load_catalog
from application.catalog.sandbox import load_sandbox
from interface.server.flask_app import create_app

WHOSE, LEGAL = printed_exchanges("partner_legal")
PARTNERS, DEALS, WHOAMI = "/v1/resources/partners", "/v1/resources/deals", "/v1/services/whoami"


def fresh(services):
    services.catalog._look_again = 0.0
    services.catalog.current()


@pytest.fixture
def printed(address):
    """A shop that has a deal with the organiser of the printed exchanges, and the organiser."""
    organiser = WHOSE["response"]["body"]["org"]
    legal = LEGAL["response"]["body"]["legal"]
    show_id, set_id = "4e" * 12, "5e" * 12
    sets = [ticket_set(set_id, "All", [rule("6e" * 12, "10.00")], 5)]
    document = catalog_document(
        [
            {**partner(organiser, "Org", "ru"), "legal": legal},
            partner(ORGANISER, "Shop", "ru", KEYS[ORGANISER]),
        ],
        [show(show_id, organiser, "Show", sets)],
        deals=[deal("de" * 12, organiser, ORGANISER)],
    )
    file = read_catalog_file(json.dumps(document))
    with BoxOffice(address, catalog=file) as office:
        key = create_key(office.services.store, ORGANISER, office.time).text
        fresh(office.services)
        yield Seller(create_app(office.services), key, show_id)


def test_the_printed_exchanges_about_legal_data(printed):
    order = printed.order()
    path = WHOSE["request"]["path"].replace("584e9ad50944c10017e3a9df", order["id"])
    for printed_call, address in ((WHOSE, path), (LEGAL, LEGAL["request"]["path"])):
        answer = printed.get(address)
        assert answer.status_code == printed_call["response"]["status"]
        assert answer.content_type == printed_call["response"]["headers"]["Content-Type"]
        assert answer.json == printed_call["response"]["body"]
    legal = LEGAL["response"]["body"]["legal"]
    whole = printed.get(LEGAL["request"]["path"].partition("?")[0]).json
    assert (whole["legal"], whole["name"], whole["contact"]["phones"]) == (legal, "Org", [])


def test_a_partner_is_read_by_itself_and_by_who_may_sell_its_events(
    services, seller, shop, stranger, venue
):
    assert seller.get(f"{PARTNERS}/{venue.org}").json["name"] == "Organiser"
    assert shop.get(f"{PARTNERS}/{venue.org.upper()}").json["id"] == venue.org
    assert stranger.get(f"{PARTNERS}/{venue.stranger}").json["legal"] is None
    for asks, whom in ((stranger, venue.org), (seller, venue.shop), (shop, venue.stranger)):
        refused(asks.get(f"{PARTNERS}/{whom}"), 404, "unknown_partner")
    end_deal(services.store, venue.deal, services.clock())
    fresh(services)
    refused(shop.get(f"{PARTNERS}/{venue.org}"), 404, "unknown_partner")


def test_a_suspended_partner_is_read_by_itself_only(services, seller, shop, venue):
    suspend_partner(services.store, venue.org, services.clock())
    fresh(services)
    assert seller.get(f"{PARTNERS}/{venue.org}").status_code == 200
    refused(shop.get(f"{PARTNERS}/{venue.org}"), 404, "unknown_partner")


@pytest.mark.parametrize("none", ["0" * 24, "nonsense", "0" * 25, "%00"])
def test_what_is_no_partner_is_not_found(seller, none):
    refused(seller.get(f"{PARTNERS}/{none}"), 404, "unknown_partner")


@pytest.mark.parametrize(
    "tree",
    ["legal{", "legal{bank{id}}", "key", "id{id}", "id,id", "contact{email}", "legal{}", ","],
)
def test_a_bad_choice_of_fields_is_refused(seller, venue, tree):
    answer = seller.get(f"{PARTNERS}/{venue.org}?fields-schema={tree}")
    refused(answer, 400, "bad_fields_schema")


def test_fields_of_a_partner_can_be_chosen(printed):
    organiser = LEGAL["request"]["path"].partition("?")[0]
    chosen = printed.get(f"{organiser}?fields-schema=id,legal{{bank{{bik}},who}}").json
    legal = LEGAL["response"]["body"]["legal"]
    assert chosen == {
        "id": WHOSE["response"]["body"]["org"],
        "legal": {"bank": {"bik": legal["bank"]["bik"]}, "who": legal["who"]},
    }
    own = printed.get(f"{PARTNERS}/{ORGANISER}?fields-schema=legal{{type}},tags").json
    assert own == {"legal": None, "tags": []}


@pytest.mark.parametrize("query", ["page=1", "fields-schema=", "fields-schema=id&fields-schema=id"])
def test_a_partner_takes_no_other_parameters(seller, venue, query):
    answer = seller.get(f"{PARTNERS}/{venue.org}?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == ["/" + query.partition("=")[0]]


def test_deals_are_listed_for_both_sides_and_nobody_else(services, seller, shop, stranger, venue):
    deals = [
        {
            "id": venue.deal,
            "approves_refunds": False,
            "ended_at": None,
            "limits": {"tickets_held": 1000, "tickets_per_order": 50},
            "org": venue.org,
            "vendor": venue.shop,
        }
    ]
    assert seller.get(DEALS).json == shop.get(DEALS).json == deals
    assert stranger.get(DEALS).json == []
    end_deal(services.store, venue.deal, services.clock())
    fresh(services)
    deals[0]["ended_at"] = "2030-06-01T12:00:00.000000+00:00"
    assert seller.get(DEALS).json == shop.get(DEALS).json == deals


def test_deals_have_pages(running, services):
    org, *shops = (f"5a1e{number:020x}" for number in range(6))
    key = f"5a1e0000{org}"
    document = catalog_document(
        [partner(org, "Org", "en", key), *(partner(each, "Shop", "en") for each in shops)],
        [],
        deals=[deal(f"dea1{each[4:]}", org, each) for each in reversed(shops)],
    )
    load_catalog(services.store, read_catalog_file(json.dumps(document)), services.clock())
    fresh(services)
    seller = Seller(running.app, key, None)
    address, found = f"{DEALS}?page_size=2", []
    while address:
        answer = seller.get(address)
        found.append([each["vendor"] for each in answer.json])
        link = answer.headers.get("Link")
        address = link and link.removeprefix("<").removesuffix('>; rel="next"')
    assert found == [shops[:2], shops[2:4], shops[4:]]


@pytest.mark.parametrize("query", ["page_size=0", "page_size=201", "org=1", f"cursor={'a' * 300}"])
def test_what_is_no_page_of_deals_is_refused(seller, query):
    answer = seller.get(f"{DEALS}?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == ["/" + query.partition("=")[0]]


@pytest.mark.parametrize("cursor", ["AAAA", "0", "G" * 24])
def test_a_cursor_that_no_list_of_deals_gave_is_refused(seller, cursor):
    refused(seller.get(f"{DEALS}?cursor={cursor}"), 400, "bad_cursor")


def test_a_key_says_whose_it_is_and_not_what_it_is(running, services, venue):
    ends = services.clock() + timedelta(hours=1)
    made = create_key(services.store, venue.shop, services.clock(), ("admin",), expires_at=ends)
    fresh(services)
    answer = Seller(running.app, made.text, None).get(WHOAMI)
    assert answer.json == {
        "key": {
            "id": made.key.id,
            "expires_at": "2030-06-01T13:00:00.000000+00:00",
            "scopes": ["admin"],
        },
        "partner": {"id": venue.shop, "name": "Shop"},
        "sandbox": False,
    }
    assert made.text not in answer.text
    assert services.key_secret.name_of(made.text) not in answer.text
    own = Seller(running.app, venue.org_key, None).get(WHOAMI).json
    assert own["key"]["expires_at"] is None
    refused(Seller(running.app, made.text, None).get(f"{WHOAMI}?key=1"), 400, "bad_query")


def test_the_sandbox_says_that_it_is_one(office):
    load_sandbox(office.store, office.time, office.services.key_secret, "http://127.0.0.1/pay")
    fresh(office.services)
    key = create_key(office.store, SHOP, office.time).text
    fresh(office.services)
    assert Seller(create_app(office.services), key, None).get(WHOAMI).json["sandbox"] is True
