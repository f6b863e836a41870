"""One webhook of a shard that is leased here: sends events and handles the outcomes."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime

import msgspec
import structlog

from application.feed.thin_event import FeedEvent, encoded
from application.ports.store import StoreUnavailable
from application.ports.webhooks import Attempt, Resend, Webhook, WebhookState
from application.webhooks.delivery.late_sender import LateSender
from application.webhooks.delivery.message import Message
from application.webhooks.delivery.outcomes import Outcome, Verdict
from application.webhooks.delivery.progress import OpenLane, Progress
from application.webhooks.delivery.retries import is_given_up, pause_after
from application.webhooks.delivery.signatures import SigningKeys, message_name
from application.webhooks.delivery.try_counts import TRIES

MOST_AT_ONCE = 8
"""How many messages may be in flight to one webhook, each of a different order."""
FEW_PENDING = 50
"""With fewer events in memory, more are read."""
STORE_PAUSE = 1.0
FAULT_PAUSE = 30.0
MOST_RESENDS = 6
"""How often an event is tried that a person asked to send again."""

log = structlog.get_logger()


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What all consumers of a process share.

    `events_of` reads an order's events beyond a position and up to another; `may_send` is false
    while nothing can be stored; `changed` reports that there is something to store.
    """

    sender: LateSender
    slots: asyncio.Semaphore
    clock: Callable[[], datetime]
    keys_of: Callable[[Webhook], SigningKeys]
    events_of: Callable[[str, int, int], Awaitable[Sequence[FeedEvent]]]
    may_send: Callable[[], bool]
    changed: Callable[[], None]
    pause_after: Callable[[int, float, float | None], float] = pause_after


