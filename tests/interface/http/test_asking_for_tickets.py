"""Tickets by id and at random, at creation and later: the command names the end state."""

import pytest
from catalog import BASE, CASH
from clock import written
from http_seller import refused

EMPTY = {"value": "0.00", "value_extra": "0.00"}


@pytest.fixture
def paying(seller, venue):
    """An order of three seats whose payment is in progress."""
    order = seller.order(tickets=venue.a[:3], payment={"system": BASE})
    return seller.change(order, status="in_progress")


def test_an_order_takes_the_seats_it_names(seller, venue):
    order = seller.order(tickets=[venue.a[1], venue.b[0]])
    assert order["tickets"] == [venue.a[1], venue.b[0]]
    assert seller.statuses()[venue.a[1]] == "reserved"
    assert seller.statuses()[venue.a[0]] == "vacant"


def test_an_order_takes_seats_at_random_from_each_set_it_names(seller, venue):
    order = seller.order(random={venue.parterre: 2, venue.balcony: 3})
    assert len(set(order["tickets"])) == 5
    assert len(set(order["tickets"]) & set(venue.a)) == 2
    assert len(set(order["tickets"]) & set(venue.b)) == 3


def test_an_order_may_begin_without_tickets_and_still_has_its_prices(seller, venue):
    for command in ({}, {"tickets": []}, {"random": {}}):
        order = seller.order(**command)
        assert order["tickets"] == []
        assert order | EMPTY == order
        assert order["values"] == {"extra": "0.00", "full": "0.00", "nominal": "0.00"}
        assert order["rules"] == {
            venue.parterre: venue.parterre_rule,
            venue.balcony: venue.balcony_rule,
            venue.floor: venue.early_rule,
        }


def test_what_is_missing_comes_what_is_not_named_goes_what_stays_keeps_its_seat(seller, venue):
    order = seller.order(tickets=venue.a[:2])
    order = seller.change(order, tickets=[venue.a[1], venue.b[2]])
    assert order["tickets"] == [venue.a[1], venue.b[2]]
    assert seller.statuses()[venue.a[0]] == "vacant"
    assert seller.look(order) == order


def test_more_at_random_keeps_the_seats_that_were_held(seller, venue):
    order = seller.order(tickets=[venue.a[3], venue.a[1]])
    more = seller.change(order, random={venue.parterre: 3})
    assert more["tickets"][:2] == [venue.a[3], venue.a[1]]
    assert len(set(more["tickets"])) == 3


def test_fewer_at_random_lets_the_rest_go_and_a_set_not_named_goes_whole(seller, venue):
    order = seller.order(tickets=[*venue.a[:3], *venue.b[:2]])
    fewer = seller.change(order, random={venue.parterre: 1})
    assert fewer["tickets"] == [venue.a[0]]
    assert [each for each, status in seller.statuses().items() if status != "vacant"] == [
        venue.a[0]
    ]


def test_an_emptied_order_is_worth_nothing_and_keeps_its_prices(seller, venue):
    order = seller.order(random={venue.parterre: 2})
    empty = seller.change(order, random={})
    assert empty["tickets"] == []
    assert empty | EMPTY == empty
    assert empty["rules"] == order["rules"]
    assert set(seller.statuses().values()) == {"vacant"}


def test_seats_that_others_have_are_left_out(seller, shop, venue):
    shop.order(tickets=venue.a[:2])
    order = seller.order(tickets=venue.a[:3])
    assert order["tickets"] == [venue.a[2]]
    assert seller.change(order, tickets=venue.a)["tickets"] == venue.a[2:]


def test_fewer_vacant_seats_than_asked_for_give_those_there_are(seller, shop, venue):
    shop.order(tickets=venue.b[:3])
    order = seller.order(random={venue.balcony: 4, venue.parterre: 1})
    assert order["value"] == "136.67"
    assert venue.b[3] in order["tickets"]
    assert seller.order(random={venue.balcony: 1})["tickets"] == []


@pytest.mark.parametrize("flag", [True, "true"])
def test_all_or_nothing_makes_an_empty_order_when_one_seat_cannot_be_had(seller, venue, flag):
    seller.order(tickets=[venue.a[0]])
    assert seller.order(tickets=venue.a[:2], all_or_nothing=flag)["tickets"] == []
    assert seller.order(random={venue.parterre: 5}, all_or_nothing=flag)["tickets"] == []
    assert seller.statuses()[venue.a[1]] == "vacant"
    all_of_them = seller.order(random={venue.parterre: 4}, all_or_nothing=flag)
    assert sorted(all_of_them["tickets"]) == venue.a[1:]


