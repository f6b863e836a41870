"""What a store says of the time, and who goes by it."""

from datetime import timedelta
from time import sleep

from application.runtime.clock import now
from application.runtime.store_clock import StoreClock

MOMENT = timedelta(milliseconds=5)


def test_all_that_have_a_database_open_have_one_time(open_store):
    clocks = [StoreClock(open_store().moment) for _ in range(3)]
    for _ in range(20):
        early, *others, late = clocks[0].now(), clocks[1].now(), clocks[2].now(), clocks[0].now()
        assert all(early - MOMENT <= each <= late + MOMENT for each in others)
        sleep(0.001)


def test_it_is_the_present_and_goes_on(store):
    first = store.moment()
    assert abs(first - now()) < timedelta(seconds=1)
    assert store.moment() > first


def test_reading_the_clock_asks_nothing_of_the_store(open_store):
    store = open_store()
    clock = StoreClock(store.moment)
    store.close()
    first = clock.now()
    assert timedelta(0) <= clock.now() - first < timedelta(seconds=1)
