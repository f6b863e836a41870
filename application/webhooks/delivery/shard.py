"""A shard that is leased here: offers each page of the log to its webhooks.

Webhooks that follow have the shard's position, however many there are: a page of the log costs
something only for those that want some of its events. A webhook that does not keep up reads the
log for itself until it has caught up.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Mapping, Sequence

import structlog

from application.feed.reading import Scanned, Wanted
from application.feed.thin_event import FeedEvent
from application.ports.log_point import LogPoint
from application.ports.store import StoreUnavailable
from application.ports.webhooks import Lane, Webhook, WebhookState
from application.webhooks.delivery.consumer import Consumer, Means, wants
from application.webhooks.delivery.retries import wait_till
from application.webhooks.delivery.source import EventSource

KEEPS_UP_SECONDS = 0.5
"""A webhook that has not nearly finished a page after this time is behind."""
RETRY_SECONDS = 0.5
FAR = 1000
"""A webhook this far behind reads pages of its own, which contain only what it wants."""

log = structlog.get_logger()


class Shard:
    """The webhooks of a shard, and the position of those that follow.

    `set_back`: the log lacks events that were seen. `leaving`: another process will get the shard.
    """

    def __init__(self, number: int, point: LogPoint, source: EventSource, means: Means) -> None:
        self.number = number
        self.point = point
        self.stored_point = point
        self.leased_till = 0.0
        self.set_back = False
        self.leaving = False
        self.resends_read = False
        self.consumers: dict[str, Consumer] = {}
        self._source = source
        self._means = means
        self._by_partner: dict[str, list[Webhook]] = {}
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def position(self) -> int:
        """The position of those that follow."""
        return self.point.position

    @property
    def in_flight(self) -> Sequence[asyncio.Task[None]]:
        """What is being sent."""
        return [task for each in self.consumers.values() for task in each.tasks]

    def may_send(self) -> bool:
        """Whether the shard is still this process's."""
        return self._loop.time() < self.leased_till and not self.leaving

    def renew(self, till: float) -> None:
        """Extend the lease, and go on if it had ended."""
        had_ended = not self.may_send()
        self.leased_till = till
        if had_ended:
            for each in self.consumers.values():
                each.pump()

    def start(
        self,
        webhooks: Iterable[Webhook],
        positions: Mapping[str, int],
        lanes: Iterable[Lane],
    ) -> None:
        """Start at the positions of the shard and of its webhooks."""
        by_webhook = defaultdict(list)
        for lane in lanes:
            by_webhook[lane.webhook].append(lane)
        webhooks = list(webhooks)
        for webhook in webhooks:
            if webhook.id in positions or webhook.id in by_webhook:
                self._resume(webhook, positions.get(webhook.id), by_webhook[webhook.id])
        self.take_in(webhooks, positions)
        self._begin(self._follow())

    def stop(self) -> None:
        """Send nothing more; messages in flight are finished."""
        self.leaving = True
        for task in self._tasks:
            task.cancel()
        for each in self.consumers.values():
            each.stop()

    def cancel(self) -> None:
        """Give up what is under way: another process has the shard."""
        self.stop()
        for task in self.in_flight:
            task.cancel()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def take_in(self, webhooks: Iterable[Webhook], positions: Mapping[str, int]) -> None:
        """Go on with these webhooks: some may be new, changed, paused, resumed or gone.

        `positions` are those that the new ones have.
        """
        known = {each.id: each for own in self._by_partner.values() for each in own}
        by_partner, there = defaultdict(list), set()
        for webhook in webhooks:
            there.add(webhook.id)
            by_partner[webhook.partner].append(webhook)
            if known.get(webhook.id) != webhook:
                self._take_in_one(webhook, positions.get(webhook.id))
        self._by_partner = dict(by_partner)
        for gone in self.consumers.keys() - there:
            self.consumers.pop(gone).stop()

    def _take_in_one(self, webhook: Webhook, position: int | None) -> None:
        consumer = self.consumers.get(webhook.id)
        active = webhook.state is WebhookState.ACTIVE
        if consumer is None:
            if position is not None or not active:
                self._resume(webhook, position, ())
            return
        consumer.webhook = webhook
        if not active:
            consumer.follows = False
            consumer.stop()
            self._means.changed()
        elif consumer.stopped and not consumer.ended:
            consumer.stopped = False
            consumer.progress.retry_at(self._loop.time())
            self._go_on(consumer)

    def _resume(self, webhook: Webhook, position: int | None, lanes: Iterable[Lane]) -> None:
        """Take over a webhook that has a position or lanes of its own."""
        consumer = self._consumer(webhook, self.position if position is None else position)
        consumer.stored_position = position
        now, at = self._loop.time(), self._means.clock()
        for lane in lanes:
            consumer.progress.resume(lane, now + wait_till(lane.next_try_at, at))
        if webhook.state is WebhookState.ACTIVE:
            self._go_on(consumer)
        else:
            consumer.follows = False
            consumer.stop()
            self._means.changed()

    def _go_on(self, consumer: Consumer) -> None:
        consumer.follows = consumer.progress.read_to >= self.position
        if consumer.follows:
            self._means.changed()
        else:
            self._begin(self._catch_up(consumer))
        consumer.pump()

    def _consumer(self, webhook: Webhook, position: int) -> Consumer:
        consumer = self.consumers.get(webhook.id)
        if consumer is None:
            consumer = Consumer(webhook, position, self._means, self.may_send)
            self.consumers[webhook.id] = consumer
        return consumer

    def consumer_of(self, name: str) -> Consumer | None:
        """The webhook with this id, if it is active."""
        own = (each for some in self._by_partner.values() for each in some)
        webhook = next((each for each in own if each.id == name), None)
        if webhook is None or webhook.state is not WebhookState.ACTIVE:
            return None
        return self._consumer(webhook, self.position)

    async def go_back(self, consumer: Consumer, position: int) -> None:
        """Send a webhook all events beyond a position again."""
        consumer.stop()
        await asyncio.gather(*consumer.tasks, return_exceptions=True)
        consumer.progress = consumer.progress.gone_back_to(position)
        consumer.stopped = False
        self._go_on(consumer)

    async def _follow(self) -> None:
        while not self.set_back:
            try:
                page = await self._source.page(self.position)
                if self._has_left(page):
                    break
                await self._keep_up(self._hand_out(page))
                if not page.events:
                    await self._source.news_after(self.position)
            except StoreUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("webhooks_cannot_read", shard=self.number)
                await asyncio.sleep(RETRY_SECONDS)

    def _has_left(self, page: Scanned) -> bool:
        """Whether the log lacks events that were seen; then nothing more is sent.

        The hash of an event says which history it ends. A copy of a log has another id.
        """
        if self.position and page.start.hash != self.point.hash:
            self.set_back = True
            for each in self.consumers.values():
                each.stop()
            self._means.changed()
        return self.set_back

    def _hand_out(self, page: Scanned) -> Sequence[Consumer]:
        """Offer a page to all that follow; returns those that want something of it."""
        touched: dict[str, Consumer] = {}
        for event in page.events:
            for partner in {event.org, event.vendor}:
                for webhook in self._by_partner.get(partner, ()):
                    if webhook.state is WebhookState.ACTIVE and wants(webhook, event):
                        consumer = self._consumer(webhook, self.position)
                        if consumer.follows and event.position > consumer.progress.read_to:
                            consumer.progress.offer(event)
                            touched[webhook.id] = consumer
        self.point = page.end
        for consumer in self.consumers.values():
            if consumer.follows:
                consumer.progress.read_to = max(consumer.progress.read_to, self.position)
        for consumer in touched.values():
            consumer.pump()
        if page.events:
            self._means.changed()
        return list(touched.values())

    async def _keep_up(self, touched: Sequence[Consumer]) -> None:
        """Wait until all have nearly finished, but not for those that take too long."""
        deadline = self._loop.time() + KEEPS_UP_SECONDS
        for consumer in touched:
            try:
                async with asyncio.timeout_at(deadline):
                    await consumer.has_room()
            except TimeoutError:
                consumer.follows = False
                self._begin(self._catch_up(consumer))

    async def _catch_up(self, consumer: Consumer) -> None:
        """Read for a webhook that is behind, until it follows again."""
        while not consumer.stopped and not consumer.follows:
            try:
                await consumer.has_room()
                await self._read_on(consumer)
            except StoreUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("webhooks_cannot_read", webhook=consumer.webhook.id)
                await asyncio.sleep(RETRY_SECONDS)

    async def _read_on(self, consumer: Consumer) -> None:
        progress = consumer.progress
        if self.position - progress.read_to > FAR:
            events, position = await self._wanted_page(consumer)
        else:
            page = await self._source.page(progress.read_to)
            events, position = page.events, page.end.position
        if consumer.stopped:
            return
        till = min(position, self.position)
        for event in events:
            if event.position <= till and wants(consumer.webhook, event):
                progress.offer(event)
        progress.read_to = till
        consumer.follows = till >= self.position
        consumer.pump()
        self._means.changed()

    async def _wanted_page(self, consumer: Consumer) -> tuple[Sequence[FeedEvent], int]:
        webhook = consumer.webhook
        wanted = Wanted(
            partner=webhook.partner, types=frozenset(webhook.types), shows=frozenset(webhook.shows)
        )
        page = await self._source.wanted_page(consumer.progress.read_to, wanted)
        return page.events, page.next
