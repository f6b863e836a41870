"""Changing the tickets of an order: the command names the end state."""

import pytest
from order_case import given
from order_commands import best_available_are_requested, seats_are_requested, the_order_moves_to
from order_states import (
    A1,
    A2,
    A3,
    B1,
    B2,
    BALCONY,
    CREATED,
    LOGE,
    NOW,
    PARTERRE,
    PRICES,
    a_canceled_order,
    a_mixed_order,
    a_paid_order,
    after,
    an_empty_order,
    an_executed_order,
    an_expired_order,
    an_order_in_payment,
    event,
)

from domain.commands import BestAvailable, TicketsById
from domain.events import StatusChanged, TicketsChanged
from domain.refusals import (
    NoTickets,
    NotOnSale,
    TicketsIncomplete,
    TicketsLocked,
    TicketsOnlyOut,
    UnknownSet,
)
from domain.status import Status


def came_and_went(came=None, went=()):
    return event(TicketsChanged, added=came or {}, removed=went)


ENDED = pytest.mark.parametrize(
    ("timeline", "status"),
    [
        (a_paid_order, Status.DONE),
        (a_canceled_order, Status.CANCELED),
        (an_expired_order, Status.EXPIRED),
    ],
)


def test_what_is_missing_is_claimed_what_is_not_named_is_let_go_what_stays_stays():
    order = (
        given(an_executed_order())
        .when(seats_are_requested(A2, B1))
        .then(came_and_went({B1: BALCONY}, (A1,)))
    )
    assert order.tickets == {A2: PARTERRE, B1: BALCONY}


def test_tickets_at_random_keep_the_seats_that_are_held():
    order = (
        given(an_executed_order())
        .when(best_available_are_requested({PARTERRE: 3, BALCONY: 1}))
        .then(came_and_went({A3: PARTERRE, B1: BALCONY}))
    )
    assert list(order.tickets) == [A1, A2, A3, B1]


def test_fewer_at_random_let_the_rest_go():
    (
        given(an_executed_order())
        .when(best_available_are_requested({PARTERRE: 1}))
        .then(came_and_went(went=(A2,)))
    )


def test_a_set_that_the_request_does_not_name_is_let_go_whole():
    (
        given(a_mixed_order())
        .when(best_available_are_requested({PARTERRE: 1}))
        .then(came_and_went(went=(B1,)))
    )


def test_an_executed_order_may_be_emptied():
    order = (
        given(an_executed_order()).when(seats_are_requested()).then(came_and_went(went=(A1, A2)))
    )
    assert order.worth.full == 0
    assert order.prices == PRICES


def test_an_empty_order_may_be_filled():
    given(an_empty_order()).when(seats_are_requested(B2)).then(came_and_went({B2: BALCONY}))


def test_changing_tickets_moves_the_last_change_and_not_the_hold():
    order = given(an_executed_order()).when(seats_are_requested(A1)).then(came_and_went(went=(A2,)))
    assert order.updated_at == NOW
    assert order.reserved_till == after(10)
    assert order.created_at == CREATED


def test_the_same_seats_in_any_order_are_nothing_new():
    order = given(an_executed_order()).when(seats_are_requested(A2, A1)).then_nothing()
    assert order.updated_at == CREATED


def test_as_many_at_random_as_are_held_is_nothing_new():
    given(an_executed_order()).when(best_available_are_requested({PARTERRE: 2})).then_nothing()


def test_a_seat_that_cannot_be_had_is_left_out():
    (
        given(an_executed_order())
        .when(seats_are_requested(A1, A2, A3, B1, vacant={B1: BALCONY}))
        .then(came_and_went({B1: BALCONY}))
    )


def test_when_nothing_of_the_request_can_be_had_nothing_happens():
    given(an_executed_order()).when(seats_are_requested(A1, A2, A3, vacant={})).then_nothing()


def test_a_held_seat_that_is_also_said_to_be_vacant_does_not_count_twice():
    (
        given(an_executed_order())
        .when(best_available_are_requested({PARTERRE: 3}, vacant={A1: PARTERRE, A3: PARTERRE}))
        .then(came_and_went({A3: PARTERRE}))
    )


def test_all_or_nothing_keeps_exactly_the_tickets_that_were_held():
    order = (
        given(an_executed_order())
        .when(seats_are_requested(A1, A3, B1, vacant={B1: BALCONY}, all_or_nothing=True))
        .then_nothing()
    )
    assert order.tickets == {A1: PARTERRE, A2: PARTERRE}


def test_all_or_nothing_at_random_keeps_the_tickets_when_one_set_runs_short():
    (
        given(an_executed_order())
        .when(best_available_are_requested({PARTERRE: 3, BALCONY: 3}, all_or_nothing=True))
        .then_nothing()
    )


