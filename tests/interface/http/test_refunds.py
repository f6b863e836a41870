"""Refunds over HTTP: asked for, decided, paid, read and listed; who may do that."""

import msgspec
import pytest
from at_once import at_once
from catalog import BASE
from http_seller import refused, the
from printed_pages import printed_exchanges

from application.integrity.verification import verify
from application.integrity.workers import here
from domain.refunds import RefundPolicy, RefundTerms

REFUNDS = "/v1/resources/refund_requests"
PRINTED = printed_exchanges("refund")


@pytest.fixture
def done(seller, venue):
    """A done order of the organiser's own, of three tickets."""
    return sold(seller, venue.a[:3])


def sold(seller, tickets):
    order = seller.order(tickets=tickets, payment={"system": BASE}, status="in_progress")
    return seller.change(order, status="done")


def ask(seller, order, *, headers=None, culprit="user", **named):
    body = {"order": order["id"], "culprit": culprit, **named}
    return seller.ask("POST", REFUNDS, json=body, headers=headers or {})


def asked(seller, order, *tickets, **more):
    answer = ask(seller, order, tickets_refund=tickets, **more)
    assert answer.status_code == 201, answer.json
    return answer.json


def change(seller, refund, **body):
    return seller.ask("PATCH", f"{REFUNDS}/{refund['id']}", json=body)


def changed(seller, refund, **body):
    answer = change(seller, refund, **body)
    assert answer.status_code == 201, answer.json
    return answer.json


def sell_by(services, venue, **terms):
    """Change the terms of refunds of the evening."""
    show = services.catalog.current().shows[venue.evening]
    show = msgspec.structs.replace(show, refunds=RefundTerms(**terms))
    with services.store.change_catalog() as catalog:
        catalog.put("event", show.id, msgspec.json.encode(show))
    services.catalog._look_again = 0.0
    services.catalog.current()


def test_the_printed_exchange_is_answered_as_printed(seller, done, venue):
    first, second = PRINTED
    answer = ask(seller, done, tickets_refund=venue.a[:2])
    approval = change(seller, answer.json, **second["request"]["body"])
    for got, printed in ((answer, first), (approval, second)):
        expected = printed["response"]
        assert got.status_code == expected["status"]
        assert got.json.keys() == expected["body"].keys()
        assert [*map(type, map(got.json.get, expected["body"]))] == [
            *map(type, expected["body"].values())
        ]
        for name in ("culprit", "status", "tickets", "payment_system"):
            assert got.json[name] == expected["body"][name]
        assert got.headers["X-Partner"] == venue.org
    assert answer.json["tickets_refund"] == venue.a[:2]
    assert answer.json["value"] == "200.00"


def test_an_approved_refund_takes_barcodes_away_and_can_be_paid(seller, done, venue, running):
    refund = asked(seller, done, venue.a[0])
    assert len(seller.look(done)["tickets"]) == 3
    changed(seller, refund, status="approved")
    assert seller.look(done)["tickets"] == venue.a[1:3]
    tickets = seller.get(the(done) + "/tickets").json
    assert [each["id"] for each in tickets if "barcode" in each] == venue.a[1:3]
    assert seller.statuses()[venue.a[0]] != "vacant"
    assert changed(seller, refund, paid=True)["status"] == "paid"
    assert seller.get(f"{REFUNDS}/{refund['id']}").json["status"] == "paid"


def test_named_tickets_stay_and_all_others_go(seller, done, venue):
    answer = ask(seller, done, tickets=venue.a[:1])
    assert answer.json["tickets"] == venue.a[:1]
    assert answer.json["tickets_refund"] == venue.a[1:3]


def test_a_rejected_refund_leaves_tickets_good_and_free_for_another(seller, done, venue):
    refund = asked(seller, done, venue.a[0])
    refused(ask(seller, done, tickets_refund=venue.a[:1]), 400, "ticket_in_refund")
    assert changed(seller, refund, status="rejected")["status"] == "rejected"
    refused(change(seller, refund, status="approved"), 400, "refund_decided")
    refused(change(seller, refund, paid=True), 400, "refund_not_approved")
    assert asked(seller, done, venue.a[0])["id"] != refund["id"]


def test_tickets_go_on_sale_again_where_the_show_wants(services, seller, shop, venue, done):
    sell_by(services, venue, resell=True)
    refund = asked(seller, done, venue.a[0])
    changed(seller, refund, status="approved")
    assert seller.statuses()[venue.a[0]] == "vacant"
    again = sold(shop, venue.a[:1])
    assert again["tickets"] == venue.a[:1]


def test_the_log_is_found_whole_after_refunds(services, seller, shop, venue, done, running):
    kept = asked(seller, done, venue.a[1])
    changed(seller, kept, status="approved")
    before = services.clock()
    running.clock.forward(seconds=5)
    sell_by(services, venue, resell=True)
    refund = asked(seller, done, venue.a[0])
    changed(seller, refund, status="approved")
    sold(shop, venue.a[:1])
    running.catch_up()
    assert not verify(services.store, here(services.store), lambda *_: None).findings
    past = seller.get(f"{the(done)}?at={before.isoformat().replace('+00:00', 'Z')}").json
    assert past["tickets"] == [venue.a[0], venue.a[2]]


