"""What the buyer says of themselves."""

import pytest
from order_case import given, numbered
from order_commands import the_buyer_says
from order_states import (
    CREATED,
    a_canceled_order,
    a_paid_order,
    after,
    an_executed_order,
    an_expired_order,
    an_order_in_payment,
    event,
)

from domain.commands import Customer
from domain.events import CustomerSet
from domain.refusals import CustomerLocked
from domain.status import Status


def an_order_of_anna():
    return numbered([*an_executed_order(), event(CustomerSet, after(1), first_name="Anna")])


def test_what_the_buyer_says_is_noted():
    said = {
        "email": "anna@example.org",
        "first_name": "Anna",
        "last_name": "K",
        "mobile": "+79160000000",
        "lang": "en",
    }
    order = given(an_executed_order()).when(the_buyer_says(**said)).then(event(CustomerSet, **said))
    assert order.customer == Customer(**said)


def test_the_language_is_the_partners_until_the_buyer_says_another():
    order = (
        given(an_executed_order())
        .when(the_buyer_says(email="anna@example.org"))
        .then(event(CustomerSet, email="anna@example.org"))
    )
    assert order.customer == Customer(email="anna@example.org", lang="ru")


def test_only_what_is_new_is_noted_and_the_rest_stays():
    order = (
        given(an_order_of_anna())
        .when(the_buyer_says(first_name="Anna", last_name="K", lang="ru"))
        .then(event(CustomerSet, last_name="K"))
    )
    assert order.customer == Customer(first_name="Anna", last_name="K", lang="ru")


def test_saying_who_one_is_is_no_change_of_the_reservation():
    order = (
        given(an_executed_order())
        .when(the_buyer_says(lang="en"))
        .then(event(CustomerSet, lang="en"))
    )
    assert order.updated_at == CREATED
    assert order.reserved_till == after(10)


def test_saying_the_same_again_is_nothing_new():
    given(an_order_of_anna()).when(the_buyer_says(first_name="Anna", lang="ru")).then_nothing()


def test_saying_nothing_is_nothing_new():
    given(an_executed_order()).when(the_buyer_says()).then_nothing()


@pytest.mark.parametrize(
    ("timeline", "status"),
    [
        (an_order_in_payment, Status.IN_PROGRESS),
        (a_paid_order, Status.DONE),
        (a_canceled_order, Status.CANCELED),
        (an_expired_order, Status.EXPIRED),
    ],
)
def test_the_buyer_is_settled_once_the_payment_has_started(timeline, status):
    given(timeline()).when(the_buyer_says(email="late@example.org")).then_refused(
        CustomerLocked, status=status
    )
    given(timeline()).when(the_buyer_says(lang="ru")).then_nothing()


def test_from_the_end_of_the_hold_on_the_buyer_is_settled():
    (
        given(an_executed_order())
        .when(the_buyer_says(after(10), email="late@example.org"))
        .then_refused(CustomerLocked, status=Status.EXPIRED)
    )
