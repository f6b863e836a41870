"""Plain calls on an event loop wait without holding each other up."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from application.runtime.greenlet_bridge import GreenletBridge, new_waiter, off_the_loop, wake_all


def on_a_loop(*calls):
    """What calls return or raise that run side by side on a loop of a thread's own.

    A browser that is driven by an earlier test keeps a loop in this one.
    """

    async def play():
        bridge = GreenletBridge(asyncio.get_running_loop())
        each = (bridge.run(call) for call in calls)
        return await asyncio.wait_for(asyncio.gather(*each, return_exceptions=True), 30)

    with ThreadPoolExecutor(1, "loop") as thread:
        return thread.submit(asyncio.run, play()).result()


def test_a_call_that_does_not_wait_is_carried_out_at_once():
    assert on_a_loop(lambda: 1, lambda: 2) == [1, 2]


def test_while_a_call_waits_others_go_on_and_one_of_them_can_end_its_pause():
    paused = []

    def waits():
        paused.append(new_waiter())
        paused[0].wait()
        return "went on"

    assert on_a_loop(waits, lambda: wake_all(paused)) == ["went on", None]


def test_another_thread_ends_the_pauses_of_a_loop():
    paused = []

    def waits(number):
        mine = new_waiter()
        paused.append(mine)
        if len(paused) == 3:
            threading.Thread(target=wake_all, args=(paused,)).start()
        mine.wait()
        return number

    assert on_a_loop(*(lambda each=each: waits(each) for each in range(3))) == [0, 1, 2]


def test_what_a_call_raises_is_raised_where_it_was_made():
    def fails():
        raise KeyError("no such thing")

    failure, other = on_a_loop(fails, lambda: 1)
    assert isinstance(failure, KeyError)
    assert other == 1


def test_what_waits_in_its_own_way_does_so_in_a_thread_of_its_own():
    meet = threading.Barrier(2)

    def waits():
        off_the_loop(lambda: meet.wait(30))
        return threading.current_thread().name

    assert on_a_loop(waits, waits) == ["loop_0", "loop_0"]


def test_what_it_raises_there_is_raised_here():
    def fails():
        raise KeyError("no such thing")

    def asks():
        try:
            return off_the_loop(fails)
        except KeyError:
            return "was told"

    assert on_a_loop(asks, lambda: off_the_loop(lambda: 1)) == ["was told", 1]


def test_in_a_thread_a_call_simply_waits():
    mine = new_waiter()
    threading.Timer(0.01, wake_all, ([mine],)).start()
    mine.wait()
    assert off_the_loop(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        off_the_loop(lambda: 1 // 0)
