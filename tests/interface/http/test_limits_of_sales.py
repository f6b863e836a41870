"""How many tickets a vendor may take and hold, how often an order changes, how deals end."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from http_seller import refused, the

from application.catalog.endings import end_deal, resume_deal, resume_partner, suspend_partner
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from domain import order as order_rules
from domain import sale_terms


@pytest.fixture
def reload(services, venue, clock):
    """Loads the venue's file, changed."""

    def reload(change=lambda _: None):
        document = venue.document
        change(document)
        load_catalog(services.store, read_catalog_file(json.dumps(document)), clock())
        look_again(services)

    return reload


@pytest.fixture
def limited(reload):
    """Gives the deal limits."""
    return lambda **limits: reload(lambda file: file["deals"][0].update(limits=limits))


def look_again(services):
    services.catalog._look_again = 0.0
    services.catalog.current()


def test_an_order_has_at_most_the_tickets_that_the_deal_allows(shop, seller, venue, limited):
    limited(tickets_per_order=2)
    refused(shop.create(random={venue.floor: 3}), 400, "too_many_tickets")
    refused(shop.create(tickets=venue.a[:3]), 400, "too_many_tickets")
    order = shop.order(tickets=venue.a[:2])
    refused(shop.patch(order, tickets=venue.a[:3]), 400, "too_many_tickets")
    assert shop.change(order, tickets=venue.a[1:3])["tickets"] == venue.a[1:3]
    assert len(seller.order(random={venue.floor: 3})["tickets"]) == 3


def test_a_vendor_holds_at_most_the_tickets_that_the_deal_allows(shop, venue, limited, clock):
    limited(tickets_held=4)
    first = shop.order(tickets=venue.a[:2])
    second = shop.order(random={venue.floor: 2})
    refused(shop.create(random={venue.floor: 1}), 400, "too_many_tickets_held")
    refused(shop.patch(first, tickets=venue.a[:3]), 400, "too_many_tickets_held")
    shop.cancel(second)
    shop.change(first, tickets=venue.a[:4])
    refused(shop.create(random={venue.floor: 1}), 400, "too_many_tickets_held")
    clock.forward(minutes=11)
    shop.order(random={venue.floor: 4})


def test_sold_tickets_are_not_held(shop, venue, limited):
    limited(tickets_held=2)
    order = shop.order(tickets=venue.a[:2], payment={"system": "api/BASE"}, status="in_progress")
    refused(shop.create(random={venue.floor: 1}), 400, "too_many_tickets_held")
    shop.change(order, status="done")
    shop.order(random={venue.floor: 2})


def test_orders_that_come_together_hold_no_more(shop, venue, limited):
    limited(tickets_held=5)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.create(random={venue.floor: 2}), range(8)))
    assert sorted(each.status_code for each in answers) == [201] * 2 + [400] * 6


def test_a_process_that_begins_knows_what_is_held(shop, running, venue, limited):
    limited(tickets_held=3)
    shop.order(tickets=venue.a[:2])
    running.catch_up()
    with running.another() as other:
        answer = type(shop)(other.app, shop.key, shop.event).create(random={venue.floor: 2})
        refused(answer, 400, "too_many_tickets_held")


def test_empty_orders_wait_in_limited_number(shop, venue, clock, monkeypatch):
    monkeypatch.setattr(sale_terms, "MOST_EMPTY_ORDERS", 2)
    monkeypatch.setattr("application.orders.holdings.MOST_EMPTY_ORDERS", 2)
    first = shop.order()
    shop.order()
    refused(shop.create(), 400, "too_many_empty_orders")
    shop.change(first, tickets=venue.a[:1])
    shop.order()
    refused(shop.create(), 400, "too_many_empty_orders")
    clock.forward(minutes=11)
    shop.order()