def test_bad_requests_are_refused(seller, done, venue, clock, unchanged):
    held = seller.order(tickets=venue.b[:1])
    with unchanged():
        refused(ask(seller, held, tickets_refund=venue.b[:1]), 400, "not_refundable")
        refused(ask(seller, done, tickets_refund=venue.b[:1]), 400, "ticket_not_of_order")
        refused(ask(seller, done, tickets=venue.a[:3]), 400, "nothing_to_refund")
        refused(ask(seller, done, tickets_refund=[]), 400, "nothing_to_refund")
        refused(ask(seller, done), 400, "bad_body")
        refused(ask(seller, done, tickets=[], tickets_refund=[]), 400, "bad_body")
        refused(ask(seller, done, tickets_refund=venue.a[:1] * 2), 400, "bad_body")
        refused(ask(seller, done, tickets_refund=venue.a[:1], culprit="me"), 400, "bad_body")
        refused(ask(seller, {"id": "0" * 24}, tickets=[]), 404, "unknown_order")
        refused(change(seller, {"id": "0" * 24}, paid=True), 404, "unknown_refund")
        refused(change(seller, {"id": "0" * 24}, paid=False), 400, "bad_body")
        refused(change(seller, {"id": "0" * 24}), 400, "bad_body")
        clock.forward(days=31)
        refused(ask(seller, done, tickets_refund=venue.a[:1]), 400, "event_has_begun")
    assert asked(seller, done, venue.a[0], culprit="org")["value"] == "100.00"


def test_the_law_pays_less_the_later(services, seller, venue, done, clock):
    sell_by(services, venue, policy=RefundPolicy.LAW_RU_193)
    clock.forward(days=24)
    assert asked(seller, done, venue.a[0])["value"] == "50.00"
    clock.forward(days=2)
    assert asked(seller, done, venue.a[1])["value"] == "30.00"
    clock.forward(days=2)
    assert asked(seller, done, venue.a[2])["value"] == "0.00"


def test_who_may_ask_decide_and_pay(seller, shop, stranger, venue, unchanged):
    order = sold(shop, venue.a[:2])
    refund = asked(shop, order, venue.a[0])
    assert asked(seller, order, venue.a[1])["vendor"] == venue.shop
    with unchanged():
        refused(change(shop, refund, status="approved"), 403, "may_not_approve")
        refused(change(stranger, refund, status="approved"), 404, "unknown_refund")
        refused(stranger.get(f"{REFUNDS}/{refund['id']}"), 404, "unknown_refund")
        refused(ask(stranger, order, tickets=[]), 404, "unknown_order")
    changed(seller, refund, status="approved")
    refused(change(seller, refund, paid=True), 403, "not_the_vendor")
    assert changed(shop, refund, paid=True)["status"] == "paid"


def test_a_repeated_request_gets_the_first_answer(seller, done, venue, unchanged):
    key = {"Idempotency-Key": f"refund-{done['id']}"}
    first = ask(seller, done, tickets_refund=venue.a[:1], headers=key)
    asked(seller, done, venue.a[1])
    with unchanged():
        again = ask(seller, done, tickets_refund=venue.a[:1], headers=key)
        other = ask(seller, done, tickets_refund=venue.a[2:3], headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    refused(other, 422, "idempotency_key_reused")


def test_of_two_at_once_one_gets_the_ticket(seller, done, venue, running):
    answers = at_once(
        *(lambda: ask(seller_of(running, venue), done, tickets_refund=venue.a[:1]),) * 2
    )
    assert sorted(each.status_code for each in answers) in ([201, 400], [201, 409])
    assert seller.history(done).count("RefundRequested") == 1


def seller_of(running, venue):
    """The organiser with a connection of its own."""
    from http_seller import Seller  # noqa: PLC0415

    return Seller(running.app, venue.org_key, venue.evening)


def test_the_list_is_filtered_sorted_and_paged(seller, shop, stranger, venue, running, clock):
    orders = sold(seller, venue.a[:2]), sold(shop, venue.b[:2])
    cheap = asked(shop, orders[1], venue.b[0])
    clock.forward(seconds=1)
    dear = asked(seller, orders[0], venue.a[0])
    clock.forward(seconds=1)
    last = asked(seller, orders[0], venue.a[1])
    changed(seller, last, status="rejected")
    running.catch_up()
    for query, expected in (
        ("", [last, dear, cheap]),
        ("?sort=created_at", [cheap, dear, last]),
        ("?sort=value&status=new", [cheap, dear]),
        ("?status=rejected", [last]),
        (f"?vendor={venue.shop}", [cheap]),
        (f"?event={venue.matinee}", []),
        (f"?org={venue.org}&event={venue.evening}&sort=-value&status=new", [dear, cheap]),
    ):
        assert ids(seller.get(REFUNDS + query)) == [each["id"] for each in expected], query
    assert ids(shop.get(REFUNDS)) == [cheap["id"]]
    assert ids(stranger.get(REFUNDS)) == []
    first = seller.get(f"{REFUNDS}?page_size=2")
    link = first.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    assert ids(first) + ids(seller.get(link)) == [last["id"], dear["id"], cheap["id"]]
    refused(seller.get(link + "&sort=value"), 400, "bad_cursor")


def ids(answer):
    assert answer.status_code == 200, answer.json
    return [each["id"] for each in answer.json]