class Consumer:
    """A webhook and its progress. `follows`: it gets what its shard reads, as the shard reads it.

    `stored_position` is its own position as stored; None while it has that of its shard.
    """

    def __init__(
        self, webhook: Webhook, position: int, means: Means, may_send: Callable[[], bool]
    ) -> None:
        self.webhook = webhook
        self.progress = Progress(position)
        self.follows = True
        self.stored_position: int | None = None
        self.attempts: list[Attempt] = []
        self.resent: list[Resend] = []
        self.ended: tuple[WebhookState, str] | None = None
        self.stopped = False
        self._room = asyncio.Event()
        self._resending: dict[Resend, asyncio.TimerHandle] = {}
        self._means = means
        self._may_send = may_send
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do, and nothing to remember beyond its shard's position."""
        own = self.progress.lanes or self.attempts or self._tasks or self._resending
        return self.follows and self.stored_position is None and not own and not self.ended

    @property
    def tasks(self) -> Sequence[asyncio.Task[None]]:
        """What is under way."""
        return list(self._tasks)

    def pump(self) -> None:
        """Send what can be sent now, and come back when something more is due."""
        while self._can_take() and (lane := self.progress.take(self._loop.time())):
            self._start(self._deliver_from(lane))
        self._make_room()
        self._come_back()

    async def has_room(self) -> None:
        """Return when few events are left to be sent, or when none will be."""
        if self.progress.pending >= FEW_PENDING and not self.stopped:
            self._room.clear()
            await self._room.wait()

    def _make_room(self) -> None:
        if self.progress.pending < FEW_PENDING:
            self._room.set()

    def stop(self) -> None:
        """Send nothing more; messages in flight are finished."""
        self.stopped = True
        self._room.set()
        if self._timer is not None:
            self._timer.cancel()
        for each in self._resending.values():
            each.cancel()
        self._resending.clear()

    def resend(self, resend: Resend, event: FeedEvent) -> None:
        """Send an event once more, beside the others, until it is confirmed."""
        self._again_later(resend, event, 1, 0.0)

    def is_resending(self, resend: Resend) -> bool:
        """Whether it is being sent, or was, and that is to be stored."""
        return resend in self._resending or resend in self.resent

    @property
    def resending(self) -> int:
        """How many events are being sent again."""
        return len(self._resending)

    def _can_take(self) -> bool:
        return self.progress.in_flight < MOST_AT_ONCE and self._may_go_on()

    def _may_go_on(self) -> bool:
        return not self.stopped and self._may_send() and self._means.may_send()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _come_back(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.progress.next_due()
        if due is not None and not self.stopped:
            at = max(due, self._loop.time() + 0.05)
            self._timer = self._loop.call_at(at, self.pump)

    async def _deliver_from(self, first: OpenLane) -> None:
        lane: OpenLane | None = first
        while lane is not None:
            try:
                await self._deliver(lane)
            except StoreUnavailable:
                self.progress.give_back(lane, self._loop.time() + STORE_PAUSE)
            except Exception:
                log.exception("webhook_not_sent", webhook=self.webhook.id)
                self.progress.give_back(lane, self._loop.time() + FAULT_PAUSE)
            lane = self._next()
        self.pump()

    def _next(self) -> OpenLane | None:
        self._make_room()
        return self.progress.take(self._loop.time()) if self._can_take() else None

    async def _deliver(self, lane: OpenLane) -> None:
        """Send the first event of a lane. Raises `StoreUnavailable`."""
        if not lane.loaded:
            till = self.progress.read_to
            events = await self._means.events_of(lane.order, lane.confirmed, till)
            self.progress.load(lane, self._wanted(events), till)
        if self.progress.drop_if_empty(lane):
            self._means.changed()
            return
        event = lane.events[0]
        outcome = await self._send(event)
        self._log(event, outcome, lane.tries + 1, again=False)
        if outcome.verdict is Verdict.CONFIRMED:
            self.progress.confirm(lane, self._loop.time())
        else:
            self._fail(lane, outcome)
        self._means.changed()

    def _wanted(self, events: Sequence[FeedEvent]) -> Sequence[FeedEvent]:
        return [each for each in events if wants(self.webhook, each)]

    async def _send(self, event: FeedEvent) -> Outcome:
        message = Message(
            address=self.webhook.address,
            name=message_name(event),
            body=encoded(event),
            keys=self._means.keys_of(self.webhook),
            request=event.request,
        )
        async with self._means.slots:
            return await self._means.sender.send(message)

    def _fail(self, lane: OpenLane, outcome: Outcome) -> None:
        at, now = self._means.clock(), self._loop.time()
        wait = self._pause(lane.tries + 1, outcome)
        self.progress.fail(lane, outcome.reason, at, wait, now)
        if outcome.retry_after is not None:
            self.progress.rests_till = max(self.progress.rests_till, now + wait)
        if outcome.verdict is Verdict.OFF:
            self._end(WebhookState.OFF, outcome.reason)
        elif lane.first_failed_at and is_given_up(lane.tries, lane.first_failed_at, at):
            self._end(WebhookState.PAUSED, outcome.reason)

    def _pause(self, tries: int, outcome: Outcome) -> float:
        return self._means.pause_after(tries, random.random(), outcome.retry_after)  # noqa: S311

    def _end(self, state: WebhookState, reason: str) -> None:
        """Have the webhook switched off or paused."""
        self.ended = (state, reason)
        self.progress.begin_anew()
        self.stop()

    async def _send_again(self, resend: Resend, event: FeedEvent, number: int) -> None:
        if not self._may_go_on():
            self._again_later(resend, event, number, STORE_PAUSE)
            return
        outcome = await self._send(event)
        self._log(event, outcome, number, again=True)
        if outcome.verdict is Verdict.CONFIRMED or number == MOST_RESENDS:
            self.resent.append(resend)
            self._resending.pop(resend, None)
        else:
            self._again_later(resend, event, number + 1, self._pause(number, outcome))
        self._means.changed()

    def _again_later(self, resend: Resend, event: FeedEvent, number: int, pause: float) -> None:
        if self.stopped:
            self._resending.pop(resend, None)
            return
        self._resending[resend] = self._loop.call_later(
            pause, lambda: self._start(self._send_again(resend, event, number))
        )

    def _log(self, event: FeedEvent, outcome: Outcome, number: int, *, again: bool) -> None:
        TRIES.add(outcome)
        self.attempts.append(
            Attempt(
                webhook=self.webhook.id,
                position=event.position,
                order=event.order,
                at=self._means.clock(),
                status=outcome.status,
                reason=outcome.reason,
                seconds=round(outcome.seconds, 6),
                head=outcome.head,
                try_number=number,
                again=again,
            )
        )


def wants(webhook: Webhook, event: FeedEvent) -> bool:
    """Whether a webhook gets an event: of its partner's orders, of its types and shows."""
    own = webhook.partner in {event.org, event.vendor}
    typed = not webhook.types or event.type in webhook.types
    return own and typed and (not webhook.shows or event.show in webhook.shows)
