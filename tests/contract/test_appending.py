import threading

import pytest
from eventsourcing.persistence import ApplicationRecorder, IntegrityError
from store_writes import Refused, append, event, look, one, refuse

from application.ports.order_numbers import FIRST_NUMBER
from application.ports.unit_of_work import ReadSet, UnitOfWork, Written


def told(events):
    return [(each.originator_id, each.originator_version) for each in events]


def test_an_orders_events_come_back_as_they_were_stored(store):
    state = bytes(range(256))

    def decide(within, found):
        store.recorder.insert_events([event("a", 1, state), event("a", 2)], within=within)

    one(store, UnitOfWork(ReadSet(), decide))
    first, second = store.events("a")
    assert (first.topic, first.state) == ("OrderCreated.1", state)
    assert told([first, second]) == [("a", 1), ("a", 2)]
    assert first.id < second.id


def test_an_unknown_order_has_no_events(store):
    assert list(store.events("nobody")) == []
    assert list(store.events("no\0body")) == []


def test_the_next_write_finds_the_orders_events(store):
    one(store, append(store, "a"))
    assert told(one(store, look(order="a")).events) == [("a", 1)]
    assert told(one(store, look(order="b")).events) == []


def test_an_answer_names_the_position_of_its_own_last_event(store):
    outcomes = store.write_all([append(store, "a", 1, 2), append(store, "b", 1)])
    assert [each.position for each in outcomes] == [store.events(name)[-1].id for name in "ab"]


def test_a_write_that_adds_nothing_names_the_position_of_what_it_found(store):
    one(store, append(store, "a", 1, 2))
    outcomes = store.write_all([append(store, "b"), look(order="a"), look(order="unknown")])
    assert [each.position for each in outcomes[1:]] == [store.events("a")[-1].id, 0]
    assert store.write_all([look(order="a")])[0].position == store.events("a")[-1].id


def test_the_log_is_read_in_order_and_in_parts(store):
    for order in "abc":
        one(store, append(store, order, 1, 2))
    whole = store.log(0, 100)
    assert told(whole) == [(order, version) for order in "abc" for version in (1, 2)]
    assert list(store.log(0, 4)) == list(whole[:4])
    assert list(store.log(whole[3].id, 4)) == list(whole[4:])
    assert list(store.log(whole[-1].id, 4)) == []
    assert store.last_position() == whole[-1].id


def test_an_empty_log_has_no_position(store):
    assert store.last_position() == 0
    assert list(store.log(0, 10)) == []


def test_no_version_of_an_order_is_stored_twice(store):
    one(store, append(store, "a"))
    outcomes = store.write_all([append(store, "a"), append(store, "b")])
    assert isinstance(outcomes[0], Exception)
    assert told(store.log(0, 10)) == [("a", 1), ("b", 1)]


def test_the_librarys_recorder_refuses_a_version_twice(store):
    store.recorder.insert_events([event("a")])
    with pytest.raises(IntegrityError):
        store.recorder.insert_events([event("b"), event("a")])
    assert told(store.log(0, 10)) == [("a", 1)]


def test_the_librarys_recorder_reads_the_same_log(store):
    assert isinstance(store.recorder, ApplicationRecorder)
    positions = store.recorder.insert_events([event("a", 1), event("a", 2)])
    stored = store.events("a")
    assert list(positions) == [each.id for each in stored]
    assert told(store.recorder.select_events("a", gt=1)) == [("a", 2)]
    assert list(store.recorder.select_notifications(start=1, limit=10)) == list(stored)
    assert store.recorder.max_notification_id() == stored[-1].id


def test_one_that_refuses_does_not_spoil_the_others(store):
    outcomes = store.write_all([append(store, "a"), refuse(), append(store, "b")])
    assert [type(each) for each in outcomes] == [Written, Refused, Written]
    assert told(store.log(0, 10)) == [("a", 1), ("b", 1)]


def test_one_that_fails_while_storing_does_not_spoil_the_others(store):
    one(store, append(store, "lost"))
    outcomes = store.write_all([append(store, "a"), append(store, "lost"), append(store, "b")])
    assert [isinstance(each, Written) for each in outcomes] == [True, False, True]
    assert told(store.log(0, 10)) == [("lost", 1), ("a", 1), ("b", 1)]


def test_one_that_refuses_after_saving_leaves_nothing(store):
    def decide(within, found):
        store.recorder.insert_events([event("a")], within=within)
        raise Refused

    outcomes = store.write_all([UnitOfWork(ReadSet(order="a"), decide), append(store, "b")])
    assert isinstance(outcomes[0], Refused)
    assert told(store.log(0, 10)) == [("b", 1)]


def test_the_later_of_two_writes_on_one_order_sees_the_earlier(store):
    def next_version(within, found):
        version = len(found.events) + 1
        store.recorder.insert_events([event("a", version)], within=within)
        return version

    outcomes = store.write_all([UnitOfWork(ReadSet(order="a"), next_version) for _ in range(5)])
    assert [each.result for each in outcomes] == [1, 2, 3, 4, 5]


def test_writers_of_one_order_come_one_after_another(open_store):
    stores = [open_store(), open_store()]

    def next_version(store):
        def decide(within, found):
            store.recorder.insert_events([event("a", len(found.events) + 1)], within=within)

        return UnitOfWork(ReadSet(order="a"), decide)

    failed = []

    def work(store):
        for _ in range(10):
            try:
                one(store, next_version(store))
            except Exception as error:  # noqa: BLE001 - shown by the assertion
                failed.append(error)

    threads = [threading.Thread(target=work, args=(store,)) for store in stores * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert told(stores[0].events("a")) == [("a", version) for version in range(1, 41)]


def test_numbers_begin_with_nine_digits_and_grow(store):
    numbers = [each.result.number for each in store.write_all([look(number=True)] * 3)]
    one(store, append(store, "a"))
    assert numbers[0] == FIRST_NUMBER
    assert numbers == sorted(set(numbers))


def test_a_number_is_given_once_over_all_processes(open_store):
    def numbered(store, order):
        def decide(within, found):
            store.recorder.insert_events([event(order)], within=within)
            return found.number

        return UnitOfWork(ReadSet(number=True), decide)

    first, second = open_store(), open_store()
    numbers = []
    for count in range(5):
        for name, store in (("first", first), ("second", second)):
            numbers.append(one(store, numbered(store, f"{name}-{count}")))
    assert numbers == sorted(set(numbers))


def test_two_processes_see_each_others_events(open_store):
    first, second = open_store(), open_store()
    one(first, append(first, "a"))
    one(second, append(second, "a", 2))
    assert told(first.events("a")) == [("a", 1), ("a", 2)] == told(second.log(0, 10))


def test_what_orders_had_before_a_version_is_read_for_many_at_once(store):
    for order in "abc":
        one(store, append(store, order, 1, 2, 3))
    found = store.events_before({"a": 3, "b": 1, "c": 9, "nobody": 5})
    assert {order: told(events) for order, events in found.items()} == {
        "a": [("a", 1), ("a", 2)],
        "c": [("c", 1), ("c", 2), ("c", 3)],
    }
    assert list(found["c"]) == list(store.events("c"))
    assert store.events_before({}) == {}
