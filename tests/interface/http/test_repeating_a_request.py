"""`Idempotency-Key`: the same request again gives the first answer again, for ever."""

import itertools

import pytest
from at_once import at_once, overtaken
from catalog import BASE
from flask import request_started
from http_seller import ORDERS, Seller, refused, the

from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS

_keys = itertools.count(1)


@pytest.fixture
def key():
    """Headers with a key that nobody used before."""
    return {"Idempotency-Key": f"key-{next(_keys)}"}


def same(first, second):
    """Whether one answer is the other again, but for the id of the request."""
    assert second.status_code == first.status_code
    assert second.data == first.data
    headers = [
        {name: value for name, value in answer.headers if name != "X-Request-Id"}
        for answer in (first, second)
    ]
    return headers[0] == headers[1]


def test_an_order_is_made_once(seller, venue, key, unchanged):
    first = seller.create(random={venue.parterre: 2}, headers=key)
    assert first.status_code == 201
    with unchanged():
        for _ in range(2):
            assert same(first, seller.create(random={venue.parterre: 2}, headers=key))


def test_the_first_answer_is_given_again_whatever_happened_since(seller, venue, key, clock):
    first = seller.create(tickets=venue.a[:2], customer={"first_name": "Anna"}, headers=key)
    seller.change(first.json, tickets=[], payment={"system": BASE})
    seller.cancel(first.json)
    clock.forward(days=400)
    again = seller.create(tickets=venue.a[:2], customer={"first_name": "Anna"}, headers=key)
    assert same(first, again)


def test_a_change_is_made_once_and_its_answer_is_given_again(seller, venue, key, unchanged):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE})
    first = seller.patch(order, status="in_progress", headers=key)
    assert first.json["payment"]["redirect_url"]
    seller.change(order, status="done")
    with unchanged():
        assert same(first, seller.patch(order, status="in_progress", headers=key))


def test_a_change_that_named_a_version_may_be_repeated_too(seller, venue, key):
    order = seller.order(tickets=venue.a[:1])
    headers = {**key, "If-Match": '"1"'}
    first = seller.patch(order, tickets=venue.a[:2], headers=headers)
    assert same(first, seller.patch(order, tickets=venue.a[:2], headers=headers))


def test_an_order_is_canceled_once(seller, venue, key, unchanged):
    order = seller.order(tickets=venue.a[:1])
    first = seller.cancel(order, headers=key)
    assert (first.status_code, first.json) == (200, {})
    with unchanged():
        assert same(first, seller.cancel(order, headers=key))


