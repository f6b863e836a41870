"""A hold ends to the millisecond; the clock may go back, an order's timeline never does."""

from datetime import timedelta

import pytest
from order_case import given
from order_commands import (
    payment_is_chosen,
    seats_are_requested,
    the_buyer_says,
    the_order_moves_to,
    the_sweeper_comes,
)
from order_states import (
    A2,
    BASE,
    CREATED,
    SYSTEM,
    TOKEN,
    a_canceled_order,
    a_paid_order,
    after,
    an_empty_order,
    an_executed_order,
    an_expired_order,
    an_order_about_to_be_paid,
    an_order_in_payment,
    event,
)

from domain.events import CustomerSet, PaymentSystemSet, StatusChanged, TicketsChanged
from domain.refusals import MoveNotAllowed
from domain.status import Status

HOLDS = pytest.mark.parametrize(
    ("timeline", "minutes", "status"),
    [
        (an_executed_order, 10, Status.EXECUTED),
        (an_empty_order, 10, Status.EXECUTED),
        (an_order_in_payment, 32, Status.IN_PROGRESS),
    ],
)


def expired(at):
    return event(StatusChanged, at, SYSTEM, status=Status.EXPIRED)


@HOLDS
def test_an_order_expires_at_the_very_millisecond_its_hold_ends(timeline, minutes, status):
    order = given(timeline()).order
    assert order.status_at(after(minutes, ms=-1)) is status
    assert order.status_at(after(minutes)) is Status.EXPIRED
    assert order.status_at(after(minutes, ms=1)) is Status.EXPIRED


@HOLDS
def test_the_sweeper_records_the_end_of_a_hold_from_that_millisecond_on(timeline, minutes, status):
    given(timeline()).when(the_sweeper_comes(after(minutes, ms=-1))).then_nothing()
    order = given(timeline()).when(the_sweeper_comes(after(minutes))).then(expired(after(minutes)))
    assert order.status is Status.EXPIRED
    assert not order.holds_tickets


def test_expiring_lets_the_tickets_go_still_lists_them_and_moves_nothing_else():
    order = given(an_executed_order()).when(the_sweeper_comes(after(11))).then(expired(after(11)))
    assert len(order.tickets) == 2
    assert order.updated_at == CREATED


@pytest.mark.parametrize("timeline", [a_paid_order, a_canceled_order, an_expired_order])
def test_the_sweeper_leaves_orders_alone_that_have_ended(timeline):
    given(timeline()).when(the_sweeper_comes(after(10_000))).then_nothing()


@pytest.mark.parametrize("wanted", [Status.IN_PROGRESS, Status.DONE, Status.CANCELED])
def test_an_overdue_order_is_expired_before_any_sweeper_has_come_by(wanted):
    (
        given(an_order_about_to_be_paid())
        .when(the_order_moves_to(wanted, after(10)))
        .then_refused(MoveNotAllowed, status=Status.EXPIRED, wanted=wanted)
    )


def test_one_millisecond_before_the_end_the_payment_may_start():
    last = after(10, ms=-1)
    order = (
        given(an_order_about_to_be_paid())
        .when(the_order_moves_to(Status.IN_PROGRESS, last))
        .then(
            event(
                StatusChanged,
                last,
                status=Status.IN_PROGRESS,
                reserved_till=last + timedelta(minutes=30),
                redirect_url=f"https://pay.example/go?customer={TOKEN}",
            )
        )
    )
    assert order.status_at(after(10)) is Status.IN_PROGRESS


def test_a_payment_that_started_in_time_is_not_expired_by_a_late_sweeper():
    given(an_order_in_payment()).when(the_sweeper_comes(after(10))).then_nothing()


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (the_buyer_says(CREATED, lang="en"), event(CustomerSet, after(1), lang="en")),
        (seats_are_requested(A2, at=CREATED), event(TicketsChanged, after(1), removed=("A1",))),
        (
            payment_is_chosen(BASE, at=CREATED, success_url="https://shop.example/"),
            event(PaymentSystemSet, after(1), system=BASE, success_url="https://shop.example/"),
        ),
        (
            the_order_moves_to(Status.CANCELED, CREATED),
            event(StatusChanged, after(1), status=Status.CANCELED),
        ),
    ],
    ids=["customer", "tickets", "payment", "status"],
)
def test_when_the_clock_goes_back_the_timeline_does_not(ask, expected):
    """The order's last event is of minute one; the clock now says it is being made."""
    given(an_order_about_to_be_paid()).when(ask).then(expected)


def test_when_the_clock_goes_back_the_hold_runs_from_the_storys_last_moment():
    order = (
        given(an_order_about_to_be_paid())
        .when(the_order_moves_to(Status.IN_PROGRESS, CREATED))
        .then(
            event(
                StatusChanged,
                after(1),
                status=Status.IN_PROGRESS,
                reserved_till=after(31),
                redirect_url=f"https://pay.example/go?customer={TOKEN}",
            )
        )
    )
    assert order.updated_at == after(1)
