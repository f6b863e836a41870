"""What commits of webhooks and their leases write: one script for all shards of a process."""

from collections.abc import Mapping
from typing import Any

from application.ports.webhooks import Moves, WebhookState
from application.storage.shared.scripts import Script, Step, as_rows
from application.storage.shared.webhook_rows import (
    ATTEMPT_COLUMNS,
    LANE_COLUMNS,
    row_of_attempt,
    row_of_lane,
)


def _integer(place: int) -> str:
    return f"CAST(news.value ->> {place} AS bigint)"


def _text(place: int) -> str:
    return f"CAST(news.value ->> {place} AS text)"


LOCKED = Step(
    rows="shards",
    sql=(
        "SELECT shard FROM webhook_shards WHERE shard IN"  # noqa: S608 - our own names
        f" (SELECT {_integer(0)} FROM each(:shards) AS news) ORDER BY shard FOR UPDATE"
    ),
    locks=True,
)
_COUNTED = Step(
    rows="states",
    sql=(
        "UPDATE counters SET value = value + 1 WHERE name = 'webhooks'"
        " AND EXISTS (SELECT 1 FROM each(:states) AS news)"
    ),
)
_MOVED = Step(
    rows="shards",
    sql=(
        f"UPDATE webhook_shards SET position = coalesce({_integer(1)}, position),"  # noqa: S608 - our own names
        f" log = coalesce({_text(2)}, log), hash = CASE WHEN {_text(1)} IS NULL THEN hash"
        f" ELSE substr(:hashes, CAST({_text(3)} AS int), CAST({_text(4)} AS int)) END"
        f" FROM each(:shards) AS news WHERE shard = {_integer(0)} AND owner = :owner"
    ),
    complete=True,
)
_THERE = f"EXISTS (SELECT 1 FROM webhooks WHERE id = {_text(1)})"  # noqa: S608 - our own names
"""Endpoints may have been removed meanwhile."""
_BEHIND = Step(
    rows="behind",
    sql=(
        "INSERT INTO webhook_positions (shard, webhook, position)"  # noqa: S608 - our own names
        f" SELECT {_integer(0)}, {_text(1)}, {_integer(2)} FROM each(:behind) AS news"
        f" WHERE {_THERE} ON CONFLICT (shard, webhook) DO UPDATE SET position = excluded.position"
    ),
)
_FOLLOWING = Step(
    rows="following",
    sql=(
        "DELETE FROM webhook_positions WHERE (webhook, shard) IN"  # noqa: S608 - our own names
        f" (SELECT {_text(1)}, {_integer(0)} FROM each(:following) AS news)"
    ),
)
# With the webhook first, SQLite finds each row by its key, and else only the rows of its shard.
_FREED = Step(
    rows="freed",
    sql=(
        "DELETE FROM webhook_lanes WHERE (webhook, shard, order_id) IN"  # noqa: S608 - our own names
        f" (SELECT {_text(1)}, {_integer(0)}, {_text(2)} FROM each(:freed) AS news)"
    ),
)
_LANES = Step(
    rows="lanes",
    sql=(
        f"INSERT INTO webhook_lanes (shard, {LANE_COLUMNS})"  # noqa: S608 - our own names
        f" SELECT {_integer(0)}, {_text(1)}, {_text(2)}, {_integer(3)}, {_integer(4)},"
        f" {_integer(5)}, {_integer(6)}, {_text(7)} FROM each(:lanes) AS news WHERE {_THERE}"
        " ON CONFLICT (shard, webhook, order_id) DO UPDATE SET position = excluded.position,"
        " tries = excluded.tries, first_failed_at = excluded.first_failed_at,"
        " next_try_at = excluded.next_try_at, reason = excluded.reason"
    ),
)
_RESENT = Step(
    rows="resent",
    sql=(
        "DELETE FROM webhook_resends WHERE (webhook, shard, position, onwards) IN"  # noqa: S608 - our own names
        f" (SELECT {_text(1)}, {_integer(0)}, {_integer(2)}, {_integer(3)}"
        " FROM each(:resent) AS news)"
    ),
)
_STATES = Step(
    rows="states",
    sql=(
        f"UPDATE webhooks SET state = {_text(1)}, reason = {_text(2)}, revision = revision + 1"  # noqa: S608 - our own names
        f" FROM each(:states) AS news WHERE webhooks.id = {_text(0)}"
        f" AND state = '{WebhookState.ACTIVE.value}'"
    ),
)
_ATTEMPTS = Step(
    rows="attempts",
    sql=(
        f"INSERT INTO webhook_attempts ({ATTEMPT_COLUMNS})"  # noqa: S608 - our own names
        f" SELECT {_text(0)}, {_integer(1)}, {_text(2)}, {_integer(3)}, {_integer(4)}, {_text(5)},"
        f" {_integer(6)}, {_text(7)}, {_integer(8)}, {_integer(9)} FROM each(:attempts) AS news"
    ),
)
COMMIT = Script(
    name="webhook_commit",
    values=(
        "owner",
        "hashes",
        "shards",
        "behind",
        "following",
        "freed",
        "lanes",
        "resent",
        "states",
        "attempts",
    ),
    steps=(
        _COUNTED,
        LOCKED,
        _MOVED,
        _BEHIND,
        _FOLLOWING,
        _FREED,
        _LANES,
        _RESENT,
        _STATES,
        _ATTEMPTS,
    ),
)
"""Whoever locks more takes the counter, then the shards by their numbers, then the endpoints."""
LEASE = Script(
    name="webhook_lease",
    acknowledged=False,
    values=("owner", "now", "till", "latest", "shards"),
    steps=(
        LOCKED,
        Step(
            rows="shards",
            sql=(
                "UPDATE webhook_shards SET asked_by = CASE WHEN owner = :owner THEN asked_by END,"  # noqa: S608 - our own names
                " owner = :owner, till = :till WHERE shard IN"
                f" (SELECT {_integer(0)} FROM each(:shards) AS news)"
                " AND (owner IS NULL OR owner = :owner OR till NOT BETWEEN :now AND :latest)"
            ),
        ),
    ),
)
"""A lease that ends later than `latest` was made by a clock that was wrong.

One that ends a little later than `till` was not: while this process waited to write, the other took
or renewed it.
"""


