"""Making an order: what is taken, what is refused, what is fixed for good."""

from order_case import given
from order_commands import an_order_is_made
from order_states import (
    A1,
    A2,
    A3,
    B1,
    BALCONY,
    CREATED,
    HALL,
    L1,
    LOGE,
    NUMBER,
    ORDER,
    ORG,
    PARTERRE,
    PRICES,
    after,
    creation,
)

from domain.buyer import Buyer
from domain.commands import BestAvailable, TicketsById
from domain.refusals import NotOnSale, UnknownSet
from domain.status import Status


def test_requested_seats_are_in_the_new_order_as_they_were_named():
    order = (
        given()
        .when(an_order_is_made(TicketsById((B1, A2))))
        .then(creation({B1: BALCONY, A2: PARTERRE}))
    )
    assert list(order.tickets) == [B1, A2]


def test_as_many_tickets_as_requested_are_taken_of_each_set():
    (
        given()
        .when(an_order_is_made(BestAvailable({PARTERRE: 2, BALCONY: 1})))
        .then(creation({A1: PARTERRE, A2: PARTERRE, B1: BALCONY}))
    )


def test_an_order_may_be_made_without_tickets_and_still_has_its_prices():
    order = given().when(an_order_is_made()).then(creation({}))
    assert order.prices == PRICES
    assert order.worth.full == 0


def test_a_new_order_is_executed_held_for_ten_minutes_and_by_nobody_known():
    order = given().when(an_order_is_made(TicketsById((A1,)))).then(creation({A1: PARTERRE}))
    assert order.status is Status.EXECUTED
    assert order.reserved_till == after(10)
    assert order.created_at == order.updated_at == CREATED
    assert order.customer == Buyer(lang="ru")
    assert (order.id, order.number, order.version) == (ORDER, NUMBER, 1)
    assert order.engaged is order.redirect_url is order.system is None


def test_the_vendor_and_the_deal_are_told_apart_from_the_organiser():
    order = (
        given()
        .when(an_order_is_made(vendor="reseller", deal="deal-1"))
        .then(creation({}, vendor="reseller", deal="deal-1"))
    )
    assert (order.org, order.vendor, order.deal) == (ORG, "reseller", "deal-1")


def test_seats_that_cannot_be_had_are_left_out():
    (
        given()
        .when(an_order_is_made(TicketsById((A1, A2)), vacant={A2: PARTERRE}))
        .then(creation({A2: PARTERRE}))
    )


def test_of_a_set_that_runs_short_the_order_gets_what_there_is():
    few = {A3: PARTERRE}
    (
        given()
        .when(an_order_is_made(BestAvailable({PARTERRE: 5, BALCONY: 1}), vacant=few))
        .then(creation({A3: PARTERRE}))
    )


def test_all_or_nothing_leaves_the_order_empty_when_one_seat_cannot_be_had():
    (
        given()
        .when(an_order_is_made(TicketsById((A1, A2)), vacant={A2: PARTERRE}, all_or_nothing=True))
        .then(creation({}))
    )


def test_all_or_nothing_leaves_the_order_empty_when_one_set_runs_short():
    command = BestAvailable({PARTERRE: 1, BALCONY: 3})
    given().when(an_order_is_made(command, all_or_nothing=True)).then(creation({}))


def test_all_or_nothing_takes_all_when_all_can_be_had():
    (
        given()
        .when(an_order_is_made(TicketsById((A1, B1)), all_or_nothing=True))
        .then(creation({A1: PARTERRE, B1: BALCONY}))
    )


def test_a_set_that_the_show_does_not_have_is_refused():
    (
        given()
        .when(an_order_is_made(BestAvailable({"circus": 1})))
        .then_refused(UnknownSet, event="show", set="circus")
    )


def test_a_set_without_a_price_is_not_on_sale():
    given().when(an_order_is_made(BestAvailable({LOGE: 1}))).then_refused(NotOnSale, set=LOGE)


def test_a_seat_in_a_set_without_a_price_is_not_on_sale():
    with_loge = {**HALL, L1: LOGE}
    (
        given()
        .when(an_order_is_made(TicketsById((A1, L1)), vacant=with_loge))
        .then_refused(NotOnSale, set=LOGE)
    )
