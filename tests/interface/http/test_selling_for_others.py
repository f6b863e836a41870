"""Who may sell whose shows, and who may see and change an order."""

from http_seller import ORDERS, refused, the


def test_an_organiser_sells_its_own_shows_without_a_deal(seller, venue):
    order = seller.order(tickets=venue.a[:1])
    assert (order["org"], order["vendor"], order["deal"]) == (venue.org, venue.org, None)


def test_a_shop_sells_by_a_deal_that_the_order_names(shop, venue):
    order = shop.order(tickets=venue.a[:1])
    assert (order["org"], order["vendor"], order["deal"]) == (venue.org, venue.shop, venue.deal)


def test_without_a_deal_nothing_is_sold(stranger, venue, unchanged):
    with unchanged():
        for command in ({}, {"tickets": venue.a[:1]}, {"random": {venue.parterre: 1}}):
            refused(stranger.create(**command), 403, "no_deal")


def test_organiser_and_shop_both_read_the_order(seller, shop, venue):
    order = shop.order(tickets=venue.a[:1])
    for path in ("", "/tickets", "/history", "?version=1"):
        answers = [each.get(the(order) + path) for each in (seller, shop)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json == answers[1].json


def test_only_the_shop_changes_its_order(seller, shop, venue, unchanged):
    order = shop.order(tickets=venue.a[:1])
    with unchanged():
        refused(seller.patch(order, tickets=[]), 403, "not_the_vendor")
        refused(seller.patch(order), 403, "not_the_vendor")
        refused(seller.cancel(order), 403, "not_the_vendor")
    assert shop.cancel(order).status_code == 200


def test_for_everyone_else_there_is_no_such_order(seller, shop, stranger, venue, unchanged):
    for order in (shop.order(tickets=venue.a[:1]), seller.order(tickets=venue.a[1:2])):
        with unchanged():
            for path in ("", "/tickets", "/history", "?version=1", "?version=9"):
                refused(stranger.get(the(order) + path), 404, "unknown_order")
            refused(stranger.patch(order, status="canceled"), 404, "unknown_order")
            refused(stranger.cancel(order), 404, "unknown_order")
            stale = {"If-Match": '"9"'}
            refused(stranger.patch(order, headers=stale), 404, "unknown_order")


def test_a_shop_does_not_see_the_organisers_own_orders(seller, shop, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        refused(shop.get(the(order)), 404, "unknown_order")
        refused(shop.cancel(order), 404, "unknown_order")


def test_each_lists_the_orders_it_made(seller, shop, running, venue):
    own = seller.order(tickets=venue.a[:1])
    by_deal = shop.order(tickets=venue.a[1:2])
    running.catch_up()
    assert seller.orders() == [own["id"]]
    assert shop.orders() == [by_deal["id"]]


def test_every_answer_names_the_partner_whose_key_was_used(seller, shop, stranger, venue):
    for who, partner in ((seller, venue.org), (shop, venue.shop), (stranger, venue.stranger)):
        for answer in (who.get(ORDERS), who.get("/nowhere"), who.create(tickets=["x"])):
            assert answer.headers["X-Partner"] == partner
