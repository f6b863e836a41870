"""What a deal, a policy and a show's terms make of refunds, over HTTP."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import msgspec
import pytest
from catalog import BASE
from http_seller import Seller, refused, the

from application.catalog.keys import create_key
from application.catalog.scopes import AUDIT, ORDERS_READ, ORDERS_WRITE, PAYMENTS_WRITE
from domain.refunds import RefundPolicy, RefundTerms

REFUNDS = "/v1/resources/refund_requests"
SECOND = timedelta(seconds=1)


def sold(seller, tickets):
    order = seller.order(tickets=tickets, payment={"system": BASE}, status="in_progress")
    return seller.change(order, status="done")


def ask(seller, order, tickets, culprit="user"):
    body = {"order": order["id"], "culprit": culprit, "tickets_refund": tickets}
    answer = seller.ask("POST", REFUNDS, json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def decide(seller, refund, status):
    return seller.ask("PATCH", f"{REFUNDS}/{refund['id']}", json={"status": status})


def put(services, kind, document):
    with services.store.change_catalog() as catalog:
        catalog.put(kind, document.id, msgspec.json.encode(document))
    services.catalog._look_again = 0.0
    services.catalog.current()


@pytest.fixture
def sell_by(services, venue):
    """Changes the terms of refunds of the evening; returns when it begins."""

    def change(**terms):
        show = services.catalog.current().shows[venue.evening]
        put(services, "event", msgspec.structs.replace(show, refunds=RefundTerms(**terms)))
        return show.starts_at

    return change


@pytest.mark.parametrize("approves", [True, False])
def test_a_vendor_decides_only_where_the_deal_says_so(services, seller, shop, venue, approves):
    deal = services.catalog.current().deals[venue.org, venue.shop]
    put(services, "deal", msgspec.structs.replace(deal, approves_refunds=approves))
    order = sold(shop, venue.a[:2])
    first, second = (ask(shop, order, [each]) for each in venue.a[:2])
    if not approves:
        refused(decide(shop, first, "approved"), 403, "may_not_approve")
        refused(decide(shop, second, "rejected"), 403, "may_not_approve")
        assert decide(seller, first, "approved").json["status"] == "approved"
        return
    assert decide(shop, first, "approved").json["status"] == "approved"
    assert decide(shop, second, "rejected").json["status"] == "rejected"
    own = ask(seller, sold(seller, venue.b[:1]), venue.b[:1])
    refused(decide(shop, own, "approved"), 404, "unknown_refund")


def test_an_auditor_decides_nothing_whatever_the_deal_says(services, seller, shop, venue, running):
    deal = services.catalog.current().deals[venue.org, venue.shop]
    put(services, "deal", msgspec.structs.replace(deal, approves_refunds=True))
    scopes = (AUDIT, ORDERS_READ, ORDERS_WRITE, PAYMENTS_WRITE)
    key = create_key(services.store, venue.stranger, services.clock(), scopes).text
    services.catalog._look_again = 0.0
    auditor = Seller(running.app, key, venue.evening)
    refund = ask(shop, sold(shop, venue.a[:1]), venue.a[:1])
    assert auditor.get(f"{REFUNDS}/{refund['id']}").json["status"] == "new"
    for status in ("approved", "rejected"):
        refused(decide(auditor, refund, status), 403, "may_not_approve")
    assert decide(shop, refund, "approved").json["status"] == "approved"
    paid = auditor.ask("PATCH", f"{REFUNDS}/{refund['id']}", json={"paid": True})
    refused(paid, 403, "not_the_vendor")


def test_the_law_to_the_second(seller, venue, clock, sell_by):
    starts_at = sell_by(policy=RefundPolicy.LAW_RU_193)
    order, tickets = sold(seller, venue.a[:5]), list(venue.a[:5])
    other, more = sold(seller, venue.b[:2]), list(venue.b[:2])
    for before, value in (
        (timedelta(days=10), "100.00"),
        (timedelta(days=10) - SECOND, "50.00"),
        (timedelta(days=5), "50.00"),
        (timedelta(days=5) - SECOND, "30.00"),
        (timedelta(days=3), "30.00"),
    ):
        clock.forward(seconds=(starts_at - before - clock()).total_seconds())
        assert ask(seller, order, [tickets.pop()])["value"] == value, before
    clock.forward(seconds=1)
    assert ask(seller, other, [more.pop()])["value"] == "0.00"
    clock.forward(seconds=(starts_at - clock()).total_seconds())
    late = {"order": other["id"], "culprit": "user", "tickets_refund": more}
    refused(seller.ask("POST", REFUNDS, json=late), 400, "event_has_begun")
    clock.forward(days=1)
    full = seller.look(other)["values"]["full"]
    assert Decimal(ask(seller, other, more, culprit="org")["value"]) == Decimal(full) / 2


def test_several_requests_give_what_one_gives(seller, venue, clock, sell_by):
    starts_at = sell_by(policy=RefundPolicy.LAW_RU_193)
    clock.forward(seconds=(starts_at - timedelta(days=5) - clock()).total_seconds())
    one, other = sold(seller, venue.b[:2]), sold(seller, venue.b[2:4])
    at_once = ask(seller, one, venue.b[:2])["value"]
    apart = [ask(seller, other, [each])["value"] for each in venue.b[2:4]]
    price = Decimal(seller.look(one)["values"]["full"]) / 2
    assert price / 2 != round(price / 2, 2), "half of the price has to be no whole cents"
    half = (price / 2).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(at_once) == sum(map(Decimal, apart)) == 2 * half


def test_all_of_it_in_several_requests_is_the_whole(seller, venue):
    tickets = [*venue.a[:2], *venue.b[:2]]
    order = sold(seller, tickets)
    full = Decimal(seller.look(order)["values"]["full"])
    refunds = [ask(seller, order, [each]) for each in tickets]
    for each in refunds:
        decide(seller, each, "approved")
        assert seller.ask("PATCH", f"{REFUNDS}/{each['id']}", json={"paid": True}).json
    assert sum(Decimal(each["value"]) for each in refunds) == full
    money = seller.get(the(order) + "/payments").json
    assert (money["refunded"], money["earned"]) == (f"{full:.2f}", "0.00")
    assert money["attention"] == []


@pytest.mark.parametrize("resell", [True, False])
def test_what_an_approved_ticket_becomes(seller, shop, venue, sell_by, resell):
    sell_by(resell=resell)
    gone, stays = venue.a[:2]
    order = sold(seller, [gone, stays])
    before = barcodes(seller, order)
    decide(seller, ask(seller, order, [gone]), "approved")
    assert barcodes(seller, order) == {stays: before[stays]}
    expanded = seller.get(f"{the(order)}?fields-schema=tickets{{id,barcode}}").json["tickets"]
    assert [each["barcode"] for each in expanded] == [before[stays]]
    assert before[gone] not in seller.get(the(order) + "/tickets").text
    assert (seller.statuses()[gone] == "vacant") is resell
    again = shop.order(tickets=[gone])
    assert again["tickets"] == ([gone] if resell else [])
    if not resell:
        return
    again = shop.change(again, payment={"system": BASE}, status="in_progress")
    again = shop.change(again, status="done")
    assert barcodes(shop, again)[gone] not in before.values()
    assert barcodes(seller, order) == {stays: before[stays]}


def barcodes(seller, order):
    tickets = seller.get(the(order) + "/tickets").json
    return {each["id"]: each["barcode"] for each in tickets if "barcode" in each}