def test_all_or_nothing_changes_all_when_all_can_be_had():
    (
        given(an_executed_order())
        .when(seats_are_requested(A1, B1, all_or_nothing=True))
        .then(came_and_went({B1: BALCONY}, (A2,)))
    )


def test_a_set_that_the_order_has_no_price_for_is_refused():
    (
        given(an_executed_order())
        .when(best_available_are_requested({"circus": 1}))
        .then_refused(UnknownSet, event="show", set="circus")
    )


def test_a_set_of_the_show_that_had_no_price_then_is_not_on_sale_for_this_order():
    ask = best_available_are_requested({LOGE: 1}, sets=(PARTERRE, LOGE))
    given(an_executed_order()).when(ask).then_refused(NotOnSale, set=LOGE)


def test_while_the_payment_runs_tickets_may_be_taken_out():
    order = (
        given(an_order_in_payment()).when(seats_are_requested(A2)).then(came_and_went(went=(A1,)))
    )
    assert order.updated_at == NOW
    assert order.reserved_till == after(32)
    assert order.worth.full == 100


def test_while_the_payment_runs_tickets_may_be_taken_out_by_number():
    (
        given(an_order_in_payment())
        .when(best_available_are_requested({PARTERRE: 1}))
        .then(came_and_went(went=(A2,)))
    )


@pytest.mark.parametrize(
    "ask",
    [
        seats_are_requested(A1, A2, A3),
        seats_are_requested(A1, A3),
        seats_are_requested(A3),
        seats_are_requested(A1, A2, A3, vacant={}),
        best_available_are_requested({PARTERRE: 3}),
        best_available_are_requested({PARTERRE: 1, BALCONY: 1}),
        seats_are_requested(A1, A2, A3, vacant={}, all_or_nothing=True),
    ],
    ids=[
        "one more",
        "a swap",
        "all others",
        "one nobody can have",
        "more",
        "of another set",
        "all of what cannot be had",
    ],
)
def test_while_the_payment_runs_no_ticket_comes_in(ask):
    given(an_order_in_payment()).when(ask).then_refused(TicketsOnlyOut)


def test_while_the_payment_runs_not_all_tickets_can_go():
    given(an_order_in_payment()).when(seats_are_requested()).then_refused(NoTickets)


def test_while_the_payment_runs_the_same_seats_are_nothing_new():
    given(an_order_in_payment()).when(seats_are_requested(A1, A2)).then_nothing()


@ENDED
def test_an_order_that_has_ended_keeps_listing_its_tickets_and_takes_no_change(timeline, status):
    given(timeline()).when(seats_are_requested(A1)).then_refused(TicketsLocked, status=status)


@ENDED
def test_an_order_that_has_ended_says_no_to_what_nobody_can_have_too(timeline, status):
    ask = seats_are_requested(A1, A3, vacant={}, all_or_nothing=True)
    given(timeline()).when(ask).then_refused(TicketsLocked, status=status)


@pytest.mark.parametrize(
    "command",
    [
        TicketsById((A1, A2)),
        TicketsById((A2,)),
        TicketsById(()),
        BestAvailable({PARTERRE: 2}),
        BestAvailable({}),
    ],
)
def test_an_order_that_has_all_of_the_requested_tickets_is_not_incomplete(command):
    given(an_executed_order()).when(lambda order: order.refuse_incomplete(command)).then_nothing()


@pytest.mark.parametrize(
    "command", [TicketsById((A1, A3)), BestAvailable({PARTERRE: 3}), BestAvailable({BALCONY: 1})]
)
def test_an_order_that_lacks_a_requested_ticket_is_incomplete(command):
    (
        given(an_executed_order())
        .when(lambda order: order.refuse_incomplete(command))
        .then_refused(TicketsIncomplete)
    )


@ENDED
def test_wishing_the_listed_tickets_of_an_ended_order_is_nothing_new(timeline, status):
    order = given(timeline()).when(seats_are_requested(A1, A2)).then_nothing()
    assert order.tickets == {A1: PARTERRE, A2: PARTERRE}
    assert order.holds_tickets is (status is Status.DONE)


def test_from_the_end_of_the_hold_on_tickets_cannot_be_changed():
    (
        given(an_executed_order())
        .when(seats_are_requested(A1, at=after(10)))
        .then_refused(TicketsLocked, status=Status.EXPIRED)
    )


def test_a_ticket_taken_out_during_the_payment_gets_no_barcode():
    cancelled_one = seats_are_requested(A2)
    case = given(an_order_in_payment()).when(cancelled_one, the_order_moves_to(Status.DONE))
    done = case.order.pending[-1]
    assert isinstance(done, StatusChanged)
    assert done.barcodes.keys() == {A2}
