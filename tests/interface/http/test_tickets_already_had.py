"""The tickets of an event for a client that has them already, or that takes them compressed."""

import gzip

import pytest
from http_seller import refused


def tickets(seller, query="", **headers):
    address = f"/v1/resources/events/{seller.event}/tickets{query}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return seller.get(address, headers=named)


def is_unchanged(seller, known, query=""):
    """Whether the client has the page as it is; else the page has to be another one."""
    answer = tickets(seller, query, If_None_Match=known.headers["ETag"])
    if answer.status_code == 304:
        assert answer.data == b""
        assert answer.headers["ETag"] == known.headers["ETag"]
        assert answer.headers["Vary"] == "Accept-Encoding"
        return True
    assert answer.status_code == 200
    assert answer.headers["ETag"] != known.headers["ETag"]
    assert answer.data != known.data
    return False


def test_a_page_that_has_not_changed_is_not_sent_again(seller, venue):
    known = tickets(seller)
    assert is_unchanged(seller, known)


def test_a_page_changes_with_what_is_taken_and_released(seller, venue):
    known = tickets(seller)
    order = seller.order(tickets=venue.a[:1])
    assert not is_unchanged(seller, known)
    seller.cancel(order)
    assert is_unchanged(seller, known)


def test_a_page_changes_when_a_hold_merely_runs_out(seller, venue, clock):
    vacant = tickets(seller)
    seller.order(tickets=venue.a[:1])
    held = tickets(seller)
    assert is_unchanged(seller, held)
    clock.forward(hours=1)
    assert not is_unchanged(seller, held)
    assert is_unchanged(seller, vacant)


def test_each_page_has_a_tag_of_its_own(seller, venue):
    first = tickets(seller, "?page_size=5")
    seller.order(tickets=venue.b)
    assert is_unchanged(seller, first, "?page_size=5")
    assert not is_unchanged(seller, first, "?page_size=4")


def test_a_page_is_another_one_once_it_has_no_next(seller, venue):
    query = "?status=reserved&page_size=1"
    _, second = [seller.order(tickets=[each]) for each in venue.a[:2]]
    known = tickets(seller, query)
    seller.cancel(second)
    answer = tickets(seller, query, If_None_Match=known.headers["ETag"])
    assert (answer.status_code, answer.json) == (200, known.json)
    assert ("Link" in known.headers, "Link" in answer.headers) == (True, False)


@pytest.mark.parametrize("form", ["*", '"x", {}', "{},", 'W/"{bare}-gzip"', '"{bare}"'])
def test_a_tag_is_known_in_every_form(seller, venue, form):
    tag = tickets(seller).headers["ETag"]
    header = form.replace("{bare}", tag[3:-1]).replace("{}", tag)
    assert tickets(seller, If_None_Match=header).status_code == 304


@pytest.mark.parametrize("header", ["1", '"a" "b"', "", 'W/"'])
def test_what_is_no_list_of_tags_is_refused(seller, venue, header):
    refused(tickets(seller, If_None_Match=header), 400, "bad_if_none_match")


@pytest.mark.parametrize("encodings", ["gzip", "br, gzip;q=0.5", "gzip, identity;q=0.5", "*"])
def test_a_client_that_takes_gzip_gets_it(seller, venue, encodings):
    plain = tickets(seller)
    answer = tickets(seller, Accept_Encoding=encodings)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["ETag"] == plain.headers["ETag"]
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert len(answer.headers.getlist("Content-Length")) == 1
    assert gzip.decompress(answer.data) == plain.data
    assert len(answer.data) < len(plain.data) / 3


@pytest.mark.parametrize("encodings", ["", "br", "gzip;q=0", "identity, gzip;q=0.5", "identity"])
def test_a_client_that_does_not_take_gzip_gets_none(seller, venue, encodings):
    answer = tickets(seller, Accept_Encoding=encodings)
    assert "Content-Encoding" not in answer.headers
    assert answer.json


def test_a_small_page_is_sent_as_it_is(seller, venue):
    answer = tickets(seller, "?page_size=1", Accept_Encoding="gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"
