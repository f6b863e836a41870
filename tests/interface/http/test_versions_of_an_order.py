"""`ETag` and `If-Match`: who names the version it knows overwrites nothing that is newer."""

import pytest
from catalog import BASE
from clock import MILLISECOND, written
from http_seller import refused, the


@pytest.fixture
def order(seller, venue):
    """An order at its second version."""
    return seller.order(tickets=venue.a[:1], payment={"system": BASE})


def test_every_answer_with_an_order_names_its_version(seller, venue, order):
    assert seller.create().headers["ETag"] == '"1"'
    assert seller.get(the(order)).headers["ETag"] == '"2"'
    changed = seller.patch(order, tickets=venue.a[:2])
    assert changed.headers["ETag"] == '"3"'
    assert seller.get(the(order) + "?version=1").headers["ETag"] == '"1"'
    assert seller.get(the(order) + "?fields-schema=id").headers["ETag"] == '"3"'


@pytest.mark.parametrize("match", ['"2"', '"1", "2"', ' "2" ,"7"', "*", '"x", "2"', 'W/"2"'])
def test_a_change_of_the_version_that_is_known_is_granted(seller, venue, order, match):
    changed = seller.patch(order, tickets=venue.a[:2], headers={"If-Match": match})
    assert changed.status_code == 200


@pytest.mark.parametrize("match", ['"1"', '"3"', 'W/"3"', '""', '"x"', '"02"'])
def test_a_change_of_another_version_is_refused_and_told_what_is(
    seller, venue, order, unchanged, match
):
    headers = {"If-Match": match}
    with unchanged():
        for answer in (
            seller.patch(order, tickets=venue.a[:2], headers=headers),
            seller.patch(order, headers=headers),
            seller.cancel(order, headers=headers),
        ):
            problem = refused(answer, 412, "version_mismatch")
            assert problem["current"] == {
                "version": 2,
                "status": "executed",
                "allowed": ["in_progress", "canceled"],
            }


def test_who_comes_too_late_is_told_what_is_allowed_now(seller, venue, order, clock):
    stale = {"If-Match": '"2"'}
    paying = seller.patch(order, status="in_progress")
    told = refused(seller.cancel(order, headers=stale), 412, "version_mismatch")["current"]
    assert told == {"version": 3, "status": "in_progress", "allowed": ["done", "canceled"]}
    fresh = {"If-Match": paying.headers["ETag"]}
    assert seller.patch(order, status="done", headers=fresh).status_code == 200
    told = refused(seller.cancel(order, headers=fresh), 412, "version_mismatch")["current"]
    assert told == {"version": 4, "status": "done", "allowed": []}


def test_an_order_whose_hold_has_ended_is_told_to_be_expired(seller, order, clock):
    clock.forward(minutes=10)
    told = refused(seller.cancel(order, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert told["current"] == {"version": 2, "status": "expired", "allowed": []}


def test_an_order_may_be_seen_as_each_version_left_it(seller, venue, clock):
    first = seller.order(tickets=venue.a[:2])
    clock.forward(minutes=1)
    second = seller.change(first, tickets=venue.a[:1])
    clock.forward(minutes=1)
    third = seller.change(first, customer={"first_name": "Anna"})
    for version, order in enumerate((first, second, third), 1):
        assert seller.get(f"{the(first)}?version={version}").json == order


def test_an_order_may_be_seen_as_it_was_at_a_moment(seller, venue, clock):
    first = seller.order(tickets=venue.a[:2])
    created = clock.moment
    clock.forward(minutes=1)
    second = seller.change(first, tickets=venue.a[:1])

    def seen(moment):
        return seller.get(the(first), query_string={"at": written(moment)})

    assert seen(created).json == first
    assert seen(clock.moment - MILLISECOND).json == first
    assert seen(clock.moment).json == second
    refused(seen(created - MILLISECOND), 404, "not_yet_created")


def test_a_time_to_come_shows_the_order_as_it_is(seller, order, clock):
    assert seller.get(the(order) + "?at=2099-01-01T00:00:00Z").json == order
    clock.forward(minutes=10)
    expired = order | {"status": "expired", "reserved_till": None}
    assert seller.get(the(order) + "?at=2099-01-01T00:00:00Z").json == expired


def test_a_version_that_never_was_is_not_found(seller, order):
    refused(seller.get(the(order) + "?version=3"), 404, "unknown_version")


@pytest.mark.parametrize(
    "query",
    [
        "version=0",
        "version=-1",
        "version=x",
        "version=",
        "version=1_0",
        "version=99999999999",
        "version=1&version=2",
        "at=",
        "at=noon",
        "at=2030-06-01",
        "at=2030-06-01T12:00:00",
        "at=2030-13-01T12:00:00Z",
        "at=9999-12-31T23:59:59-14:00",
        "at=2030-06-01T12:00:00Z&version=1",
        "state=1",
    ],
)
def test_what_is_no_view_of_an_order_is_refused(seller, order, query):
    refused(seller.get(f"{the(order)}?{query}"), 400, "bad_query")