def values_of(owner: str, moves: Mapping[int, Moves]) -> dict[str, Any]:
    """The values of `COMMIT`: a row begins with its shard, but those of endpoints and tries."""
    shards, hashes = _shards(moves)
    places = [(number, *each) for number, own in moves.items() for each in own.endpoints.items()]
    rows = {
        "shards": shards,
        "behind": [each for each in places if each[2] is not None],
        "following": [each[:2] for each in places if each[2] is None],
        "freed": [(number, *each) for number, own in moves.items() for each in own.freed],
        "lanes": [
            (number, *row_of_lane(each)) for number, own in moves.items() for each in own.lanes
        ],
        "resent": [
            (number, each.webhook, each.position, int(each.onwards))
            for number, own in moves.items()
            for each in own.resent
        ],
        "states": [
            (webhook, state.value, reason)
            for own in moves.values()
            for webhook, (state, reason) in own.states.items()
        ],
        "attempts": [row_of_attempt(each) for own in moves.values() for each in own.attempts],
    }
    encoded = {name: as_rows(own) for name, own in rows.items()}
    return {"owner": owner, "hashes": hashes, **encoded}


def _shards(moves: Mapping[int, Moves]) -> tuple[list[tuple[Any, ...]], bytes]:
    """The shards' rows, by number, and the hashes that they name by place and length."""
    rows: list[tuple[Any, ...]] = []
    hashes = b"\0"  # SQLite takes a part of nothing for NULL, even the empty part
    for number in sorted(moves):
        point = moves[number].point
        if point is None:
            rows.append((number, None, None, 0, 0))
        else:
            rows.append((number, point.position, point.log, len(hashes) + 1, len(point.hash)))
            hashes += point.hash
    return rows, hashes
