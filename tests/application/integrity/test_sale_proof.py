"""The proof of a sale finds what it is there to find."""

import msgspec
from seller import PARTERRE, seat
from tampering import Tampering

from application.event_log.event_mapper import EventMapper, event_of
from application.integrity.sale_proof import AcknowledgedResult, prove
from application.integrity.workers import here
from application.ports.unit_of_work import TicketChange
from domain.events import OrderCreated, TicketsChanged
from domain.status import Status

A, B = seat(1), seat(2)


def record(office, event, change=None):
    """Store an event that the service would never record."""
    stored = EventMapper().to_stored_event(event)
    office.services.store.recorder.insert_events([stored], change=change)


def acknowledged(office, order):
    known = office.services.history.order(order).order
    return AcknowledgedResult(order, known.status, tuple(known.tickets), known.version)


def proof(office, *acknowledged_results):
    store = office.services.store
    return prove(store, here(store), acknowledged_results, lambda *_: None)


def test_a_sale_with_all_its_turns_is_proved(office):
    held, paid = office.order(3), office.paid_order(2)
    canceled = office.order(seats=[A])
    office.cancel(canceled)
    taken_again = office.order(seats=[A, B])
    office.request_seats(taken_again, A)
    swapped = office.order(seats=[B])
    found = proof(
        office,
        *(acknowledged(office, each) for each in (held, paid, canceled, taken_again, swapped)),
    )
    assert found.holds
    assert (found.report.orders, found.acknowledged_results) == (5, 5)


def test_a_ticket_in_two_orders_is_found_and_named(office):
    first = office.order(seats=[A])
    made = event_of(office.services.store.events(first)[0])
    assert isinstance(made, OrderCreated)
    record(office, msgspec.structs.replace(made, originator_id="f" * 24))
    found = proof(office)
    assert not found.holds
    [oversold] = found.oversold
    assert A in oversold
    assert first in oversold
    assert "f" * 24 in oversold


def test_a_ticket_slipped_into_another_order_is_found(office):
    first, second = office.order(seats=[A]), office.order(seats=[B])
    made = event_of(office.services.store.events(second)[0])
    record(
        office,
        TicketsChanged(
            originator_id=second,
            originator_version=2,
            at=made.at,
            actor="system",
            request="forged",
            added={A: PARTERRE},
        ),
    )
    [oversold] = proof(office).oversold
    assert first in oversold


def test_an_acknowledged_order_that_is_missing_is_found(office):
    office.order()
    [lost] = proof(office, AcknowledgedResult("f" * 24, Status.EXECUTED, (A,), 1)).lost
    assert "f" * 24 in lost


def test_an_acknowledged_change_that_is_missing_is_found(office):
    order = office.order(seats=[A])
    kept = acknowledged(office, order)
    lost = proof(office, msgspec.structs.replace(kept, version=2)).lost
    assert lost == [f"order {order} has 1 events, 2 were acknowledged"]


def test_an_order_that_is_not_as_it_was_acknowledged_is_found(office):
    order = office.order(seats=[A])
    kept = acknowledged(office, order)
    other_tickets = proof(office, msgspec.structs.replace(kept, tickets=(B,))).lost
    other_status = proof(office, AcknowledgedResult(order, Status.CANCELED)).lost
    assert len(other_tickets) == len(other_status) == 1


def test_what_came_after_the_acknowledged_version_breaks_no_promise(office):
    order = office.order(seats=[A])
    kept = acknowledged(office, order)
    office.later(minutes=11)
    office.sweep()
    assert proof(office, kept).holds


def test_a_ticket_kept_for_a_dead_order_is_found(office):
    order = office.order(seats=[A])
    office.cancel(order)
    stranding = TicketChange(order=order, taken=[A])
    office.services.store.recorder.insert_events([], change=stranding)
    assert [A in each for each in proof(office).stranded] == [True]


def test_a_ticket_whose_row_was_freed_under_its_order_is_found(office):
    order = office.order(seats=[A])
    office.services.store.recorder.insert_events([], change=TicketChange(order=order, freed=[A]))
    assert [A in each for each in proof(office).stranded] == [True]


def test_a_event_that_was_changed_is_found_too(office):
    order = office.order(seats=[A])
    Tampering(office.database).edit(order, 1, b'"lang":"', b'"lang":"x')
    found = proof(office)
    assert not found.holds
    assert (found.oversold, found.lost, found.stranded) == ([], [], [])
    assert order in found.wrong[0]
