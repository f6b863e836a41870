"""An order does not grow without end: at some version only its status moves on."""

import pytest
from order_case import given, numbered
from order_commands import (
    payment_is_chosen,
    seats_are_requested,
    the_buyer_says,
    the_order_moves_to,
    the_sweeper_comes,
)
from order_states import (
    A3,
    BASE,
    CASH,
    PARTERRE,
    SYSTEM,
    after,
    an_order_about_to_be_paid,
    an_order_in_payment,
    event,
)

from domain.events import CustomerSet, StatusChanged, TicketsChanged
from domain.order import MOST_CHANGES
from domain.refusals import TooManyChanges
from domain.status import Status


def grown(timeline, version=MOST_CHANGES + 1):
    """An order whose tickets were changed until it is at a version."""
    back_and_forth = (
        event(TicketsChanged, after(3), added={A3: PARTERRE}),
        event(TicketsChanged, after(3), removed=(A3,)),
    )
    missing = version - len(timeline)
    return numbered([*timeline, *(back_and_forth[each % 2] for each in range(missing))])


def test_the_last_change_that_is_allowed_is_recorded():
    given(grown(an_order_about_to_be_paid(), MOST_CHANGES)).when(
        the_buyer_says(email="a@b.c")
    ).then(event(CustomerSet, email="a@b.c"))


@pytest.mark.parametrize(
    "ask",
    [
        seats_are_requested(),
        the_buyer_says(email="a@b.c"),
        payment_is_chosen(CASH),
    ],
)
def test_an_order_that_was_changed_so_often_is_changed_no_more(ask):
    given(grown(an_order_about_to_be_paid())).when(ask).then_refused(
        TooManyChanges, most=MOST_CHANGES
    )


def test_tickets_stay_in_a_payment_too():
    order = grown(an_order_in_payment(), MOST_CHANGES + 2)
    given(order).when(seats_are_requested("A1")).then_refused(TooManyChanges, most=MOST_CHANGES)


def test_what_changes_nothing_is_not_refused():
    order = grown(an_order_about_to_be_paid())
    given(order).when(payment_is_chosen(BASE)).then_nothing()


def test_it_can_still_be_paid_canceled_or_expire():
    order = grown(an_order_about_to_be_paid())
    paid = given(order).when(
        the_order_moves_to(Status.IN_PROGRESS), the_order_moves_to(Status.DONE)
    )
    assert paid.order.status is Status.DONE
    given(order).when(the_order_moves_to(Status.CANCELED)).then(
        event(StatusChanged, status=Status.CANCELED)
    )
    given(order).when(the_sweeper_comes(after(11))).then(
        event(StatusChanged, after(11), SYSTEM, status=Status.EXPIRED)
    )
