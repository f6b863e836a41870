"""The time that decides follows the store's; what each clock does is noticed and named."""

from datetime import UTC, datetime, timedelta

import pytest
from polling import until
from structlog.testing import capture_logs

from application.ports.store import StoreUnavailable
from application.runtime.clock import NS, to_ns
from application.runtime.store_clock import StoreClock

NOON = datetime(2030, 1, 26, 12, tzinfo=UTC)
MS = NS // 1000


class World:
    """A store and a machine, each with a clock, and a network between them."""

    def __init__(self):
        self.elapsed = 50 * NS
        self.store_offset = to_ns(NOON) - self.elapsed
        self.wall_offset = self.store_offset
        self.there = self.back = MS
        self.away = False
        self.refused = 0

    def read(self):
        """What the store answers, after the network's time to it and before that from it."""
        if self.away:
            self.refused += 1
            raise StoreUnavailable("away")
        self.elapsed += self.there
        moment = self.store_time()
        self.elapsed += self.back
        return moment

    def store_time(self):
        return NOON + timedelta(
            microseconds=(self.elapsed + self.store_offset - to_ns(NOON)) / 1000
        )

    def pass_seconds(self, seconds):
        self.elapsed += round(seconds * NS)

    def clock(self, **how):
        return StoreClock(self.read, lambda: self.wall_offset, lambda: self.elapsed, **how)


@pytest.fixture
def world():
    return World()


def error_of(clock, world):
    return abs((clock.now() - world.store_time()).total_seconds())


def named(logs, event):
    return [each for each in logs if each["event"] == event]


def test_a_machine_whose_clock_is_off_knows_the_stores_time(world):
    world.wall_offset += 660 * NS
    clock = world.clock()
    world.pass_seconds(100)
    assert error_of(clock, world) <= 0.001
    assert clock.skew == pytest.approx(660, abs=0.002)


def test_the_answer_that_took_the_shortest_time_is_the_one_believed(world):
    world.back = 900 * MS
    clock = world.clock()
    assert error_of(clock, world) > 0.4
    world.back = MS
    clock.look()
    assert error_of(clock, world) <= 0.001
    world.back = 900 * MS
    clock.look()
    assert error_of(clock, world) <= 0.001


def test_an_exact_answer_gives_way_when_it_is_old(world):
    clock = world.clock()
    world.there = world.back = 100 * MS
    for _ in range(4):  # one of the clocks goes a little faster: no answer contradicts another
        world.pass_seconds(60)
        world.store_offset += round(0.0004 * 60 * NS)
        clock.look()
    assert error_of(clock, world) < 0.01


def test_a_jump_of_the_machines_clock_changes_no_time_and_is_named(world):
    clock = world.clock()
    with capture_logs() as logs:
        world.wall_offset += 3600 * NS
        world.pass_seconds(1)
        clock.look()
        world.pass_seconds(1)
        clock.look()
    assert error_of(clock, world) <= 0.001
    [jump] = named(logs, "clock_jumped")
    assert (jump["clock"], jump["seconds"]) == ("machine", 3600)
    assert jump["from"] < "2030-01-26T12:01"
    assert jump["to"] > "2030-01-26T13:00"
    [skewed] = named(logs, "clock_skewed")
    assert (skewed["seconds"], skewed["ready"]) == (3600, False)
    assert clock.holds_may_end
    assert "3600.0 s ahead of the one that decides" in clock.trouble()


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_jump_of_the_stores_clock_is_followed_and_named(world, seconds):
    clock = world.clock()
    with capture_logs() as logs:
        world.store_offset += seconds * NS
        world.there = world.back = 50 * MS  # what was answered before is more exact, and wrong
        clock.look()
    assert error_of(clock, world) <= 0.001
    [jump] = named(logs, "clock_jumped")
    assert (jump["clock"], round(jump["seconds"])) == ("store", seconds)


def test_no_hold_ends_after_a_jump_of_the_store_until_both_clocks_agree(world):
    clock = world.clock()
    world.store_offset += 3600 * NS
    clock.look()
    assert not clock.holds_may_end
    assert "no hold is ended" in clock.trouble()
    world.pass_seconds(600)
    clock.look()
    assert not clock.holds_may_end
    world.wall_offset += 3600 * NS
    clock.look()
    assert clock.holds_may_end
    assert clock.trouble() is None
    world.wall_offset += 3600 * NS
    clock.look()
    assert clock.holds_may_end


def test_a_jump_to_the_right_time_ends_holds_at_once(world):
    world.store_offset -= 3600 * NS
    clock = world.clock()
    assert clock.holds_may_end  # it is off, but holds began by the same clock
    world.store_offset += 3600 * NS
    clock.look()
    assert clock.holds_may_end


@pytest.mark.parametrize(
    ("seconds", "warned", "ready"), [(0.9, False, True), (1.1, True, True), (5.1, True, False)]
)
def test_over_one_second_it_warns_and_over_five_it_is_not_ready(world, seconds, warned, ready):
    clock = world.clock()
    with capture_logs() as logs:
        world.wall_offset -= round(seconds * NS)
        for _ in range(3):
            clock.look()
    assert [each["ready"] for each in named(logs, "clock_skewed")] == [ready] * warned
    assert (clock.trouble() is None) is ready


def test_a_difference_is_named_again_when_it_changes_and_when_it_goes(world):
    clock = world.clock()
    with capture_logs() as logs:
        for ahead in (2, 2.5, 4, 0):
            world.wall_offset = world.store_offset + round(ahead * NS)
            clock.look()
    assert [round(each["seconds"]) for each in named(logs, "clock_skewed")] == [2, 4]
    assert len(named(logs, "clock_agrees")) == 1


def test_while_the_store_is_away_time_goes_on_by_what_has_passed(world):
    clock = world.clock(every=0.001)
    world.away = True
    clock.start()
    try:
        until(lambda: world.refused > 1, "it gave up")
        world.pass_seconds(3600)
        assert error_of(clock, world) <= 0.001
        world.store_offset += 7200 * NS
        world.away = False
        until(lambda: error_of(clock, world) < 1, "it does not look again")
    finally:
        clock.stop()
