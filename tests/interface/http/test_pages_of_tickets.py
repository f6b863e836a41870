"""The tickets of an event, a page at a time."""

import re

import pytest
from http_seller import pointers, refused


def pages(seller, venue, query):
    """All pages from the first on, as their Links lead."""
    address = f"/v1/resources/events/{venue.evening}/tickets{query}"
    found = []
    while address:
        answer = seller.get(address)
        assert answer.status_code == 200, answer.json
        found.append([each["id"] for each in answer.json])
        link = answer.headers.get("Link")
        address = link and re.fullmatch('<([^>]+)>; rel="next"', link)[1]
    return found


def test_pages_have_every_ticket_once_in_order(seller, venue):
    [whole] = pages(seller, venue, "")
    found = pages(seller, venue, "?page_size=10")
    assert [len(each) for each in found] == [10, 10, 3]
    assert [each for page in found for each in page] == whole


def test_a_last_page_that_is_full_has_no_next(seller, venue):
    assert [len(each) for each in pages(seller, venue, "?page_size=23")] == [23]


def test_pages_keep_to_the_statuses(seller, venue):
    seller.order(tickets=venue.a[:3])
    found = pages(seller, venue, "?status=reserved&page_size=2")
    assert found == [venue.a[:2], venue.a[2:3]]


@pytest.mark.parametrize("query", ["page_size=0", "page_size=1001", "cursor=x", "cursor=-1"])
def test_what_is_no_page_is_refused(seller, venue, query):
    answer = seller.get(f"/v1/resources/events/{venue.evening}/tickets?{query}")
    refused(answer, 400, "bad_query")
    assert pointers(answer) == [f"/{query.partition('=')[0]}"]
