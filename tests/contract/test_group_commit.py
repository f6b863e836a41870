"""What is asked for at the same time is carried out together, and each gets its own outcome."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import own_loop
import pytest
from polling import until

from application.ports.store import OutcomeUnknown, StoreUnavailable
from application.runtime.greenlet_bridge import GreenletBridge
from application.storage.shared.group_commit import GroupCommit


class Desk:
    """Carries out batches, the first one only when it is told to."""

    def __init__(self, **options):
        self.batches = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.group_commit = GroupCommit(self.carry_out, name="desk", **options)

    def carry_out(self, units):
        self.batches.append(units)
        self.begun.set()
        assert self.go_on.wait(30)
        if "spoilt" in units:
            raise ValueError("spoilt")
        return [command.upper() for command in units]

    def waiting(self):
        return self.group_commit._waiting.qsize()


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.go_on.set()
    desk.group_commit.close()


def test_a_lone_request_waits_for_nobody(desk):
    desk.go_on.set()
    assert desk.group_commit.submit(["a"]) == ["A"]
    assert desk.group_commit.submit(["b", "c"]) == ["B", "C"]
    assert desk.batches == [["a"], ["b", "c"]]


def test_what_comes_while_a_batch_is_under_way_makes_the_next_one(desk):
    with ThreadPoolExecutor() as threads:
        first = threads.submit(desk.group_commit.submit, ["a"])
        assert desk.begun.wait(30)
        others = [threads.submit(desk.group_commit.submit, [each]) for each in "bcd"]
        until(lambda: desk.waiting() == 3, "they do not come")
        desk.go_on.set()
        assert first.result() == ["A"]
        assert [other.result() for other in others] == [["B"], ["C"], ["D"]]
    assert desk.batches[0] == ["a"]
    assert sorted(desk.batches[1]) == ["b", "c", "d"]


def test_so_it_is_for_calls_on_an_event_loop(desk):
    desk.go_on.set()

    async def play():
        bridge = GreenletBridge(asyncio.get_running_loop())
        asks = (lambda each=each: desk.group_commit.submit([each]) for each in "abcdef")
        return await asyncio.gather(*map(bridge.run, asks))

    outcomes = own_loop.run(play())
    assert outcomes == [["A"], ["B"], ["C"], ["D"], ["E"], ["F"]]
    assert len(desk.batches) < 6


def test_a_batch_stops_growing():
    desk = Desk(most=2)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(desk.group_commit.submit, ["a"])
        assert desk.begun.wait(30)
        others = [threads.submit(desk.group_commit.submit, [each]) for each in "bcd"]
        until(lambda: desk.waiting() == 3, "they do not come")
        desk.go_on.set()
        for each in (first, *others):
            each.result()
    desk.group_commit.close()
    assert [len(batch) for batch in desk.batches] == [1, 2, 1]


def test_what_spoils_a_batch_is_told_to_each_of_it_and_the_next_one_goes_on(desk):
    desk.go_on.set()
    [failure] = desk.group_commit.submit(["spoilt"])
    assert isinstance(failure, ValueError)
    assert desk.group_commit.submit(["good"]) == ["GOOD"]


def ask_on_a_loop(desk, units, till):
    async def play():
        bridge = GreenletBridge(asyncio.get_running_loop())
        return await bridge.run(lambda: desk.group_commit.submit(units, till=till))

    return own_loop.run(play())


@pytest.mark.parametrize(
    "how", [ask_on_a_loop, lambda desk, units, till: desk.group_commit.submit(units, till=till)]
)
def test_behind_a_batch_that_stalls_nobody_waits_beyond_the_deadline(how):
    desk = Desk(limited=True, grace=0.2)
    soon = time.monotonic() + 0.2
    with ThreadPoolExecutor() as threads:
        stalled = threads.submit(how, desk, ["a"], soon)
        assert desk.begun.wait(30)
        behind = threads.submit(how, desk, ["b", "c"], soon)
        patient = threads.submit(how, desk, ["d"], time.monotonic() + 60)
        assert [type(each) for each in behind.result(30)] == [StoreUnavailable, StoreUnavailable]
        assert [type(each) for each in stalled.result(30)] == [OutcomeUnknown]
        assert not patient.done()
        desk.go_on.set()
        assert patient.result(30) == ["D"]
    desk.group_commit.close()
    assert desk.batches == [["a"], ["d"]]
