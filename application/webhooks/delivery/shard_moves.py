"""What has to be stored of a shard: the progress of its webhooks, and each try."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from application.ports.log_point import LogPoint
from application.ports.webhooks import Attempt, Lane, Moves, Resend, Webhook, WebhookState
from application.webhooks.delivery.consumer import Consumer
from application.webhooks.delivery.progress import OpenLane, Snapshot
from application.webhooks.delivery.shard import Shard

AHEAD_OF_LOG = "position_ahead_of_log"
"""Why webhooks that are ahead of the log are paused."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit has of one webhook."""

    consumer: Consumer
    snapshot: Snapshot
    position: int | None
    attempts: list[Attempt]
    resent: list[Resend]


class ShardMoves:
    """The moves of a shard, and what has to be remembered once they are stored, or are not."""

    def __init__(self, shard: Shard, at: datetime) -> None:
        self.shard = shard
        self.point = shard.point
        self.moves = Moves(point=shard.point)
        self._taken = [self._take(each, at) for each in list(shard.consumers.values())]

    @property
    def urgent(self) -> bool:
        """Whether there is more to store than the shard's position."""
        moves = self.moves
        own = moves.endpoints or moves.lanes or moves.freed or moves.resent
        return bool(own or moves.states or moves.attempts)

    @property
    def moved(self) -> bool:
        """Whether there is anything to be stored."""
        return self.urgent or self.point != self.shard.stored_point

    def _take(self, consumer: Consumer, at: datetime) -> Taken:
        name, snapshot = consumer.webhook.id, consumer.progress.snapshot()
        follows = consumer.follows and snapshot.position == self.point.position
        own = None if follows else snapshot.position
        if own != consumer.stored_position:
            self.moves.endpoints[name] = own
        self.moves.lanes += [row_of(name, each, at) for each in snapshot.written]
        self.moves.freed += [(name, each.order) for each in snapshot.freed if each.stored]
        if consumer.ended:
            self.moves.states[name] = consumer.ended
        attempts, consumer.attempts = consumer.attempts, []
        resent, consumer.resent = consumer.resent, []
        self.moves.attempts += attempts
        self.moves.resent += resent
        return Taken(
            consumer=consumer, snapshot=snapshot, position=own, attempts=attempts, resent=resent
        )

    def stored(self) -> None:
        """The commit has succeeded."""
        self.shard.stored_point = self.point
        for each in self._taken:
            consumer = each.consumer
            consumer.stored_position = each.position
            consumer.progress.stored(each.snapshot)
            if consumer.webhook.id in self.moves.states:
                consumer.ended = None
            if consumer.is_idle:
                self.shard.consumers.pop(consumer.webhook.id, None)

    def not_stored(self) -> None:
        """The commit has failed, or may have."""
        for each in self._taken:
            each.consumer.progress.not_stored(each.snapshot)
            each.consumer.attempts[:0] = each.attempts
            each.consumer.resent[:0] = each.resent


def row_of(webhook: str, lane: OpenLane, at: datetime) -> Lane:
    """The row of a lane; one without a failure is under way at a moment."""
    return Lane(
        webhook=webhook,
        order=lane.order,
        position=lane.confirmed,
        tries=lane.tries,
        first_failed_at=lane.first_failed_at or at,
        next_try_at=lane.next_try_at or at,
        reason=lane.reason,
    )


def moves_of_setback(gathered: ShardMoves, webhooks: Iterable[Webhook], end: LogPoint) -> Moves:
    """What is stored once the log has gone back to `end`: its active webhooks are paused.

    They keep their positions, but at most the end of the log: later events no longer exist.
    """
    moves, consumers = gathered.moves, gathered.shard.consumers
    names = [each.id for each in webhooks if each.state is WebhookState.ACTIVE]
    beyond = [
        (name, lane.order)
        for name, consumer in consumers.items()
        for lane in consumer.progress.lanes.values()
        if lane.confirmed > end.position
    ]
    stood = {name: each.progress.snapshot().position for name, each in consumers.items()}
    return Moves(
        point=end,
        endpoints={
            each.id: min(end.position, stood.get(each.id, gathered.point.position))
            for each in webhooks
        },
        lanes=[each for each in moves.lanes if (each.webhook, each.order) not in beyond],
        freed=[*moves.freed, *beyond],
        resent=moves.resent,
        states={**dict.fromkeys(names, (WebhookState.PAUSED, AHEAD_OF_LOG)), **moves.states},
        attempts=moves.attempts,
    )
