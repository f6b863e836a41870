"""A drill notes its pace by tenths, whatever of a sale there was."""

import time

import pytest

from interface.load.pace import Pace


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_each_tenth_has_its_own_rate_and_processor_time(clock):
    used = [5.0]
    pace = Pace(lambda: used[0])
    for tenth in range(11):
        pace.look(tenth / 10, tenth * 100)
        pace.look(tenth / 10 + 0.05, tenth * 100 + 50)
        clock[0] += 1 + tenth
        used[0] += 0.1
    found = pace.stretches()
    assert len(found) == 10
    assert [round(each.orders_per_second) for each in found[:3]] == [100, 50, 33]
    assert {round(each.processor_us_per_order) for each in found} == {1000}


def test_a_sale_that_jumps_or_ends_early_has_fewer_of_them(clock):
    pace = Pace(lambda: None)
    pace.look(0.0, 0)
    assert pace.stretches() == []
    for _ in range(3):
        pace.look(0.35, 70)
    clock[0] += 2
    pace.look(0.4, 80)
    last = pace.stretches()[-1]
    assert (last.orders_per_second, last.processor_us_per_order) == (5.0, None)
