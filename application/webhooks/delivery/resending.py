"""Handles requests to send events again."""

from collections.abc import Sequence

from application.ports.webhooks import Resend, WebhookRecords
from application.webhooks.delivery.consumer import Consumer
from application.webhooks.delivery.shard import Shard
from application.webhooks.delivery.source import EventSource

READ_AT_ONCE = 500
MOST_AT_ONCE = 50
"""Events that are being sent to one webhook again."""


class Resending:
    """Reads requests to send again, passes on a few at a time, and forgets those that ended."""

    def __init__(self, records: WebhookRecords, source: EventSource) -> None:
        self._records = records
        self._source = source
        self._more: set[int] = set()

    async def look(self, shards: Sequence[Shard], *, changed: bool) -> None:
        """Take in what is wanted now. Raises `StoreUnavailable`."""
        for shard in shards:
            if changed or shard.number in self._more or not shard.resends_read:
                await self._look_at(shard)

    async def _look_at(self, shard: Shard) -> None:
        number = shard.number
        wanted = await self._source.run(lambda: self._records.resends(number, READ_AT_ONCE))
        shard.resends_read = True
        self._more.discard(number)
        if wanted:
            self._more.add(number)
        for each in wanted:
            consumer = shard.consumer_of(each.webhook)
            if consumer is not None and consumer.resending < MOST_AT_ONCE:
                await self._take_in(shard, consumer, each)

    async def _take_in(self, shard: Shard, consumer: Consumer, resend: Resend) -> None:
        if resend.onwards:
            if resend not in consumer.resent:
                await shard.go_back(consumer, resend.position - 1)
                consumer.resent.append(resend)
        elif not consumer.is_resending(resend):
            event = await self._source.event_at(resend.position)
            if event is None:
                consumer.resent.append(resend)
            else:
                consumer.resend(resend, event)
