"""The time that all processes with one SQLite file share, and which jumps it does not follow."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from application.read_models.registry import PROJECTIONS
from application.runtime.clock import NS
from application.storage.sqlite.clock import SharedClock
from application.storage.sqlite.copy import SqliteCopyable
from application.storage.sqlite.store import SqliteStore

AN_HOUR = timedelta(hours=1)
CLOSE = timedelta(seconds=1)
HOLDER = """
import sys, time
from application.storage.sqlite.clock import SharedClock
clock = SharedClock(sys.argv[1])
print(clock.moment().isoformat(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "orders.db-clock")


@pytest.fixture
def jump(monkeypatch):
    """Sets the machine's clock ahead by so many seconds of what it is in truth."""
    true = time.time_ns

    def set_ahead(seconds):
        monkeypatch.setattr(time, "time_ns", lambda: true() + round(seconds * NS))

    return set_ahead


@pytest.fixture
def share(path):
    opened = []

    def one_more():
        opened.append(SharedClock(path))
        return opened[-1]

    yield one_more
    for each in opened:
        each.close()


def same(one, other):
    return abs(one.follow() - other.follow()) < CLOSE


def test_who_comes_after_a_jump_has_the_time_of_those_who_were_there(share, jump):
    before = share()
    then = before.moment()
    jump(3600)
    for each in (share(), share(), before):
        assert abs(each.follow() - then) < CLOSE


def test_when_all_have_ended_the_next_one_begins_with_the_machines_clock(share, jump):
    before = share()
    jump(3600)
    before.close()
    assert abs(share().moment() - before.moment() - AN_HOUR) < CLOSE


def test_who_was_killed_keeps_nobody_from_beginning_anew(path, share, jump):
    command = [sys.executable, "-c", HOLDER, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline()
        jump(3600)
        during = share()
        during.close()
        holder.send_signal(signal.SIGKILL)
    assert abs(share().moment() - during.moment() - AN_HOUR) < CLOSE


@pytest.mark.parametrize("seconds", [4, -4, 0.5])
def test_a_clock_that_is_put_right_by_a_little_is_followed_by_all(share, jump, seconds):
    first, second = share(), share()
    expected = first.moment() + timedelta(seconds=seconds)
    jump(seconds)
    for each in (first, second, share()):
        assert abs(each.follow() - expected) < timedelta(milliseconds=300)
    jump(seconds + 4)
    second.follow()
    jump(seconds + 8)
    assert same(first, share())
    assert first.follow() - expected > timedelta(seconds=7)


def test_a_jump_is_not_followed(share, jump):
    clock = share()
    before = clock.moment()
    for seconds in (3600, -3600, 6):
        jump(seconds)
        assert abs(clock.follow() - before) < CLOSE


def test_a_file_that_was_spoilt_is_no_reason_to_lose_the_time(path, share, jump):
    clock = share()
    jump(3600)
    os.truncate(path, 0)
    before = clock.moment()
    assert abs(clock.follow() - before) < CLOSE


def test_where_there_is_no_file_to_be_had_a_process_goes_by_its_own_time(tmp_path, jump):
    with capture_logs() as logs:
        clock = SharedClock(str(tmp_path / "nowhere" / "orders.db-clock"))
    assert [each["event"] for each in logs] == ["clock_not_shared"]
    before = clock.moment()
    jump(3600)
    assert abs(clock.follow() - before) < CLOSE


def test_leases_on_a_file_do_not_end_with_a_jump(tmp_path, jump):
    path = str(tmp_path / "orders.db")
    with closing(SqliteStore(path)) as first:
        first.read_models().ensure(PROJECTIONS["orders"].table)
        assert first.audit().claim(60)
        assert first.read_models().lease("orders", "first", 60)
        jump(3600)
        with closing(SqliteStore(path)) as second:
            assert not second.audit().claim(60)
            assert not second.read_models().lease("orders", "second", 60)
            assert second.read_models().state("orders").projector == "first"
        with closing(SqliteCopyable(path, make=False)) as copyable:
            assert copyable.served_by() == "first"
