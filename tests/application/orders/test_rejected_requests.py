"""What was asked and could not be had is noted beside the events, and is in nobody's way."""

from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from seller import PARTERRE, SHOP, seat

from application.orders.commands import ChangeOrder
from application.orders.rejected_requests import KEPT, RejectionLog
from application.ports.store import StoreUnavailable
from domain.commands import BestAvailable, Customer
from domain.refusals import (
    MoveNotAllowed,
    NotTheVendor,
    PaymentSystemMissing,
    Refusal,
    RequestReused,
    UnknownOrder,
)
from domain.status import Status


def noted(office, order):
    return [
        (each.version, each.code, msgspec.json.decode(each.wanted))
        for each in office.services.attempts.of(order)
    ]


def test_a_refused_move_is_noted_and_still_refused(office):
    order = office.order()
    with pytest.raises(PaymentSystemMissing):
        office.change(order, status=Status.IN_PROGRESS)
    [attempt] = office.services.attempts.of(order)
    assert (attempt.code, attempt.version) == ("payment_system_missing", 1)
    assert (attempt.at, attempt.actor) == (office.time, office.caller().actor)
    assert attempt.request == "request-2"
    assert office.services.history.order(order).order.version == 1


def test_a_payment_that_starts_too_late_is_noted(office):
    order = office.order()
    office.choose_payment(order)
    office.later(minutes=10)
    with pytest.raises(MoveNotAllowed):
        office.change(order, status=Status.IN_PROGRESS)
    assert noted(office, order) == [(2, "move_not_allowed", {"status": "in_progress"})]


def test_tickets_that_could_not_be_had_are_noted_though_nothing_was_refused(office):
    office.order(seats=[seat(1)])
    order = office.order(seats=[seat(1), seat(2)])
    assert noted(office, order) == [(1, "tickets_short", {"tickets": [seat(1), seat(2)]})]
    [attempt] = office.services.attempts.of(order)
    assert msgspec.json.decode(attempt.about) == {"tickets": [seat(1)]}


def test_fewer_tickets_at_random_than_requested_are_noted(office):
    office.order(999)
    order = office.order(1000)
    [attempt] = office.services.attempts.of(order)
    short = msgspec.json.decode(attempt.about)["random"][PARTERRE]
    assert short == 1000 - len(office.services.history.order(order).order.tickets)


def test_what_was_had_in_full_is_not_noted(office):
    order = office.order(2)
    office.request_seats(order)
    assert noted(office, order) == []


def test_a_repeated_request_is_noted_once(office):
    office.order(seats=[seat(1)])
    command = ChangeOrder(tickets=BestAvailable({PARTERRE: 1000}))
    request = office.request(key="key-1", fingerprint=b"first")
    order = office.services.orders.create("56a6253df06c5a059a93802e", command, request).order.id
    office.services.orders.create("56a6253df06c5a059a93802e", command, request)
    assert len(noted(office, order)) == 1


def test_what_buyers_say_of_themselves_is_not_noted(office):
    order = office.paid_order()
    with suppress(Refusal):
        office.change(order, customer=Customer(email="private@example.com"))
    [attempt] = office.services.attempts.of(order)
    assert msgspec.json.decode(attempt.wanted) == {"customer": ["email"]}
    assert b"private" not in attempt.wanted + attempt.about


def test_the_organiser_who_tries_to_change_a_shops_order_is_noted(office):
    order = office.order(partner=SHOP)
    with pytest.raises(NotTheVendor):
        office.cancel(order)
    assert noted(office, order) == [(1, "not_the_vendor", {"status": "canceled"})]


def test_a_stranger_has_no_place_in_the_timeline(office):
    order = office.order()
    with pytest.raises(UnknownOrder):
        office.change(order, partner="56810047f06c5a6ac62f4e1f", status=Status.CANCELED)
    other = office.order()
    office.services.orders.change(
        other, ChangeOrder(), office.request(key="key-1", fingerprint=b"first")
    )
    with pytest.raises(RequestReused):
        office.services.orders.change(
            order, ChangeOrder(), office.request(key="key-1", fingerprint=b"other")
        )
    assert noted(office, order) == noted(office, other) == []


def test_attempts_are_written_without_anybody_asking(office):
    order = office.order()
    attempts = RejectionLog(office.services.store, lambda: True)
    office.services.orders._log_rejection = attempts.record
    attempts.start()
    with suppress(Refusal):
        office.change(order, status=Status.DONE)
    attempts.close()
    assert len(office.services.store.attempts().of(order)) == 1


def test_a_store_that_cannot_note_fails_no_request(office):
    order = office.order()

    class Full:
        def attempts(self):
            raise StoreUnavailable("The disk is full.")

    attempts = RejectionLog(Full(), lambda: True)
    office.services.orders._log_rejection = attempts.record
    with pytest.raises(MoveNotAllowed):
        office.change(order, status=Status.DONE)
    attempts.write()


def test_attempts_are_forgotten_after_thirty_days(office):
    order = office.order()
    with suppress(Refusal):
        office.change(order, status=Status.DONE)
    attempts = office.services.attempts
    assert len(attempts.of(order)) == 1
    attempts.purge(office.time + KEPT)
    assert len(attempts.of(order)) == 1
    attempts = RejectionLog(office.services.store, lambda: True)
    attempts.purge(office.time + KEPT + timedelta(milliseconds=1))
    assert attempts.of(order) == []


def test_nothing_is_forgotten_by_a_clock_that_is_in_doubt(office):
    order = office.order()
    with suppress(Refusal):
        office.change(order, status=Status.DONE)
    office.services.attempts.write()
    attempts = RejectionLog(office.services.store, lambda: False)
    attempts.purge(office.time + 2 * KEPT)
    assert attempts.of(order)
    attempts = RejectionLog(office.services.store, lambda: True)
    attempts.purge(office.time + 2 * KEPT)
    assert not attempts.of(order)
