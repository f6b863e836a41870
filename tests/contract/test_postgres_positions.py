from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from log_tail import LibrarysLog, OurLog, follow
from polling import until
from store_writes import append, one

from application.storage.postgres.positions import HighWaterMark

EVENTS = 5


def test_a_reader_misses_nothing_of_sixteen_writers(database):
    with closing(OurLog(database)) as log:
        read, there = follow(log, appends=4400, events_each=EVENTS)
    positions = [each.id for each in read]
    assert positions == sorted(set(positions))
    assert read == there
    assert len(read) >= 20_000
    committed = {each.originator_id for each in there}
    assert len(there) == len(committed) * EVENTS
    assert len(committed) < 4400


def test_the_same_reader_sees_the_fault_of_a_log_without_order(database):
    with closing(LibrarysLog(database)) as log:
        read, there = follow(log, appends=1600, events_each=1)
    assert len(read) < len(there)


def orders_read(log):
    return [each.originator_id for each in log.read(0, 100)]


def test_a_tail_lags_no_more_than_the_open_append(database):
    with closing(OurLog(database)) as log:
        log.append("before", [1])
        assert orders_read(log) == ["before"]
        with log.appending("slow", [1]):
            one(log.store, append(log.store, "quick"))
            assert orders_read(log) == ["before"]
            assert log.store.last_position() == 1
        log.store.wait_for_news(1, 10)
        assert orders_read(log) == ["before", "slow", "quick"]


def test_what_was_committed_before_an_append_opened_is_readable_meanwhile(database):
    with closing(OurLog(database)) as log:
        log.append("before", [1])
        log.read(0, 10)
        one(log.store, append(log.store, "just before"))
        log.read(0, 10)
        with log.appending("slow", [1]):
            assert orders_read(log) == ["before", "just before"]


def test_one_that_starts_while_an_append_is_open_waits_for_it_once(database):
    with closing(OurLog(database)) as log, closing(OurLog(database)) as late:
        log.append("before", [1])
        with ThreadPoolExecutor(1) as threads:
            with log.appending("slow", [1]):
                reading = threads.submit(orders_read, late)
                until(lambda: late.store._positions._high_water_mark.assigned, "it does not look")
                assert not reading.done()
            assert reading.result(60) == ["before", "slow"]


def test_an_append_that_was_given_up_leaves_a_gap_and_no_wait(database):
    with closing(OurLog(database)) as log:
        log.append("a", [1])
        log.append("b", [1, 2], abort=True)
        log.append("c", [1])
        assert [each.id for each in log.read(0, 10)] == [1, 4]
        log.append("d", [1], abort=True)
        assert log.store.last_position() == 4


def looks(*seen):
    high_water_mark = HighWaterMark()
    safe = []
    for assigned, *appending in seen:
        high_water_mark.note("server", assigned, appending)
        safe.append(high_water_mark.safe if high_water_mark.known else None)
    return safe


def test_with_nobody_appending_all_that_was_drawn_is_complete():
    assert looks((5,), (9,)) == [5, 9]


def test_who_is_open_at_the_first_look_may_have_drawn_anything():
    assert looks((5, "old"), (9, "old", "new"), (12, "new"), (12,)) == [None, None, 5, 12]


def test_who_is_new_has_drawn_nothing_up_to_the_look_before():
    assert looks((5,), (9, "a"), (20, "a", "b"), (30, "b"), (31, "c")) == [5, 5, 5, 9, 30]


def test_another_server_is_looked_at_afresh():
    high_water_mark = HighWaterMark()
    high_water_mark.note("one", 50, [])
    high_water_mark.note("two", 40, ["open"])
    assert not high_water_mark.known
    high_water_mark.note("two", 41, [])
    assert (high_water_mark.known, high_water_mark.safe) == (True, 41)
