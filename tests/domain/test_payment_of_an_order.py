"""Choosing how to pay, starting the payment, and being paid."""

import re

import pytest
from order_case import given, numbered
from order_commands import payment_is_chosen, seats_are_requested, the_order_moves_to
from order_states import (
    A1,
    A2,
    BASE,
    CASH,
    CREATED,
    GATEWAY,
    NOW,
    SECRET,
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

from domain.events import PaymentSystemSet, StatusChanged
from domain.payment import redirect_address
from domain.refusals import (
    ConfirmedByGateway,
    MoveNotAllowed,
    NoTickets,
    PaymentLocked,
    PaymentSystemMissing,
)
from domain.status import Status

URLS = {"success_url": "https://shop.example/thanks", "failure_url": "https://shop.example/sorry"}


def payment_started(minutes, address, at=NOW):
    return event(
        StatusChanged,
        at,
        status=Status.IN_PROGRESS,
        reserved_till=after(5 + minutes),
        redirect_url=address,
    )


# Choosing.


def test_the_choice_is_recorded_but_not_engaged_and_moves_nothing():
    order = (
        given(an_executed_order())
        .when(payment_is_chosen(BASE, **URLS))
        .then(event(PaymentSystemSet, system=BASE, **URLS))
    )
    assert order.engaged is None
    assert order.redirect_url is None
    assert order.updated_at == CREATED
    assert order.reserved_till == after(10)
    assert order.status is Status.EXECUTED


def test_another_system_may_be_chosen_while_the_order_is_executed():
    order = (
        given(an_order_about_to_be_paid(BASE))
        .when(payment_is_chosen(CASH))
        .then(event(PaymentSystemSet, system=CASH))
    )
    assert order.system == CASH


def test_addresses_alone_keep_the_system_and_the_system_alone_keeps_the_addresses():
    (
        given(an_order_about_to_be_paid(BASE))
        .when(payment_is_chosen(**URLS), payment_is_chosen(CASH))
        .then(
            event(PaymentSystemSet, system=BASE, **URLS),
            event(PaymentSystemSet, system=CASH, **URLS),
        )
    )


def test_addresses_without_any_system_are_refused():
    (given(an_executed_order()).when(payment_is_chosen(**URLS)).then_refused(PaymentSystemMissing))


def test_a_choice_of_nothing_is_nothing_new_even_without_a_system():
    given(an_executed_order()).when(payment_is_chosen()).then_nothing()


def test_the_same_choice_again_is_nothing_new():
    given(an_order_about_to_be_paid(BASE)).when(payment_is_chosen(BASE)).then_nothing()


@pytest.mark.parametrize(
    ("timeline", "status"),
    [
        (an_order_in_payment, Status.IN_PROGRESS),
        (a_paid_order, Status.DONE),
    ],
)
def test_once_the_payment_has_started_the_choice_stands(timeline, status):
    given(timeline()).when(payment_is_chosen(CASH)).then_refused(PaymentLocked, status=status)
    given(timeline()).when(payment_is_chosen(BASE)).then_nothing()


@pytest.mark.parametrize(
    ("timeline", "status"),
    [(a_canceled_order, Status.CANCELED), (an_expired_order, Status.EXPIRED)],
)
def test_an_order_that_was_let_go_cannot_be_paid_for_any_more(timeline, status):
    given(timeline()).when(payment_is_chosen(BASE)).then_refused(PaymentLocked, status=status)


def test_from_the_end_of_the_hold_on_payment_cannot_be_chosen():
    (
        given(an_executed_order())
        .when(payment_is_chosen(BASE, at=after(10)))
        .then_refused(PaymentLocked, status=Status.EXPIRED)
    )


# Starting.


def test_starting_the_payment_engages_the_system_and_holds_for_its_time_from_now():
    order = (
        given(an_order_about_to_be_paid(BASE))
        .when(the_order_moves_to(Status.IN_PROGRESS))
        .then(payment_started(30, f"https://pay.example/go?customer={TOKEN}"))
    )
    assert order.status is Status.IN_PROGRESS
    assert order.engaged == BASE.id
    assert order.redirect_url == f"https://pay.example/go?customer={TOKEN}"
    assert order.reserved_till == after(35)
    assert order.updated_at == NOW


def test_a_system_without_an_address_sends_nobody_anywhere_and_holds_for_its_own_time():
    order = (
        given(an_order_about_to_be_paid(CASH))
        .when(the_order_moves_to(Status.IN_PROGRESS))
        .then(payment_started(12 * 60, None))
    )
    assert order.engaged == CASH.id
    assert order.redirect_url is None


def test_an_address_that_asks_something_already_is_asked_one_thing_more():
    (
        given(an_order_about_to_be_paid(GATEWAY))
        .when(the_order_moves_to(Status.IN_PROGRESS))
        .then(payment_started(15, f"https://card.example/?shop=7&customer={TOKEN}"))
    )


def test_the_redirect_address_names_the_buyer_and_nothing_else():
    assert redirect_address("https://pay.example/go", "t0ken") == (
        "https://pay.example/go?customer=t0ken"
    )


def test_choosing_and_starting_in_one_request_are_two_events():
    (
        given(an_executed_order())
        .when(payment_is_chosen(BASE), the_order_moves_to(Status.IN_PROGRESS))
        .then(
            event(PaymentSystemSet, system=BASE),
            payment_started(30, f"https://pay.example/go?customer={TOKEN}"),
        )
    )


def test_a_payment_cannot_start_without_a_system():
    (
        given(an_executed_order())
        .when(the_order_moves_to(Status.IN_PROGRESS))
        .then_refused(PaymentSystemMissing)
    )


def test_a_payment_cannot_start_without_tickets():
    timeline = numbered([*an_empty_order(), event(PaymentSystemSet, after(1), system=BASE)])
    given(timeline).when(the_order_moves_to(Status.IN_PROGRESS)).then_refused(NoTickets)


def test_starting_twice_is_nothing_new_and_does_not_prolong_the_hold():
    order = (
        given(an_order_in_payment())
        .when(the_order_moves_to(Status.IN_PROGRESS, secret="f" * 40))
        .then_nothing()
    )
    assert order.reserved_till == after(32)
    assert order.redirect_url == f"https://pay.example/go?customer={TOKEN}"


# Being paid.


def barcodes_made_with(secret=SECRET):
    case = given(an_order_in_payment()).when(the_order_moves_to(Status.DONE, secret=secret))
    return case.order.barcodes


def test_a_paid_order_keeps_its_tickets_for_good_and_moves_nothing():
    order = (
        given(an_order_in_payment())
        .when(the_order_moves_to(Status.DONE))
        .then(event(StatusChanged, status=Status.DONE, barcodes=barcodes_made_with(SECRET)))
    )
    assert order.status_at(after(10_000)) is Status.DONE
    assert order.updated_at == after(2)
    assert order.holds_tickets


def test_each_ticket_of_a_paid_order_has_a_barcode_of_twenty_digits_of_its_own():
    barcodes = barcodes_made_with()
    assert barcodes.keys() == {A1, A2}
    assert len(set(barcodes.values())) == 2
    assert all(re.fullmatch(r"\d{20}", barcode) for barcode in barcodes.values())


def test_barcodes_cannot_be_told_from_the_ticket_or_from_another_secret():
    codes = [barcodes_made_with(f"{number:040x}")[A1] for number in range(200)]
    assert len(set(codes)) == 200


def test_an_order_that_is_not_paid_has_no_barcodes():
    assert given(an_order_in_payment()).order.barcodes == {}


def test_what_the_gateway_confirms_no_vendor_can_call_done():
    (
        given(an_order_in_payment(GATEWAY))
        .when(the_order_moves_to(Status.DONE))
        .then_refused(ConfirmedByGateway, system="api/CARD")
    )


def test_a_payment_by_gateway_can_still_be_canceled():
    (
        given(an_order_in_payment(GATEWAY))
        .when(the_order_moves_to(Status.CANCELED))
        .then(event(StatusChanged, status=Status.CANCELED))
    )


def test_a_payment_that_ended_too_late_is_not_done():
    (
        given(an_order_in_payment())
        .when(the_order_moves_to(Status.DONE, after(32)))
        .then_refused(MoveNotAllowed, status=Status.EXPIRED, wanted=Status.DONE)
    )


def test_one_refusal_refuses_the_whole_request():
    case = given(an_executed_order()).when(
        seats_are_requested(A1), the_order_moves_to(Status.IN_PROGRESS)
    )
    assert isinstance(case.refusal, PaymentSystemMissing)


# Canceling.


@pytest.mark.parametrize("timeline", [an_executed_order, an_order_in_payment])
def test_a_canceled_order_lets_its_tickets_go_and_still_lists_them(timeline):
    before = given(timeline()).order
    order = (
        given(timeline())
        .when(the_order_moves_to(Status.CANCELED))
        .then(event(StatusChanged, status=Status.CANCELED))
    )
    assert not order.holds_tickets
    assert order.tickets == before.tickets
    assert order.updated_at == before.updated_at
    assert order.reserved_till == before.reserved_till


def test_whether_the_tickets_are_wanted_by_mail_is_recorded_once():
    order = (
        given(an_order_about_to_be_paid())
        .when(payment_is_chosen(send_tickets=True), payment_is_chosen(send_tickets=True))
        .then(event(PaymentSystemSet, system=BASE, send_tickets=True))
    )
    assert order.send_tickets is True
    (
        given(
            numbered(
                [
                    *an_order_about_to_be_paid(),
                    event(PaymentSystemSet, after(2), system=BASE, send_tickets=True),
                ]
            )
        )
        .when(payment_is_chosen(CASH), payment_is_chosen(send_tickets=False))
        .then(
            event(PaymentSystemSet, system=CASH, send_tickets=True),
            event(PaymentSystemSet, system=CASH, send_tickets=False),
        )
    )
