"""Delivers events to webhooks, from a thread with an event loop of its own.

Each server has it in its background worker. They share the shards by leases: as long as a process
renews the lease of a shard, only this process sends to its webhooks and advances them.
"""

import asyncio
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from application.ports.store import Store
from application.runtime.loop_thread import LoopThread
from application.webhooks.delivery.consumer import Means
from application.webhooks.delivery.late_sender import LateSender, Options
from application.webhooks.delivery.signatures import KeysOf
from application.webhooks.delivery.source import EventSource
from application.webhooks.delivery.worker import Worker

MOST_AT_ONCE = 1000
"""How many messages may be in flight to all webhooks together."""
READING, WRITING = 3, 2
"""Threads that read the log, and that store."""


class Deliveries(LoopThread):
    """Delivers from a thread of its own.

    When it stops it finishes what is under way, or gives it up to be sent again, and releases its
    leases.
    """

    def __init__(
        self,
        store: Store,
        keys_of: KeysOf,
        now: Callable[[], datetime],
        options: Options = Options(),  # noqa: B008 - it is frozen
    ) -> None:
        super().__init__("webhooks")
        self._store = store
        self._keys_of = keys_of
        self._now = now
        self._options = options
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"

    def _run(self) -> None:
        with (
            ThreadPoolExecutor(READING, "webhooks") as reading,
            ThreadPoolExecutor(WRITING, "webhooks-store") as writing,
        ):
            begin_all(writing, WRITING)  # who holds a lock that sales wait for is as quick as they
            lower_priority(self._options.lower)
            asyncio.run(self._deliver(reading, writing))

    async def _deliver(self, reading: Executor, writing: Executor) -> None:
        async with LateSender(self._options, self._now) as sender:
            source = EventSource(self._store, reading, writing)
            worker = Worker(self._store.webhooks(), self.owner, source, self._now)
            await worker.run(self._means(worker, sender, source), self._stopping)

    def _means(self, worker: Worker, sender: LateSender, source: EventSource) -> Means:
        return Means(
            sender=sender,
            slots=asyncio.Semaphore(MOST_AT_ONCE),
            clock=self._now,
            keys_of=self._keys_of,
            events_of=source.events_of,
            may_send=worker.may_send,
            changed=worker.changed,
            pause_after=self._options.pause_after,
        )


def begin_all(threads: ThreadPoolExecutor, count: int) -> None:
    """Start all threads of a pool now: later they would inherit the priority of their caller."""
    all_there = threading.Barrier(count + 1)
    for _ in range(count):
        threads.submit(all_there.wait)
    all_there.wait()


def lower_priority(by: int) -> None:
    """Lower the priority of this thread, and of those that it will begin."""
    if sys.platform == "linux":  # elsewhere it would be that of the whole process
        with suppress(OSError):
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + by)
