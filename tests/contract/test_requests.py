import threading

import pytest
from asking import DIGEST, Refused, answered, append, fact, look, one, sell, take

from application.event_log.idempotency import key_digest
from application.ports.unit_of_work import Needs, TicketChange, TicketTaken, Write


def test_an_unknown_request_was_not_answered(store):
    assert store.answered(DIGEST) is None
    assert one(store, look(request=DIGEST)).answered is None


def test_a_request_is_remembered_with_what_it_stored(store):
    one(store, append(store, "a", answered=answered("a")))
    assert store.answered(DIGEST) == answered("a")
    assert one(store, look(request=DIGEST)).answered == answered("a")


def test_a_request_is_another_partners_only_by_name(store):
    one(store, append(store, "a", answered=answered("a")))
    assert store.answered(key_digest("another", "key-1")) is None
    assert one(store, look(request=key_digest("another", "key-1"))).answered is None


def test_a_request_that_stored_nothing_is_remembered_too(store):
    def decide(within, found):
        store.recorder.insert_events([], within=within, answered=answered("a"))

    one(store, Write(Needs(request=DIGEST), decide))
    assert store.answered(DIGEST) == answered("a")


def test_a_request_that_was_refused_is_not_remembered(store):
    def decide(within, found):
        raise Refused

    with pytest.raises(Refused):
        one(store, Write(Needs(request=DIGEST), decide))
    assert store.answered(DIGEST) is None


def test_a_request_that_lost_its_ticket_is_not_remembered(store):
    seats = sell(store, 1)
    one(store, take(store, "a", seats=seats))
    lost = append(store, "b", change=TicketChange("b", taken=seats), answered=answered("b"))
    with pytest.raises(TicketTaken):
        one(store, lost)
    assert store.answered(DIGEST) is None
    assert list(store.facts("b")) == []


def repeated(store, order):
    def decide(within, found):
        if found.answered is not None:
            return found.answered
        store.recorder.insert_events([fact(order)], within=within, answered=answered(order))
        return None

    return Write(Needs(request=DIGEST), decide)


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
    first = stores[0].answered(DIGEST)
    assert sorted(results, key=str) == [first] * 3 + [None]
    assert [each.originator_id for each in stores[0].log(0, 10)] == [first.order]


def test_the_same_request_twice_at_once_is_carried_out_once(store):
    outcomes = store.write_all([repeated(store, order) for order in "abc"])
    assert [each.result for each in outcomes] == [None, answered("a"), answered("a")]
    assert len(store.log(0, 10)) == 1
