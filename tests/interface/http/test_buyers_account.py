"""The buyer's account, what a payment system demands of a buyer, and the printed exchanges."""

import json

import pytest
from catalog import BASE, Venue, payment_system
from documented import without_free_values
from http_seller import Seller, pointers, refused, the
from printed_pages import printed_exchanges

from application.catalog.buyer_secret import DOCUMENT
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog

PRINTED = printed_exchanges("fields_schema")
DEMANDING = "api/DEMANDING"
ANNA = {"email": "anna@example.com"}


class QuietVenue(Venue):
    """Its organiser has no language, and one of its payment systems demands fields of the buyer."""

    @property
    def file(self):
        document = self.document
        del document["partners"][0]["language"]
        demanding = payment_system("545b544a5d645a463e779d58", DEMANDING, 30)
        demanding["requires"] = ["email", "mobile", "lang"]
        document["payment_systems"] = [*document["payment_systems"], demanding]
        return read_catalog_file(json.dumps(document))


@pytest.fixture
def venue(services):
    venue = QuietVenue()
    venue.open(services)
    return venue


def account(order):
    return order["customer"]["user"]


# The printed exchanges.


def test_an_order_is_shown_as_printed(seller, venue):
    printed = PRINTED[0]["response"]["body"]
    order = seller.order(tickets=venue.a[:1], customer=_said(printed))
    seller.change(order, payment={"system": BASE, **_urls(printed)})
    seller.change(order, status="in_progress")
    shown, wanted = (_bare(each) for each in (seller.look(order), printed))
    assert shown == wanted


def test_an_order_is_narrowed_and_expanded_as_printed(seller, venue):
    query = PRINTED[1]["request"]["path"].partition("?")[2]
    [ticket] = venue.a[:1]
    order = seller.order(tickets=[ticket])
    shown = seller.get(f"{the(order)}?{query}")
    printed = PRINTED[1]["response"]["body"]
    assert shown.json.keys() == printed.keys()
    assert shown.json["event"] == {"title": {"text": "Evening"}}
    [each] = shown.json["tickets"]
    assert each.keys() == printed["tickets"][0].keys()


def _said(printed):
    return {name: each for name, each in printed["customer"].items() if each and name != "user"}


def _urls(printed):
    return {name: printed["payment"][name] for name in ("success_url", "failure_url")}


def _bare(document):
    """The document without what is another one each time; ids of the catalogue are the venue's."""
    token = {"redirect_url": "https://pay.example/go?customer=" + "0" * 40}
    bare = without_free_values(document | {"payment": document["payment"] | token})
    assert len(bare["customer"].pop("user")) == 24
    for name in ("event", "org", "vendor", "rules"):
        bare[name] = type(bare[name])
    return bare


# The language.


def test_a_partner_without_a_language_has_orders_without_one(seller, shop):
    order = seller.order()
    assert order["customer"] == {"lang": None}
    assert shop.order()["customer"] == {"lang": "en"}
    assert seller.change(order, customer={"lang": "de"})["customer"]["lang"] == "de"
    assert seller.history(order) == ["OrderCreated", "CustomerSet"]


def test_a_language_that_was_known_is_no_news(shop):
    assert shop.order(customer={"lang": "en"})["customer"] == {"lang": "en"}


# The account.


def test_the_account_is_the_same_for_the_same_address_of_one_vendor(seller, shop):
    first = seller.order(customer=ANNA)
    assert account(seller.order(customer={"email": "ANNA@Example.COM"})) == account(first)
    assert account(seller.order(customer={"email": "anne@example.com"})) != account(first)
    assert account(shop.order(customer=ANNA)) != account(first)
    assert account(shop.order(customer=ANNA)) == account(shop.order(customer=ANNA))


def test_another_address_is_another_account(seller):
    order = seller.order(customer={"first_name": "Anna"})
    assert account(order) is None
    order = seller.change(order, customer=ANNA)
    other = seller.change(order, customer={"email": "anne@example.com"})
    assert account(other) != account(order)
    assert account(seller.change(order, customer=ANNA)) == account(order)


def test_the_account_outlives_the_process_and_a_load_of_the_catalogue(running, seller, venue):
    first = seller.order(customer=ANNA)
    load_catalog(running.services.store, venue.file, running.services.clock())
    with running.another() as other:
        again = Seller(other.app, venue.org_key, venue.evening)
        assert account(again.order(customer=ANNA)) == account(first)
        assert account(again.look(first)) == account(first)


def test_a_catalogue_of_an_earlier_version_gets_its_secret_with_the_first_buyer(running, venue):
    with running.services.store.change_catalog() as change:
        change.remove(*DOCUMENT)
    with running.another() as one, running.another() as two:
        sellers = [Seller(each.app, venue.org_key, venue.evening) for each in (one, two)]
        for each in sellers:
            each.order()  # both have the catalogue without a secret now
        first, second = (each.order(customer=ANNA) for each in sellers)
        assert account(first) == account(second)
    assert DOCUMENT in running.services.store.catalog()


@pytest.mark.parametrize("value", ["56a6a01841226dbf3b346180", None, 1])
def test_nobody_chooses_an_account(seller, unchanged, value):
    with unchanged():
        answer = seller.create(customer={**ANNA, "user": value})
        refused(answer, 400, "bad_body")
        assert pointers(answer) == ["/customer/user"]


# What a payment system demands.


def test_a_payment_does_not_start_before_the_buyer_has_said_what_it_needs(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1], payment={"system": DEMANDING})
    seller.change(order, customer=ANNA)
    with unchanged():
        answer = seller.patch(order, status="in_progress")
        problem = refused(answer, 400, "customer_incomplete")
        assert pointers(answer) == ["/customer/mobile", "/customer/lang"]
        assert "api/DEMANDING needs these details of the buyer: mobile, lang." in problem["detail"]
    said = {"mobile": "+79161234567", "lang": "ru"}
    paying = seller.change(order, customer=said, status="in_progress")
    assert paying["status"] == "in_progress"
    assert seller.change(order, status="done")["status"] == "done"


def test_an_order_that_is_to_be_paid_at_once_needs_it_at_once(seller, venue, unchanged):
    command = {
        "tickets": venue.a[:1],
        "payment": {"system": DEMANDING},
        "status": "in_progress",
        "customer": ANNA,
    }
    with unchanged():
        refused(seller.create(**command), 400, "customer_incomplete")
    command["customer"] = {**ANNA, "mobile": "+79161234567", "lang": "ru"}
    assert seller.order(**command)["status"] == "in_progress"


# Tickets by mail.


def test_whether_tickets_are_wanted_by_mail_is_shown_once_it_was_said(seller, venue):
    order = seller.order(tickets=venue.a[:1], payment={"system": BASE})
    assert "send_tickets" not in order["payment"]
    for wanted in (True, False):
        order = seller.change(order, payment={"send_tickets": wanted})
        assert order["payment"]["send_tickets"] is wanted
    assert seller.change(order, payment={"send_tickets": None}) == order
    shaped = seller.get(f"{the(order)}?fields-schema=payment{{send_tickets,system}}").json
    assert shaped == {"payment": {"send_tickets": False, "system": None}}
    seller.change(order, status="in_progress")
    refused(seller.patch(order, payment={"send_tickets": True}), 400, "payment_locked")


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, "", [], {}])
def test_tickets_are_wanted_by_mail_or_not(seller, unchanged, value):
    with unchanged():
        answer = seller.create(payment={"system": BASE, "send_tickets": value})
        refused(answer, 400, "bad_body")
        assert pointers(answer) == ["/payment/send_tickets"]