@pytest.mark.parametrize("flag", [True, "true"])
def test_all_or_nothing_keeps_exactly_the_tickets_that_a_changed_order_had(seller, venue, flag):
    seller.order(tickets=[venue.a[0]])
    order = seller.order(tickets=[venue.a[1], venue.b[0]])
    for command in ({"tickets": venue.a[:3]}, {"random": {venue.parterre: 5}}):
        assert seller.change(order, **command, all_or_nothing=flag) == order
    assert seller.history(order) == ["OrderCreated"]


@pytest.mark.parametrize("flag", [False, "false"])
def test_without_all_or_nothing_the_flag_may_also_be_said(seller, venue, flag):
    seller.order(tickets=[venue.a[0]])
    assert seller.order(tickets=venue.a[:2], all_or_nothing=flag)["tickets"] == [venue.a[1]]


def test_all_or_nothing_does_not_hold_back_the_rest_of_a_request(seller, venue):
    seller.order(tickets=[venue.a[0]])
    order = seller.order(tickets=[venue.a[1]])
    order = seller.change(
        order, tickets=venue.a[:2], all_or_nothing=True, customer={"first_name": "Anna"}
    )
    assert order["tickets"] == [venue.a[1]]
    assert order["customer"]["first_name"] == "Anna"


def test_all_or_nothing_never_starts_paying_for_other_tickets_than_were_requested(
    seller, venue, unchanged
):
    seller.order(tickets=[venue.a[0]])
    order = seller.order(tickets=[venue.a[1]], payment={"system": BASE})
    with unchanged():
        command = {"tickets": venue.a[:2], "all_or_nothing": True, "status": "in_progress"}
        refused(seller.patch(order, **command), 400, "tickets_incomplete")


def test_changing_the_tickets_moves_the_last_change_and_not_the_hold(seller, venue, clock):
    order = seller.order(tickets=venue.a[:1])
    clock.forward(minutes=3)
    changed = seller.change(order, tickets=venue.a[:2])
    assert changed["updated_at"] == written(clock.moment)
    assert changed["created_at"] == order["created_at"]
    assert changed["reserved_till"] == order["reserved_till"]
    assert seller.tickets()[venue.a[1]]["reserved_till"] == order["reserved_till"]


def test_the_values_follow_the_tickets_as_exact_decimals(seller, venue):
    order = seller.order(tickets=[*venue.a[:1], *venue.b[:3]])
    assert order["value"] == order["values"]["full"] == "210.01"
    assert order["value_extra"] == order["values"]["extra"] == "10.02"
    assert order["values"]["nominal"] == "199.99"
    assert seller.change(order, tickets=venue.b[:1])["values"] == {
        "extra": "3.34",
        "full": "36.67",
        "nominal": "33.33",
    }


def test_a_ticket_that_comes_later_costs_what_it_did_when_the_order_was_made(seller, venue, clock):
    order = seller.order(random={venue.floor: 1}, payment={"system": CASH})
    assert order["value"] == "55.50"
    clock.forward(minutes=5)
    order = seller.change(order, status="in_progress")
    clock.forward(hours=11, minutes=54)
    before_noon = seller.order(random={venue.floor: 1})
    clock.forward(hours=12, minutes=1)
    assert seller.order(random={venue.floor: 1})["value"] == "66.60"
    assert before_noon["value"] == "55.50"


def test_the_price_window_ends_to_the_millisecond_and_the_order_keeps_its_own(seller, venue, clock):
    clock.forward(days=1, milliseconds=-1)
    early = seller.order(random={venue.floor: 1})
    clock.forward(milliseconds=1)
    late = seller.order(random={venue.floor: 1, venue.loge: 1})
    assert (early["value"], late["value"]) == ("55.50", "566.60")
    assert early["rules"][venue.floor] == venue.early_rule
    assert late["rules"][venue.floor] == venue.late_rule
    early = seller.change(early, random={venue.floor: 2})
    assert early["value"] == "111.00"
    assert early["rules"][venue.floor] == venue.early_rule


