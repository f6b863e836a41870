"""Stores the progress of this process's webhooks: one commit for all recent confirmations."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from application.ports.store import StoreUnavailable
from application.ports.webhooks import Webhook, WebhookRecords
from application.webhooks.delivery.shard import Shard
from application.webhooks.delivery.shard_moves import ShardMoves, moves_of_setback
from application.webhooks.delivery.source import EventSource

COMMIT_SECONDS = 0.1
"""The pause between commits: what is confirmed meanwhile is stored together."""
IDLE_SECONDS = 5.0
"""How often an idle shard's position is stored: then nothing could be sent twice."""
RETRY_SECONDS = 0.5
MOST_CHANGES = 1000
"""With this many changes to store, sending pauses: a commit holds the log's write lock."""

log = structlog.get_logger()


class Committer:
    """Commits the moves of all shards together. `lost` is called with each shard that was lost.

    `works` is false after a failed commit until one succeeds. Nothing is sent meanwhile, since it
    would be sent again.
    """

    def __init__(
        self,
        records: WebhookRecords,
        owner: str,
        source: EventSource,
        now: Callable[[], datetime],
        lost: Callable[[Shard], None],
    ) -> None:
        self.works = True
        self.shards: dict[int, Shard] = {}
        self.webhooks: Mapping[int, list[Webhook]] = {}
        self._records = records
        self._owner = owner
        self._source = source
        self._now = now
        self._lost = lost
        self._changed = asyncio.Event()
        self._changes = 0
        self._stopping = False
        self._mutex = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._idle_till = 0.0

    @property
    def keeps_up(self) -> bool:
        """Whether commits succeed, and store what there is."""
        return self.works and self._changes < MOST_CHANGES

    def changed(self) -> None:
        """There is something to store."""
        self._changes += 1
        self._changed.set()

    def stop(self) -> None:
        """Have `run` return as soon as no commit is under way."""
        self._stopping = True
        self._changed.set()

    async def run(self) -> None:
        """Store changes until told to stop."""
        while not self._stopping:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(COMMIT_SECONDS)
            await self.commit()
            while not self.works and not self._stopping:
                await asyncio.sleep(RETRY_SECONDS)
                await self.commit()

    async def commit(self, *, everything: bool = False) -> None:
        """Store all changes; idle shards only now and then, or with `everything`.

        One commit follows another: a later one may say less of an order than the one before.
        """
        async with self._mutex:
            await self._commit(everything=everything)

    async def _commit(self, *, everything: bool) -> None:
        everything = everything or self._loop.time() >= self._idle_till
        paused, self._changes = not self.keeps_up, 0
        gathered = {}
        for number, shard in self.shards.items():
            if shard.set_back:
                await self._store_setback(shard)
                self._pump_all()
                return
            moves = ShardMoves(shard, self._now())
            if moves.urgent or (everything and moves.moved):
                gathered[number] = moves
        if everything:
            self._idle_till = self._loop.time() + IDLE_SECONDS
        if gathered:
            await self._store(gathered)
        if paused and self.works:
            self._pump_all()

    async def _store(self, gathered: Mapping[int, ShardMoves]) -> None:
        moves = {number: each.moves for number, each in gathered.items()}
        try:
            had = await self._source.write(lambda: self._records.commit_all(self._owner, moves))
        except Exception as error:  # noqa: BLE001 - what was confirmed has to be stored later
            self._give_back(gathered, error)
            return
        for number, each in gathered.items():
            if number in had:
                each.stored()
            else:
                self._lost(each.shard)
        self.works = True

    def _give_back(self, gathered: Mapping[int, ShardMoves], error: Exception) -> None:
        for each in gathered.values():
            each.not_stored()
        self.works = False
        if isinstance(error, StoreUnavailable):
            log.warning("store_unavailable", thread="webhooks", reason=str(error))
        else:
            log.error("webhooks_not_stored", exc_info=error)

    def _pump_all(self) -> None:
        for shard in self.shards.values():
            for consumer in shard.consumers.values():
                consumer.pump()

    async def _store_setback(self, shard: Shard) -> None:
        """Pause the webhooks of a shard that is ahead of the log; then open it again."""
        await asyncio.gather(*shard.in_flight, return_exceptions=True)
        gathered = ShardMoves(shard, self._now())
        try:
            end = await self._source.end()
            moves = moves_of_setback(gathered, self.webhooks.get(shard.number, ()), end)
            everything = {shard.number: moves}
            await self._source.write(lambda: self._records.commit_all(self._owner, everything))
        except Exception as error:  # noqa: BLE001 - it is tried again
            self._give_back({shard.number: gathered}, error)
            return
        log.error(
            "webhooks_ahead_of_log", shard=shard.number, seen=shard.position, end=end.position
        )
        self.works = True
        self._source.forget()
        self._lost(shard)
