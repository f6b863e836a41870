"""The delivery of one process: which shards it has, and what has changed of their webhooks."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from application.ports.store import StoreUnavailable
from application.ports.webhooks import ShardState, Webhook, WebhookRecords, shard_of
from application.webhooks.delivery.committer import Committer
from application.webhooks.delivery.consumer import Means
from application.webhooks.delivery.resending import Resending
from application.webhooks.delivery.shard import Shard
from application.webhooks.delivery.shares import LEASE_SECONDS, Shares, shares_of
from application.webhooks.delivery.source import EventSource

RENEW_SECONDS = 1.0
SOON = 0.2
"""The pause while there are free shards, or shards that another process was asked for."""
LEFT_SECONDS = 2.0
"""How long a shard that was left is reserved for the process that asked for it."""
STOP_SECONDS = 3.0
KEPT_FOR = timedelta(days=30)
PRUNE_SECONDS = 3600.0
PRUNED_AT_ONCE = 1_000
PRUNE_PAUSE = 0.1
"""The pause between two removals of old tries, in which sales have the write lock."""

log = structlog.get_logger()


class Worker:
    """Delivers for the shards that it has leased; used on one event loop."""

    def __init__(
        self,
        records: WebhookRecords,
        owner: str,
        source: EventSource,
        now: Callable[[], datetime],
    ) -> None:
        self._records = records
        self._owner = owner
        self._source = source
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._committer = Committer(records, owner, source, now, self._lose)
        self._shards = self._committer.shards
        self._resending = Resending(records, source)
        self._version = -1
        self._webhooks: dict[int, list[Webhook]] = {}
        self._means: Means | None = None
        self._soon = False
        self._leaving: dict[int, asyncio.Task[None]] = {}
        self._left_till: dict[int, float] = {}

    def may_send(self) -> bool:
        """Whether what is confirmed can be stored, and little waits for it."""
        return self._committer.keeps_up

    def changed(self) -> None:
        """There is something to store."""
        self._committer.changed()

    async def run(self, means: Means, stopping: threading.Event) -> None:
        """Deliver until the event is set."""
        self._means = means
        works: Iterable[Coroutine[None, None, None]] = (
            self._source.watch(),
            self._repeat(self._look, lambda: SOON if self._soon else RENEW_SECONDS),
            self._repeat(self._prune, lambda: PRUNE_SECONDS),
        )
        tasks = [self._loop.create_task(each) for each in works]
        storing = self._loop.create_task(self._committer.run())  # a commit is never cut off
        while not stopping.is_set():  # noqa: ASYNC110 - it is set by another thread
            await asyncio.sleep(0.05)
        self._committer.stop()
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, storing, *self._leaving.values(), return_exceptions=True)
        await self._finish()

    async def _repeat(
        self, work: Callable[[], Coroutine[None, None, None]], pause: Callable[[], float]
    ) -> None:
        while True:
            try:
                await work()
            except StoreUnavailable as error:
                log.warning("store_unavailable", thread="webhooks", reason=str(error))
            except Exception:
                log.exception("webhooks_failed")
            await asyncio.sleep(pause())

    async def _finish(self) -> None:
        """Finish or abandon what is in flight; store all progress; release the leases."""
        for shard in self._shards.values():
            shard.stop()
        if under_way := [task for shard in self._shards.values() for task in shard.in_flight]:
            await asyncio.wait(under_way, timeout=STOP_SECONDS)
        for shard in self._shards.values():
            shard.cancel()
        await self._committer.commit(everything=True)
        with suppress(Exception):  # they end by themselves
            await self._source.write(lambda: self._records.release(self._owner))

    # The leases, and the table of webhooks.

    async def _look(self) -> None:
        """Renew the leases, and take in what has changed. Raises `StoreUnavailable`."""
        begun = self._loop.time()
        changed = await self._source.run(self._read_webhooks)
        leased = await self._source.write(self._lease)
        for number, shard in list(self._shards.items()):
            if number in leased:
                shard.renew(begun + LEASE_SECONDS)
            else:
                self._lose(shard)
        for number, state in leased.items():
            if number in self._shards:
                continue
            if self._left_till.get(number, 0.0) > begun:  # it was left while this was asked
                await self._source.write(
                    lambda number=number: self._records.release(self._owner, [number])  # type: ignore[misc]
                )
            else:
                await self._open(number, state, begun + LEASE_SECONDS)
        if changed:
            await self._take_in()
        await self._resending.look(list(self._shards.values()), changed=changed)

    def _read_webhooks(self) -> bool:
        """Read the webhooks if they have changed; return whether they have."""
        version = self._records.version()
        if version == self._version:
            return False
        by_shard = defaultdict(list)
        for each in self._records.all():
            by_shard[shard_of(each.id)].append(each)
        self._webhooks = self._committer.webhooks = dict(by_shard)
        self._version = version
        return True

    def _lease(self) -> dict[int, ShardState]:
        """Renew the leases that this process has, take its share of the others, or ask for it."""
        if not self._webhooks:
            return {}
        shares = shares_of(self._owner, self._webhooks, self._records.shards(), self._now())
        if shares.ask is not None:
            self._records.ask(shares.ask, self._owner)
        self._soon = shares.soon
        self._loop.call_soon_threadsafe(self._leave, shares)
        now = self._loop.time()
        taken = [each for each in shares.take if self._left_till.get(each, 0.0) <= now]
        wanted = [*self._shards, *taken]
        return self._records.lease(wanted, self._owner, LEASE_SECONDS) if wanted else {}

    def _leave(self, shares: Shares) -> None:
        """Begin to leave the shards that another process will get."""
        for number in shares.leave:
            shard = self._shards.get(number)
            if shard is not None and number not in self._leaving:
                self._leaving[number] = self._loop.create_task(self._give_back(shard))

    async def _give_back(self, shard: Shard) -> None:
        """Finish what is in flight, store all progress, and release the lease."""
        shard.stop()
        if under_way := shard.in_flight:
            await asyncio.wait(under_way, timeout=STOP_SECONDS)
        await self._committer.commit(everything=True)
        self._left_till[shard.number] = self._loop.time() + LEFT_SECONDS
        self._lose(shard)
        with suppress(StoreUnavailable):  # it ends by itself
            await self._source.write(lambda: self._records.release(self._owner, [shard.number]))
        del self._leaving[shard.number]

    async def _open(self, number: int, state: ShardState, leased_till: float) -> None:
        """Go on with a shard that another process had, or nobody."""
        if self._means is None:
            return
        positions = await self._source.run(lambda: self._records.positions(number))
        lanes = await self._source.run(lambda: self._records.lanes(number))
        shard = Shard(number, state.point, self._source, self._means)
        shard.leased_till = leased_till
        self._shards[number] = shard
        shard.start(self._webhooks.get(number, []), positions, lanes)
        log.info("webhooks_leased", shard=number, position=shard.position)

    async def _take_in(self) -> None:
        """Hand the shards their webhooks."""
        for number, shard in list(self._shards.items()):
            positions = await self._source.run(
                lambda number=number: self._records.positions(number)  # type: ignore[misc]
            )
            shard.take_in(self._webhooks.get(number, []), positions)

    def _lose(self, shard: Shard) -> None:
        """Another process has a shard, or it has to be opened again."""
        shard.cancel()
        if self._shards.get(shard.number) is shard:
            del self._shards[shard.number]
        log.info("webhooks_lost", shard=shard.number)

    async def _prune(self) -> None:
        """Remove tries from the log that are too old."""
        before = self._now() - KEPT_FOR
        removed = PRUNED_AT_ONCE
        while removed == PRUNED_AT_ONCE:
            removed = await self._source.write(lambda: self._records.prune(before, PRUNED_AT_ONCE))
            await asyncio.sleep(PRUNE_PAUSE)