def test_a_request_that_changed_nothing_is_remembered_too(seller, venue, key, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        first = seller.patch(order, tickets=venue.a[:1], headers=key)
    seller.change(order, tickets=venue.a[:2])
    with unchanged():
        assert same(first, seller.patch(order, tickets=venue.a[:1], headers=key))
    assert seller.look(order)["tickets"] == venue.a[:2]


def test_the_requested_fields_are_part_of_the_request(seller, venue, key, unchanged):
    first = seller.create(tickets=venue.a[:1], query="?fields-schema=id", headers=key)
    assert list(first.json) == ["id"]
    with unchanged():
        again = seller.create(tickets=venue.a[:1], query="?fields-schema=id", headers=key)
        assert same(first, again)
        refused(seller.create(tickets=venue.a[:1], headers=key), 422, "idempotency_key_reused")


def test_a_key_is_good_for_one_request_only(seller, venue, key, unchanged):
    order = seller.create(tickets=venue.a[:1], headers=key).json
    with unchanged():
        for answer in (
            seller.create(tickets=venue.a[:2], headers=key),
            seller.create(headers=key),
            seller.create(random={venue.parterre: 1}, headers=key),
            seller.patch(order, tickets=venue.a[:1], headers=key),
            seller.cancel(order, headers=key),
        ):
            refused(answer, 422, "idempotency_key_reused")


def test_partners_do_not_share_keys(seller, shop, venue, key):
    first = seller.create(tickets=venue.a[:1], headers=key).json
    second = shop.create(tickets=venue.a[1:2], headers=key).json
    assert first["id"] != second["id"]
    assert shop.create(tickets=venue.a[1:2], headers=key).json == second


def test_a_refused_request_is_not_remembered(seller, venue, key):
    order = seller.order(tickets=venue.a[:1])
    refused(seller.patch(order, status="in_progress", headers=key), 400, "payment_system_missing")
    refused(seller.create(tickets=["x"], headers=key), 400, "bad_body")
    refused(seller.create(tickets=venue.m, headers=key), 400, "ticket_of_another_event")
    seller.change(order, payment={"system": BASE})
    assert seller.patch(order, status="in_progress", headers=key).status_code == 200


def test_without_a_key_every_request_is_a_new_one(seller, venue):
    assert seller.order(random={venue.floor: 1}) != seller.order(random={venue.floor: 1})


@pytest.mark.parametrize("key", ["", " ", "two words", "ключ", "x" * 256, "tab\there"])
def test_what_is_no_key_is_refused(seller, venue, unchanged, key):
    order = seller.order(tickets=venue.a[:1])
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    with unchanged():
        for answer in (
            seller.create(headers=headers),
            seller.patch(order, tickets=[], headers=headers),
            seller.cancel(order, headers=headers),
        ):
            refused(answer, 400, "bad_idempotency_key")


def test_a_key_may_be_long_and_of_any_visible_characters(seller):
    headers = {"Idempotency-Key": ("!~" * 128)[:255]}
    assert same(seller.create(headers=headers), seller.create(headers=headers))


def test_a_repeat_waits_for_the_first_that_is_still_running(seller, venue, key, clock):
    command = {
        "tickets": venue.a[:1],
        "all_or_nothing": False,
    }  # which is Flask's: it sends signals
    ask = lambda: seller.create(**command, headers=key)  # noqa: E731
    first, second = overtaken(clock, ask, ask, at_look=1, comes_with=request_started)
    assert first.status_code == 201
    assert same(first, second)
    assert list(seller.statuses().values()).count("reserved") == 1


def test_many_repeats_at_once_make_one_order(seller, venue, key):
    answers = at_once(*[lambda: seller.create(random={venue.floor: 2}, headers=key)] * 8)
    assert all(same(answers[0], answer) for answer in answers[1:])
    assert list(seller.statuses().values()).count("reserved") == 2


def test_of_two_requests_by_one_key_at_once_one_is_carried_out(seller, venue, key):
    answers = at_once(
        lambda: seller.create(tickets=venue.a[:1], headers=key),
        lambda: seller.create(tickets=venue.a[1:2], headers=key),
    )
    granted, reused = sorted(answers, key=lambda answer: answer.status_code)
    assert granted.status_code == 201
    refused(reused, 422, "idempotency_key_reused")
    reserved = [each for each, status in seller.statuses().items() if status == "reserved"]
    assert reserved == granted.json["tickets"]


def test_repeats_at_two_processes_make_one_order(seller, venue, running, key):
    with running.another() as other:
        elsewhere = Seller(other.app, seller.key, seller.event)
        answers = at_once(
            *[lambda: seller.create(random={venue.floor: 2}, headers=key)] * 3,
            *[lambda: elsewhere.create(random={venue.floor: 2}, headers=key)] * 3,
        )
    assert all(same(answers[0], answer) for answer in answers[1:])
    assert list(seller.statuses().values()).count("reserved") == 2


def test_the_first_answer_survives_a_restart_and_lists_made_again(seller, running, venue, key):
    first = seller.create(random={venue.parterre: 1}, headers=key)
    seller.change(first.json, tickets=[])
    with running.another() as restarted:
        for projection in PROJECTIONS.values():
            rebuild(restarted.services.store, projection, lambda *_: None)
        again = Seller(restarted.app, seller.key, seller.event).create(
            random={venue.parterre: 1}, headers=key
        )
    assert same(first, again)


def test_the_key_stands_in_no_answer_and_changes_no_history(seller, venue, key):
    order = seller.create(tickets=venue.a[:1], headers=key).json
    assert seller.history(order) == ["OrderCreated"]
    assert key["Idempotency-Key"] not in seller.get(the(order) + "/history").text
    assert seller.get(ORDERS).status_code == 200
