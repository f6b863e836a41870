"""What a ticket costs, by which rule, and what an order is worth."""

from decimal import Decimal

import pytest
from order_case import given, numbered
from order_commands import an_order_is_made, seats_are_requested
from order_states import (
    A1,
    A2,
    B1,
    B2,
    BALCONY,
    BALCONY_PRICE,
    CREATED,
    PARTERRE,
    PARTERRE_PRICE,
    PRICES,
    SHOW,
    a_mixed_order,
    a_set,
    a_show,
    after,
    an_empty_order,
    an_executed_order,
    creation,
    event,
)

from domain.commands import BestAvailable
from domain.events import TicketsChanged
from domain.pricing import NOTHING, Price, PriceRule, Worth, rule_in_force, worth
from domain.refusals import NotOnSale

EARLY = PriceRule("early", Decimal("80.00"), Decimal("5.00"), till=after(60))
LATE = PriceRule("late", Decimal("120.00"), Decimal("7.50"), from_=after(60))


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        (after(-1), None),
        (after(0, ms=-1), None),
        (after(0), "window"),
        (after(60, ms=-1), "window"),
        (after(60), None),
    ],
)
def test_a_rule_is_in_force_from_its_start_until_just_before_its_end(at, rule):
    window = PriceRule("window", NOTHING, NOTHING, from_=after(0), till=after(60))
    found = rule_in_force([window], at)
    assert (found and found.id) == rule


def test_a_rule_without_a_window_is_always_in_force():
    assert PriceRule("always", NOTHING, NOTHING).in_force(CREATED)


def test_of_two_rules_in_force_the_first_of_the_catalogue_prices():
    first, second = PriceRule("first", NOTHING, NOTHING), PriceRule("second", NOTHING, NOTHING)
    assert rule_in_force([first, second], CREATED) is first
    assert rule_in_force([EARLY, first, second], after(60)) is first


def test_a_show_names_prices_of_the_sets_that_have_one():
    assert SHOW.prices(CREATED) == PRICES


@pytest.mark.parametrize(
    ("at", "price"),
    [
        (after(60, ms=-1), Price("early", Decimal("80.00"), Decimal("5.00"))),
        (after(60), Price("late", Decimal("120.00"), Decimal("7.50"))),
    ],
)
def test_an_order_is_priced_by_the_rule_in_force_when_it_is_made(at, price):
    show = a_show(a_set(PARTERRE, EARLY, LATE))
    order = given().when(an_order_is_made(BestAvailable({PARTERRE: 1}), show=show, at=at)).order
    assert order.prices == {PARTERRE: price}


def test_a_ticket_that_comes_later_costs_what_it_did_when_the_order_was_made():
    prices = {PARTERRE: Price("early", Decimal("80.00"), Decimal("5.00"))}
    made = numbered([creation({}, prices=prices, reserved_till=after(120))])
    order = (
        given(made)
        .when(seats_are_requested(A1, vacant={A1: PARTERRE}, at=after(90)))
        .then(event(TicketsChanged, after(90), added={A1: PARTERRE}))
    )
    assert order.worth == Worth(Decimal("80.00"), Decimal("5.00"))


def test_outside_of_every_window_nothing_is_on_sale():
    show = a_show(a_set(PARTERRE, LATE))
    (
        given()
        .when(an_order_is_made(BestAvailable({PARTERRE: 1}), show=show))
        .then_refused(NotOnSale, set=PARTERRE)
    )


def test_an_empty_order_is_worth_nothing_to_two_decimals():
    assert str(given(an_empty_order()).order.worth.full) == "0.00"


def test_an_order_is_worth_the_price_and_fee_of_each_of_its_tickets():
    assert given(an_executed_order()).order.worth == Worth(Decimal("200.00"), Decimal("0.00"))
    mixed = given(a_mixed_order()).order.worth
    assert mixed == Worth(Decimal("133.33"), Decimal("3.34"))
    assert mixed.full == Decimal("136.67")


def test_what_an_order_is_worth_follows_its_tickets():
    order = (
        given(a_mixed_order())
        .when(seats_are_requested(A1, A2, B1, B2, vacant={A2: PARTERRE, B2: BALCONY}))
        .order
    )
    assert order.worth == Worth(Decimal("266.66"), Decimal("6.68"))


def test_sums_are_exact_where_floating_point_is_not():
    cent = Price("cent", Decimal("0.10"), Decimal("0.01"))
    total = worth([cent] * 3)
    assert (str(total.nominal), str(total.extra), str(total.full)) == ("0.30", "0.03", "0.33")


def test_a_thousand_tickets_of_mixed_sets_lose_no_cent():
    total = worth([PARTERRE_PRICE, BALCONY_PRICE] * 500)
    assert total == Worth(Decimal("66665.00"), Decimal("1670.00"))
