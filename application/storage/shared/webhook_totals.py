"""All webhooks together, read by a few statements however many there are."""

from application.ports.webhooks import Totals, WebhookState
from application.runtime.clock import from_ms
from application.storage.shared.database import Database

_LAST = (
    "SELECT min(coalesce(own.position, webhook_shards.position)) FROM webhooks"
    " JOIN webhook_shards ON webhook_shards.shard = webhooks.shard"
    " LEFT JOIN webhook_positions own ON own.shard = webhooks.shard AND own.webhook = webhooks.id"
    " WHERE webhooks.state = ?"
)
_WAITING = (
    "SELECT count(*), min(first_failed_at) FROM webhook_lanes"
    " JOIN webhooks ON webhooks.id = webhook_lanes.webhook"
    " WHERE webhook_lanes.reason <> '' AND webhooks.state = ?"
)


def totals_of(database: Database) -> Totals:
    """How many webhooks there are in each state, and where the last of the active ones stands."""
    states = database.rows("SELECT state, count(*) FROM webhooks GROUP BY state")
    active = (WebhookState.ACTIVE.value,)
    [[position]] = database.rows(_LAST, active)
    shards = database.rows("SELECT DISTINCT shard FROM webhooks WHERE state = ?", active)
    [[lanes, since]] = database.rows(_WAITING, active)
    return Totals(
        states={each.value: 0 for each in WebhookState}
        | {state: int(count) for state, count in states},
        position=None if position is None else int(position),
        lanes=int(lanes),
        waiting_since=None if since is None else from_ms(int(since)),
        shards=frozenset(int(shard) for [shard] in shards),
    )
