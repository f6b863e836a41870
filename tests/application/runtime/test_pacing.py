"""Work on a whole log gives way to sales: in proportion, with a bound, while they go on."""

import time

import pytest

from application.ports.store import StoreUnavailable
from application.runtime.pacing import (
    LONGEST,
    LONGEST_AT,
    LOOK_SECONDS,
    give_way,
    is_giving_way,
    paced_by,
    working_elsewhere,
)

SEEN_SECONDS = 2.5 * LOOK_SECONDS
"""By then the growth of the log has been read."""


def growing(rate, seconds=3600.0):
    """The last position of a log that gets so many events a second, for so long."""
    begun = time.monotonic()
    return lambda: int(rate * min(time.monotonic() - begun, seconds))


def pause_for(pace, worked):
    """How long a pause for so many seconds of a server's work is."""
    begun = time.monotonic()
    pace.give_way(worked)
    return time.monotonic() - begun


def test_a_process_that_is_not_paced_never_pauses():
    begun = time.monotonic()
    with working_elsewhere():
        time.sleep(0.3)
    give_way()
    assert time.monotonic() - begun < 0.3 + 0.3 * LONGEST / 2
    assert not is_giving_way()


def test_the_time_that_a_server_takes_counts_as_work():
    with paced_by(growing(10 * LONGEST_AT)):
        time.sleep(SEEN_SECONDS)
        assert is_giving_way()
        begun = time.monotonic()
        with working_elsewhere():
            time.sleep(0.1)
        assert time.monotonic() - begun >= 0.1 + 0.1 * LONGEST


def test_work_does_not_pause_while_nothing_is_sold():
    with paced_by(lambda: 17) as pace:
        time.sleep(SEEN_SECONDS)
        assert pause_for(pace, 5.0) < 1.0


def test_a_pause_is_in_proportion_to_the_work_and_to_the_sales():
    with paced_by(growing(LONGEST_AT / 4)) as pace:
        time.sleep(SEEN_SECONDS)
        assert pause_for(pace, 0.4) == pytest.approx(0.4 * LONGEST / 4, rel=0.5)


def test_no_pause_is_longer_than_its_bound_however_much_is_sold():
    with paced_by(growing(100 * LONGEST_AT)) as pace:
        time.sleep(SEEN_SECONDS)
        begun = time.process_time(), time.monotonic()
        assert pause_for(pace, 0.1) >= 0.1 * LONGEST
        used = time.process_time() - begun[0] + 0.1
        assert time.monotonic() - begun[1] < LONGEST * used + 0.5


def test_the_processors_time_counts_as_work():
    with paced_by(growing(10 * LONGEST_AT)) as pace:
        time.sleep(SEEN_SECONDS)
        give_way()
        begun = time.process_time()
        while time.process_time() - begun < 0.1:
            pass
        assert pause_for(pace, 0.0) >= 0.1 * LONGEST * 0.9


def test_a_pause_ends_when_nothing_is_sold_any_more():
    with paced_by(growing(10 * LONGEST_AT, seconds=0.5)) as pace:
        time.sleep(SEEN_SECONDS)
        assert pause_for(pace, 5.0) < 5.0


def test_a_store_that_does_not_answer_is_asked_again():
    answers = growing(10 * LONGEST_AT)
    asked = []

    def position():
        asked.append(1)
        if len(asked) < 3:
            raise StoreUnavailable("it is down")
        return answers()

    with paced_by(position) as pace:
        time.sleep(2 * LOOK_SECONDS + SEEN_SECONDS)
        assert pause_for(pace, 0.1) >= 0.1 * LONGEST * 0.9


def test_a_process_is_paced_until_the_end_only():
    with paced_by(growing(10 * LONGEST_AT)):
        time.sleep(SEEN_SECONDS)
        assert is_giving_way()
    assert not is_giving_way()
