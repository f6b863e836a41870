"""What the buyer says of themselves."""

import msgspec
import pytest
from order_case import given, numbered
from order_commands import the_buyer_says, the_order_moves_to
from order_states import (
    BASE,
    CREATED,
    a_canceled_order,
    a_paid_order,
    after,
    an_executed_order,
    an_expired_order,
    an_order_about_to_be_paid,
    an_order_in_payment,
    creation,
    event,
)

from domain.buyer import Buyer
from domain.events import CustomerSet
from domain.refusals import CustomerIncomplete, CustomerLocked
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
    assert order.customer == Buyer(**said, named=True)


def test_the_language_is_the_partners_until_the_buyer_says_another():
    order = (
        given(an_executed_order())
        .when(the_buyer_says(email="anna@example.org"))
        .then(event(CustomerSet, email="anna@example.org"))
    )
    assert order.customer == Buyer(email="anna@example.org", lang="ru", named=True)


def test_only_what_is_new_is_noted_and_the_rest_stays():
    order = (
        given(an_order_of_anna())
        .when(the_buyer_says(first_name="Anna", last_name="K", lang="ru"))
        .then(event(CustomerSet, last_name="K"))
    )
    assert order.customer == Buyer(first_name="Anna", last_name="K", lang="ru", named=True)


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


USER = "56a6a01841226dbf3b346180"


def test_the_id_of_the_buyer_is_noted_with_the_address():
    said = {"email": "anna@example.org"}
    order = (
        given(an_executed_order())
        .when(the_buyer_says(**said, user=USER))
        .then(event(CustomerSet, **said, user=USER))
    )
    assert order.customer == Buyer(**said, lang="ru", user=USER, named=True)


def test_the_same_buyer_is_not_noted_again():
    said = {"email": "anna@example.org", "user": USER}
    (
        given(numbered([*an_executed_order(), event(CustomerSet, after(1), **said)]))
        .when(the_buyer_says(**said), the_buyer_says(first_name="Anna", user=USER))
        .then(event(CustomerSet, first_name="Anna"))
    )


def test_an_address_of_an_earlier_version_gets_its_id_with_the_next_change():
    told = [*an_executed_order(), event(CustomerSet, after(1), email="anna@example.org")]
    (given(numbered(told)).when(the_buyer_says(email="anna@example.org", user=USER)).then_nothing())
    (
        given(numbered(told))
        .when(the_buyer_says(first_name="Anna", user=USER))
        .then(event(CustomerSet, first_name="Anna", user=USER))
    )


def test_an_order_of_a_vendor_without_a_language_has_none():
    order = given([creation({}, lang=None)]).when().then_nothing()
    assert order.customer == Buyer()


DEMANDING = msgspec.structs.replace(BASE, requires=("email", "mobile"))


def test_a_payment_does_not_start_without_what_its_system_demands():
    (
        given(numbered(an_order_about_to_be_paid(DEMANDING)))
        .when(the_order_moves_to(Status.IN_PROGRESS))
        .then_refused(CustomerIncomplete, system="api/BASE", missing="email, mobile")
    )
    case = given(numbered(an_order_about_to_be_paid(DEMANDING))).when(
        the_buyer_says(email="anna@example.org"), the_order_moves_to(Status.IN_PROGRESS)
    )
    assert str(case.refusal).endswith("of the buyer: mobile.")


def test_a_payment_starts_once_the_buyer_has_said_it_all():
    case = given(numbered(an_order_about_to_be_paid(DEMANDING))).when(
        the_buyer_says(email="anna@example.org", mobile="+79160000000"),
        the_order_moves_to(Status.IN_PROGRESS),
    )
    assert case.refusal is None
    assert case.order.status is Status.IN_PROGRESS
