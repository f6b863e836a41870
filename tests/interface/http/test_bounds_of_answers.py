"""No list answers with more than a page has room for, whatever the data."""

import re
from urllib.parse import quote

import pytest
from http_seller import ORDERS, pointers, refused, the
from large_show import LargeShow

from interface.http import paging

LONG = "\N{PERFORMING ARTS}" * 196
SEPARATORS = 2 * 1000
"""What stands between the entries of a page, and around them."""
EXPANDED = "id,tickets{id,seat{sector,row}}"


def pages(seller, address):
    """All pages of a list: the answers, as their Links lead."""
    while address:
        answer = seller.get(address)
        assert answer.status_code == 200, answer.text
        yield answer
        link = answer.headers.get("Link")
        address = link and re.fullmatch('<([^>]+)>; rel="next"', link)[1]


@pytest.fixture(scope="module")
def large(opened):
    """An organiser whose seats have the longest names, with one order of them all."""
    opened.clock.set()
    show = LargeShow(1, LONG)
    organiser = show.open(opened)
    organiser.made = organiser.order(tickets=show.tickets)["id"]
    organiser.all_tickets = show.tickets
    return organiser


def assert_bounded(found, ids):
    """Check that there are several pages with every entry once, none of them too large."""
    assert len(found) > 1
    assert [each["id"] for page in found for each in page.json] == ids
    for page in found:
        assert len(page.data) <= paging.MOST_BYTES + SEPARATORS


def test_tickets_of_an_event_are_bounded(large):
    address = f"/v1/resources/events/{large.event}/tickets"
    assert_bounded([*pages(large, address)], large.all_tickets)


def test_tickets_of_an_order_are_bounded(large):
    assert_bounded([*pages(large, the(large.made) + "/tickets")], large.all_tickets)


@pytest.fixture
def little_room(monkeypatch):
    """A room for 2000 bytes, so that little data is too much."""
    monkeypatch.setattr(paging, "MOST_BYTES", 2000)


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("at", [False, True])
def test_lists_of_orders_are_bounded(seller, venue, running, at):
    made = [seller.order()["id"] for _ in range(7)]
    running.catch_up()
    query = "?sort=number" + (f"&at={quote(running.clock().isoformat())}" if at else "")
    assert_bounded([*pages(seller, ORDERS + query)], made)


@pytest.mark.usefixtures("little_room")
def test_an_order_that_is_larger_than_a_page_is_a_page(seller, venue, running, monkeypatch):
    monkeypatch.setattr(paging, "MOST_BYTES", 100)
    made = [seller.order(tickets=[each])["id"] for each in venue.a[:2]]
    running.catch_up()
    found = [*pages(seller, f"{ORDERS}?sort=number&fields-schema={quote(EXPANDED)}")]
    assert [[each["id"] for each in page.json] for page in found] == [[each] for each in made]


def history_of(seller, order, query=""):
    return [*pages(seller, f"{the(order)}/history{query}")]


def test_a_history_is_bounded(seller, venue, monkeypatch):
    order = seller.order()
    for each in range(8):
        seller.change(order, tickets=[venue.a[each % 2]])
    [whole] = history_of(seller, order)
    monkeypatch.setattr(paging, "MOST_BYTES", 2000)
    found = history_of(seller, order)
    assert len(found) > 1
    assert [each for page in found for each in page.json["events"]] == whole.json["events"]
    for page in found:
        assert page.json["id"] == order["id"]
        assert len(page.data) < paging.MOST_BYTES + 100


def test_a_history_has_pages(seller, venue):
    order = seller.order()
    for each in venue.a[:3]:
        seller.change(order, tickets=[each])
    found = history_of(seller, order, "?page_size=2")
    versions = [[each["version"] for each in page.json["events"]] for page in found]
    assert versions == [[1, 2], [3, 4]]


def test_the_tickets_of_an_order_have_pages(seller, venue):
    order = seller.order(tickets=venue.a)
    found = [*pages(seller, the(order) + "/tickets?page_size=2")]
    assert [len(page.json) for page in found] == [2, 2, 1]
    assert [each["id"] for page in found for each in page.json] == order["tickets"]
    assert seller.get(the(order) + "/tickets?cursor=5").json == []


@pytest.mark.parametrize("part", ["tickets", "history"])
@pytest.mark.parametrize("query", ["page_size=0", "page_size=1001", "cursor=x", "cursor=-1"])
def test_what_is_no_page_is_refused(seller, venue, part, query):
    answer = seller.get(f"{the(seller.order())}/{part}?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == [f"/{query.partition('=')[0]}"]