def test_an_order_is_changed_so_often_and_no_more(seller, venue, monkeypatch):
    monkeypatch.setattr(order_rules, "MOST_CHANGES", 3)
    order = seller.order(tickets=venue.a[:1], payment={"system": "api/BASE"})
    seller.change(order, tickets=venue.a[:2])
    seller.change(order, tickets=venue.a[:1])
    refused(seller.patch(order, tickets=venue.a[:2]), 400, "too_many_changes")
    assert seller.change(order, status="in_progress")["status"] == "in_progress"
    assert seller.change(order, status="done")["status"] == "done"
    explained = seller.get(the(order) + "/explain", headers={"Accept-Language": "en"})
    assert "as often as an order can be" in explained.text


def ended_by_hand(services, venue, reload):
    end_deal(services.store, venue.deal, services.clock())
    look_again(services)
    return "deal_ended"


def taken_out(services, venue, reload):
    reload(lambda file: file.update(deals=[]))
    return "deal_ended"


def vendor_suspended(services, venue, reload):
    suspend_partner(services.store, venue.shop, services.clock())
    look_again(services)
    return "partner_suspended"


def organiser_suspended(services, venue, reload):
    suspend_partner(services.store, venue.org, services.clock())
    look_again(services)
    return "partner_suspended"


ENDS = pytest.mark.parametrize(
    "end", [ended_by_hand, taken_out, vendor_suspended, organiser_suspended]
)


@ENDS
def test_what_has_ended_sells_nothing_new(shop, services, venue, reload, end):
    order = shop.order(tickets=venue.a[:2])
    code = end(services, venue, reload)
    refused(shop.create(tickets=venue.a[2:3]), 403, code)
    refused(shop.create(), 403, code)
    refused(shop.patch(order, tickets=venue.a[:3]), 403, code)
    refused(shop.patch(order, tickets=venue.a[1:3]), 403, code)
    assert venue.evening not in shop.get("/v1/services/simple/events").text


@ENDS
def test_what_was_begun_can_be_paid(shop, services, venue, reload, end):
    order, given_up = shop.order(tickets=venue.a[:2]), shop.order(tickets=venue.b[:1])
    end(services, venue, reload)
    assert shop.change(order, tickets=venue.a[:1])["tickets"] == venue.a[:1]
    shop.change(order, customer={"email": "a@example.com"}, payment={"system": "api/BASE"})
    shop.change(order, status="in_progress")
    assert shop.change(order, status="done")["status"] == "done"
    assert shop.cancel(given_up).status_code == 200


def test_a_deal_that_a_file_names_again_goes_on(shop, services, venue, reload):
    taken_out(services, venue, reload)
    reload()
    shop.order(tickets=venue.a[:1])


def test_a_deal_that_was_ended_by_hand_is_not_brought_back_by_a_file(shop, services, venue, reload):
    ended_by_hand(services, venue, reload)
    reload()
    refused(shop.create(), 403, "deal_ended")
    resume_deal(services.store, venue.deal, services.clock())
    look_again(services)
    shop.order(tickets=venue.a[:1])


def test_a_suspended_partner_stays_so_until_it_is_resumed(shop, services, venue, reload):
    vendor_suspended(services, venue, reload)
    reload()
    refused(shop.create(), 403, "partner_suspended")
    resume_partner(services.store, venue.shop, services.clock())
    look_again(services)
    shop.order(tickets=venue.a[:1])


def test_a_deal_of_partners_that_a_file_does_not_name_stays(shop, venue, reload):
    def without_the_shop(file):
        file["partners"] = [each for each in file["partners"] if each["id"] != venue.shop]
        file["deals"] = []

    reload(without_the_shop)
    shop.order(tickets=venue.a[:1])


def test_another_deal_takes_the_place_of_one_that_is_taken_out(shop, venue, reload):
    other = venue.deal[:-1] + "f"
    reload(lambda file: file["deals"][0].update(id=other))
    assert shop.order(tickets=venue.a[:1])["deal"] == other
