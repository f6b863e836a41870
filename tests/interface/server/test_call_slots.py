"""A caller has few slots at the same time; what it asks beyond them waits, and takes no thread."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from interface.http.errors import TooManyCalls
from interface.server.fair_share import AT_ONCE, MOST_QUEUED, CallSlots


def on_a_loop(play):
    """Run in a thread of its own: in this one an earlier test may have left an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, play).result()


class Calls:
    """Calls that go on until they are let go."""

    def __init__(self):
        self.slots, self.go, self.running, self.tasks = CallSlots(), asyncio.Event(), [], []

    async def begin(self, caller, count=1):
        self.tasks += [asyncio.create_task(self._call(caller)) for _ in range(count)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _call(self, caller):
        async with self.slots.slot(caller):
            self.running.append(caller)
            await self.go.wait()

    async def end(self):
        self.go.set()
        return await asyncio.gather(*self.tasks)


def test_one_caller_never_has_all_threads():
    async def play():
        calls = Calls()
        await calls.begin("one", 10)
        await calls.begin("another")
        assert calls.running == ["one"] * AT_ONCE + ["another"]
        await calls.end()
        assert calls.running.count("one") == 10
        assert calls.slots._running == {}

    on_a_loop(play())


def test_who_asks_for_too_much_at_once_is_told_so_and_others_are_not():
    async def play():
        calls = Calls()
        await calls.begin("one", AT_ONCE + MOST_QUEUED)
        with pytest.raises(TooManyCalls):
            await calls._call("one")
        await calls.begin("another")
        assert "another" in calls.running
        await calls.end()
        await calls.begin("one")
        await calls.end()

    on_a_loop(play())
