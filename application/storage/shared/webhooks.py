"""The webhooks: tables beside the log.

Every change of an endpoint first counts up, as catalogues do: so they come one after another, and
whoever locks more takes the counter, then the shard, then the endpoint.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from application.ports.admin_trail import Deed
from application.ports.log_point import LogPoint
from application.ports.webhooks import (
    Lane,
    Moves,
    Progress,
    Resend,
    ShardState,
    Totals,
    Webhook,
    WebhookState,
    shard_of,
)
from application.runtime.clock import from_ms, to_ms
from application.storage.shared.admin_trail import record
from application.storage.shared.database import Database, Session, one_of
from application.storage.shared.scripts import NotAsExpected, Script, Values, as_rows
from application.storage.shared.webhook_attempts import WebhookAttempts
from application.storage.shared.webhook_moves import COMMIT, LEASE, values_of
from application.storage.shared.webhook_rows import (
    COLUMNS,
    LANE_COLUMNS,
    lane_of,
    row_of_webhook,
    webhook_of,
)
from application.storage.shared.webhook_totals import totals_of

_SELECT = f"SELECT {COLUMNS} FROM webhooks"  # noqa: S608 - our own names
_ADD = (
    f"INSERT INTO webhooks (shard, {COLUMNS})"  # noqa: S608 - our own names
    f" VALUES ({', '.join('?' * (1 + len(COLUMNS.split(', '))))})"
)
_CHANGE = (
    "UPDATE webhooks SET address = ?, types = ?, shows = ?, state = ?, reason = ?,"
    " generations = ?, signs_v1a = ?, revision = ? WHERE id = ? AND revision = ?"
)
_BEGIN_SHARD = (
    "INSERT INTO webhook_shards (shard, position, log, hash) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (shard) DO UPDATE SET position = excluded.position, log = excluded.log,"
    " hash = excluded.hash"
    " WHERE NOT EXISTS (SELECT 1 FROM webhooks WHERE webhooks.shard = excluded.shard)"
)
"""A shard without endpoints has not moved for long: nobody is to read all that it has missed."""
_PUT_POSITION = (
    "INSERT INTO webhook_positions (shard, webhook, position) VALUES (?, ?, ?)"
    " ON CONFLICT (shard, webhook) DO UPDATE SET position = excluded.position"
)
_PUT_RESEND = (
    "INSERT INTO webhook_resends (shard, webhook, position, onwards) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (shard, webhook, position, onwards) DO NOTHING"
)
MOST_LOSSES = 3
"""So often a commit is tried again without the shards that another process has meanwhile."""
_OF_ENDPOINTS = ("webhook_positions", "webhook_lanes", "webhook_resends")


class Webhooks(WebhookAttempts):
    """The port `WebhookRecords` (`application/ports/webhooks.py`)."""

    def __init__(
        self,
        database: Database,
        run: Callable[[Script, Values], None],
        moment: Callable[[], datetime],
    ) -> None:
        """`run` runs a script; `moment` is the clock that all processes share: leases end by it."""
        super().__init__(database)
        self._run = run
        self._moment = moment

    # The endpoints.

    def version(self) -> int:
        rows = self._database.rows("SELECT value FROM counters WHERE name = 'webhooks'")
        return int(rows[0][0])

    def all(self) -> list[Webhook]:
        return self._found(f"{_SELECT} ORDER BY id")

    def page(
        self, partner: str | None, after: str, limit: int, state: WebhookState | None = None
    ) -> list[Webhook]:
        conditions, values = ["id > ?"], [after]  # type: tuple[list[str], list[Any]]
        if partner is not None:
            conditions.append("partner = ?")
            values.append(partner)
        if state is not None:
            conditions.append("state = ?")
            values.append(state.value)
        narrowed = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY id LIMIT ?"
        return self._found(narrowed, *values, limit)

    def find(self, webhook: str) -> Webhook | None:
        return next(iter(self._found(f"{_SELECT} WHERE id = ?", webhook)), None)

    def find_request(self, digest: bytes) -> Webhook | None:
        found = self._found(f"{_SELECT} WHERE request = ? AND length(request) > 0", digest)
        return next(iter(found), None)

    def _found(self, statement: str, *values: Any) -> list[Webhook]:
        return [webhook_of(row) for row in self._database.rows(statement, values)]

    def add(self, webhook: Webhook, after: int, end: LogPoint, most: int, deed: Deed) -> bool:
        shard = shard_of(webhook.id)
        with self._database.acknowledged() as session:
            _count_up(session)
            had = "SELECT count(*) FROM webhooks WHERE partner = ?"
            if session.rows(had, (webhook.partner,))[0][0] >= most:
                return False
            same = "SELECT 1 FROM webhooks WHERE request = ? AND length(request) > 0"
            if session.rows(same, (webhook.request,)):
                return False
            session.run(_BEGIN_SHARD, (shard, end.position, end.log, end.hash))
            session.run(_ADD, (shard, *row_of_webhook(webhook)))
            session.run(_PUT_POSITION, (shard, webhook.id, after))
            record(session, deed)
        return True

    def change(self, webhook: Webhook, deed: Deed) -> bool:
        with self._database.acknowledged() as session:
            _count_up(session)
            row = row_of_webhook(webhook)
            changed = session.run(_CHANGE, (*row[3:10], row[10], webhook.id, webhook.revision - 1))
            if changed:
                record(session, deed)
        return bool(changed)

    def remove(self, webhook: str, revision: int, deed: Deed) -> bool:
        shard = shard_of(webhook)
        with self._database.acknowledged() as session:
            _count_up(session)
            session.run("UPDATE webhook_shards SET shard = shard WHERE shard = ?", (shard,))
            removed = session.run(
                "DELETE FROM webhooks WHERE id = ? AND revision = ?", (webhook, revision)
            )
            if removed:
                for table in _OF_ENDPOINTS:
                    statement = f"DELETE FROM {table} WHERE shard = ? AND webhook = ?"  # noqa: S608 - our own names
                    session.run(statement, (shard, webhook))
                record(session, deed)
        return bool(removed)

    # The shards.

    def shards(self) -> dict[int, ShardState]:
        rows = self._database.rows(
            "SELECT shard, log, position, hash, owner, till, asked_by FROM webhook_shards"
            " ORDER BY shard"
        )
        return {
            int(shard): ShardState(
                LogPoint(log, int(position), bytes(own)),
                owner,
                None if till is None else from_ms(till),
                asked_by,
            )
            for shard, log, position, own, owner, till, asked_by in rows
        }

    def lease(self, shards: Iterable[int], owner: str, seconds: float) -> dict[int, ShardState]:
        now = to_ms(self._moment())
        till, latest = (
            to_ms(from_ms(now) + timedelta(seconds=each)) for each in (seconds, 2 * seconds)
        )
        rows = as_rows([(each,) for each in sorted(shards)])
        values = {"owner": owner, "now": now + 1, "till": till, "latest": latest, "shards": rows}
        self._run(LEASE, values)
        return {
            shard: state
            for shard, state in self.shards().items()
            if shard in shards and state.owner == owner
        }

    def ask(self, shard: int, owner: str) -> None:
        with self._database.transaction() as session:
            session.run("UPDATE webhook_shards SET asked_by = ? WHERE shard = ?", (owner, shard))

    def release(self, owner: str, shards: Collection[int] | None = None) -> None:
        had = [shard for shard, each in self.shards().items() if each.owner == owner]
        left = [(each, owner) for each in had if shards is None or each in shards]
        with self._database.transaction() as session:
            session.run_each(
                "UPDATE webhook_shards SET owner = NULL, till = NULL, asked_by = NULL"
                " WHERE shard = ? AND owner = ?",
                left,
            )

    def positions(self, shard: int) -> dict[str, int]:
        rows = self._database.rows(
            "SELECT webhook, position FROM webhook_positions WHERE shard = ?", (shard,)
        )
        return {webhook: int(position) for webhook, position in rows}

    def lanes(self, shard: int) -> list[Lane]:
        return self._lanes("shard = ? ORDER BY next_try_at, webhook, order_id", shard)

    def lanes_of(self, webhook: str, limit: int) -> list[Lane]:
        condition = "shard = ? AND webhook = ? ORDER BY first_failed_at, order_id LIMIT ?"
        return self._lanes(condition, shard_of(webhook), webhook, limit)

    def _lanes(self, condition: str, *values: Any) -> list[Lane]:
        statement = f"SELECT {LANE_COLUMNS} FROM webhook_lanes WHERE {condition}"  # noqa: S608 - our own names
        return [lane_of(row) for row in self._database.rows(statement, values)]

    def resends(self, shard: int, limit: int) -> list[Resend]:
        rows = self._database.rows(
            "SELECT webhook, position, onwards FROM webhook_resends WHERE shard = ?"
            " ORDER BY webhook, position, onwards LIMIT ?",
            (shard, limit),
        )
        return [Resend(webhook, int(position), bool(on)) for webhook, position, on in rows]

    def send_again(self, resends: Sequence[Resend], most: int, deed: Deed) -> bool:
        webhook = resends[0].webhook
        shard = shard_of(webhook)
        rows = [(shard, each.webhook, each.position, int(each.onwards)) for each in resends]
        counted = "SELECT count(*) FROM webhook_resends WHERE shard = ? AND webhook = ?"
        with self._database.acknowledged() as session:
            _count_up(session)
            waiting = int(session.rows(counted, (shard, webhook))[0][0])
            if waiting + len(rows) > most:
                return False
            session.run_each(_PUT_RESEND, rows)
            record(session, deed)
        return True

    def commit(self, shard: int, owner: str, moves: Moves) -> bool:
        return bool(self.commit_all(owner, {shard: moves}))

    def commit_all(self, owner: str, moves: Mapping[int, Moves]) -> set[int]:
        mine = set(moves)
        for _ in range(MOST_LOSSES):
            try:
                own = {shard: moves[shard] for shard in mine}
                self._run(COMMIT, values_of(owner, own))
            except NotAsExpected:
                mine &= {shard for shard, each in self.shards().items() if each.owner == owner}
            else:
                return mine
        return set()

    def totals(self) -> Totals:
        return totals_of(self._database)

    def progress(self, webhooks: Sequence[Webhook]) -> dict[str, Progress]:
        shards = {shard: state.point.position for shard, state in self.shards().items()}
        ids = [each.id for each in webhooks]
        own: dict[str, int] = {}
        lanes: dict[str, tuple[int, int]] = {}
        for condition, some in one_of("webhook", ids):
            at = f"SELECT webhook, position FROM webhook_positions WHERE {condition}"  # noqa: S608 - our own names
            own.update(self._database.rows(at, some))
            waiting = (
                "SELECT webhook, count(*), min(first_failed_at) FROM webhook_lanes"  # noqa: S608 - our own names
                f" WHERE {condition} GROUP BY webhook"
            )
            lanes.update({row[0]: row[1:] for row in self._database.rows(waiting, some)})
        return {
            each: Progress(own.get(each, shards.get(shard_of(each), 0)), *_waiting(lanes.get(each)))
            for each in ids
        }


def _waiting(row: tuple[int, int] | None) -> tuple[int, datetime | None]:
    return (0, None) if row is None else (int(row[0]), from_ms(int(row[1])))


def _count_up(session: Session) -> None:
    """Count a change of endpoints. Nobody else makes one until this transaction ends."""
    session.run("UPDATE counters SET value = value + 1 WHERE name = 'webhooks'")
