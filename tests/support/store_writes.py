"""How the contract's tests ask a store: events, tickets and writes in few words."""

from datetime import timedelta

from clock import NOON
from eventsourcing.persistence import StoredEvent

from application.event_log.idempotency import key_digest
from application.ports.tickets import Ticket
from application.ports.unit_of_work import (
    IdempotencyRecord,
    ReadSet,
    TicketChange,
    UnitOfWork,
    Written,
)

TEN_PAST = NOON + timedelta(minutes=10)
PARTNER = "56810047f06c5a6ac62f4e1d"
DIGEST = key_digest(PARTNER, "key-1")


def event(order, version=1, state=b"{}"):
    return StoredEvent(order, version, "OrderCreated.1", state)


def append(store, order, *versions, **kept):
    """A write that appends these versions of an order, whatever it finds."""
    change = kept.get("change")
    idempotency_record = kept.get("idempotency_record")

    def decide(within, found):
        events = [event(order, version) for version in versions or (1,)]
        store.recorder.insert_events(
            events, within=within, change=change, idempotency_record=idempotency_record
        )
        return order

    return UnitOfWork(ReadSet(order=order), decide)


def take(store, order, *, seats=(), held_till=TEN_PAST, **picks):
    """A write that makes an order of what is vacant among the requested; returns its tickets."""

    def decide(within, found):
        tickets = [seat.id for seat in found.seats if seat.order is None] + list(found.picks)
        change = TicketChange(order=order, taken=tickets, held_till=held_till)
        store.recorder.insert_events([event(order)], within=within, change=change)
        return tickets

    return UnitOfWork(ReadSet(seats=tuple(seats), picks=picks), decide)


def refuse(**needs):
    """A write that refuses whatever it finds."""

    def decide(within, found):
        raise Refused

    return UnitOfWork(ReadSet(**needs), decide)


def look(**needs):
    """A write that changes nothing and returns what was found."""
    return UnitOfWork(ReadSet(**needs), lambda within, found: found)


def one(store, write):
    """The outcome of one write: what it returned; raises what it raised."""
    outcome = store.write_all([write])[0]
    if isinstance(outcome, Exception):
        raise outcome
    assert isinstance(outcome, Written)
    return outcome.result


def idempotency_record(order, key="key-1", version=1):
    return IdempotencyRecord(key_digest(PARTNER, key), b"\x01\x00\xff", order, version, NOON)


def sell(store, count, show="show", ticket_set="parterre"):
    """Put tickets on sale; return their ids."""
    ids = [f"{ticket_set}-{number}" for number in range(1, count + 1)]
    with store.change_catalog() as change:
        change.add_tickets(
            Ticket(each, show, ticket_set, number, b'{"row": 1}')
            for number, each in enumerate(ids, 1)
        )
    return ids


def owners(store, show="show"):
    return {ticket.id: ticket.order for ticket in store.tickets(show)}


class Refused(Exception):
    pass
