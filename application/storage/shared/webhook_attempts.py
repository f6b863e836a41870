"""The log of deliveries: each try, for thirty days."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from application.ports.webhooks import Attempt
from application.runtime.clock import to_ms
from application.storage.shared.database import Database, Session, one_of
from application.storage.shared.webhook_rows import ATTEMPT_COLUMNS, attempt_of, row_of_attempt

_SELECT = f"SELECT id, {ATTEMPT_COLUMNS} FROM webhook_attempts"  # noqa: S608 - our own names
FAILED = "reason <> ''"
"""As the partial index has it, word for word: SQLite uses it for nothing else."""


class WebhookAttempts:
    """The part of the port `WebhookRecords` that is about tries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, attempt: Attempt) -> None:
        """Add to the log a try that moves nothing."""
        with self._database.transaction() as session:
            add_attempts(session, [attempt])

    def attempts(
        self,
        webhook: str,
        limit: int,
        before: int | None = None,
        position: int | None = None,
        *,
        failed: bool = False,
    ) -> list[Attempt]:
        """At most `limit` tries, newest first."""
        conditions, values = ["webhook = ?"], [webhook]  # type: tuple[list[str], list[Any]]
        if before is not None:
            conditions.append("id < ?")
            values.append(before)
        if position is not None:
            conditions.append("position = ?")
            values.append(position)
        if failed:
            conditions.append(FAILED)
        return self._tries(" AND ".join(conditions) + " ORDER BY id DESC LIMIT ?", *values, limit)

    def last_attempts(self, webhooks: Sequence[str]) -> dict[str, Attempt]:
        """The last try of each of these endpoints that has any."""
        found: dict[str, Attempt] = {}
        for condition, some in one_of("webhook", webhooks):
            last = (
                f"id IN (SELECT max(id) FROM webhook_attempts WHERE {condition}"  # noqa: S608 - our own names
                " GROUP BY webhook)"
            )
            found.update({each.webhook: each for each in self._tries(last, *some)})
        return found

    def _tries(self, condition: str, *values: Any) -> list[Attempt]:
        rows = self._database.rows(f"{_SELECT} WHERE {condition}", values)
        return [attempt_of(row) for row in rows]

    def prune(self, before: datetime, limit: int) -> int:
        """Remove at most `limit` of the oldest tries that were made before a moment."""
        with self._database.transaction() as session:
            return session.run(
                "DELETE FROM webhook_attempts WHERE at < ? AND id IN"
                " (SELECT id FROM webhook_attempts ORDER BY id LIMIT ?)",
                (to_ms(before), limit),
            )


def add_attempts(session: Session, attempts: Sequence[Attempt]) -> None:
    """Add tries in an open transaction."""
    if attempts:
        session.load("webhook_attempts", ATTEMPT_COLUMNS, map(row_of_attempt, attempts))