def test_what_is_not_on_sale_yet_cannot_be_had(seller, venue, unchanged):
    order = seller.order(random={venue.parterre: 1})
    with unchanged():
        for command in ({"random": {venue.loge: 1}}, {"tickets": [venue.l[0]]}):
            refused(seller.create(**command), 400, "not_on_sale")
            refused(seller.patch(order, **command), 400, "not_on_sale")


def test_what_went_on_sale_later_has_no_price_in_an_earlier_order(seller, venue, clock):
    clock.forward(days=1, milliseconds=-1)
    order = seller.order(random={venue.parterre: 1})
    clock.forward(milliseconds=1)
    refused(seller.patch(order, tickets=[venue.l[0]]), 400, "not_on_sale")


def test_while_the_payment_runs_tickets_can_only_be_taken_out(seller, venue, paying, clock):
    clock.forward(minutes=1)
    order = seller.change(paying, tickets=venue.a[1:3])
    assert order["tickets"] == venue.a[1:3]
    assert order["value"] == "200.00"
    assert order["updated_at"] == written(clock.moment)
    assert order["reserved_till"] == paying["reserved_till"]
    assert seller.statuses()[venue.a[0]] == "vacant"
    assert seller.change(order, random={venue.parterre: 1})["tickets"] == [venue.a[1]]


def test_while_the_payment_runs_nothing_comes_in_and_not_all_goes(seller, venue, paying, unchanged):
    with unchanged():
        for command in (
            {"tickets": [*venue.a[:3], venue.b[0]]},
            {"tickets": [venue.b[0]]},
            {"tickets": [*venue.a[:2], venue.a[4]]},
            {"random": {venue.parterre: 4}},
            {"random": {venue.parterre: 1, venue.floor: 1}},
            {"random": {venue.parterre: 4}, "all_or_nothing": True},
            {"random": {venue.parterre: 99}, "all_or_nothing": True},
        ):
            refused(seller.patch(paying, **command), 400, "tickets_only_out")
        for command in ({"tickets": []}, {"random": {}}):
            refused(seller.patch(paying, **command), 400, "no_tickets")


def test_an_order_that_has_ended_takes_no_change_of_tickets(seller, venue, paying, unchanged):
    done = seller.change(paying, status="done")
    canceled = seller.change(seller.order(tickets=venue.b[:1]), status="canceled")
    with unchanged():
        for order in (done, canceled):
            for command in (
                {"tickets": venue.b[:2]},
                {"tickets": []},
                {"random": {venue.balcony: 99}, "all_or_nothing": True},
            ):
                refused(seller.patch(order, **command), 400, "tickets_locked")
            assert seller.change(order, tickets=order["tickets"]) == order


def test_a_ticket_of_another_event_is_refused(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        for command in ({"tickets": [venue.m[0]]}, {"tickets": [venue.a[1], venue.m[0]]}):
            refused(seller.create(**command), 400, "ticket_of_another_event")
            refused(seller.patch(order, **command), 400, "ticket_of_another_event")


def test_a_set_of_another_event_is_refused(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        refused(seller.create(random={venue.stalls: 1}), 400, "unknown_set")
        refused(seller.patch(order, random={venue.stalls: 1}), 400, "unknown_set")


def test_several_requests_are_granted_together_or_not_at_all(seller, venue, unchanged):
    order = seller.order(tickets=venue.a[:1])
    with unchanged():
        command = {"tickets": venue.a[:2], "customer": {"mobile": "+79991234567"}}
        refused(seller.patch(order, **command, status="in_progress"), 400, "payment_system_missing")
        refused(seller.create(**command, status="done"), 400, "move_not_allowed")
    assert seller.look(order) == order


def test_asking_for_what_already_is_records_nothing(seller, venue, clock, unchanged):
    order = seller.order(tickets=venue.a[:2])
    clock.forward(minutes=1)
    with unchanged():
        for command in (
            {},
            {"tickets": venue.a[:2]},
            {"tickets": venue.a[1::-1]},
            {"random": {venue.parterre: 2}},
            {"customer": {"lang": "ru"}},
            {"status": "executed"},
        ):
            answer = seller.patch(order, **command)
            assert (answer.status_code, answer.json) == (200, order)
            assert answer.headers["ETag"] == '"1"'
