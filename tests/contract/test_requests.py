import threading

import pytest
from store_writes import DIGEST, Refused, append, event, idempotency_record, look, one, sell, take

from application.event_log.idempotency import key_digest
from application.ports.unit_of_work import ReadSet, TicketChange, TicketTaken, UnitOfWork


def test_an_unknown_request_was_not_answered(store):
    assert store.idempotency_record(DIGEST) is None
    assert one(store, look(request=DIGEST)).idempotency_record is None


def test_a_request_is_remembered_with_what_it_stored(store):
    one(store, append(store, "a", idempotency_record=idempotency_record("a")))
    assert store.idempotency_record(DIGEST) == idempotency_record("a")
    assert one(store, look(request=DIGEST)).idempotency_record == idempotency_record("a")


def test_a_request_is_another_partners_only_by_name(store):
    one(store, append(store, "a", idempotency_record=idempotency_record("a")))
    assert store.idempotency_record(key_digest("another", "key-1")) is None
    assert one(store, look(request=key_digest("another", "key-1"))).idempotency_record is None


def test_a_request_that_stored_nothing_is_remembered_too(store):
    def decide(within, found):
        store.recorder.insert_events([], within=within, idempotency_record=idempotency_record("a"))

    one(store, UnitOfWork(ReadSet(request=DIGEST), decide))
    assert store.idempotency_record(DIGEST) == idempotency_record("a")


def test_a_request_that_was_refused_is_not_remembered(store):
    def decide(within, found):
        raise Refused

    with pytest.raises(Refused):
        one(store, UnitOfWork(ReadSet(request=DIGEST), decide))
    assert store.idempotency_record(DIGEST) is None


def test_a_request_that_lost_its_ticket_is_not_remembered(store):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    lost = append(
        store,
        "b",
        change=TicketChange(order="b", taken=seats),
        idempotency_record=idempotency_record("b"),
    )
    with pytest.raises(TicketTaken):
        one(store, lost)
    assert store.idempotency_record(DIGEST) is None
    assert list(store.events("b")) == []


def repeated(store, order):
    def decide(within, found):
        if found.idempotency_record is not None:
            return found.idempotency_record
        store.recorder.insert_events(
            [event(order)], within=within, idempotency_record=idempotency_record(order)
        )
        return None

    return UnitOfWork(ReadSet(request=DIGEST), decide)


def test_the_same_request_at_two_processes_is_carried_out_once(open_store):
    stores = [open_store() for _ in range(4)]
    results = []
    threads = [
        threading.Thread(
            target=lambda number, store: results.append(one(store, repeated(store, str(number)))),
            args=each,
        )
        for each in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = stores[0].idempotency_record(DIGEST)
    assert sorted(results, key=str) == [first] * 3 + [None]
    assert [each.originator_id for each in stores[0].log(0, 10)] == [first.order]


def test_the_same_request_twice_at_once_is_carried_out_once(store):
    outcomes = store.write_all([repeated(store, order) for order in "abc"])
    assert [each.result for each in outcomes] == [
        None,
        idempotency_record("a"),
        idempotency_record("a"),
    ]
    assert len(store.log(0, 10)) == 1
