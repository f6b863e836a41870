"""Refused attempts on PostgreSQL: a table apart from the log."""

from collections.abc import Sequence
from datetime import datetime

from application.ports.rejection_log import MOST_ATTEMPTS, Attempt
from application.runtime.clock import from_ms, to_ms
from application.storage.postgres.connections import Readers

ADD = (
    "INSERT INTO attempts (order_id, at, version, actor, request, code, wanted, about)"
    " SELECT w.* FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],"
    " %s::text[], %s::bytea[], %s::bytea[])"
    " AS w (order_id, at, version, actor, request, code, wanted, about)"
    " WHERE (SELECT count(*) FROM attempts a WHERE a.order_id = w.order_id) < %s"
)


class PostgresAttempts:
    """The port for attempts (`application/ports/rejection_log.py`) on PostgreSQL."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Note attempts in one statement."""
        rows = [
            (
                each.order,
                to_ms(each.at),
                each.version,
                each.actor,
                each.request,
                each.code,
                each.wanted,
                each.about,
            )
            for each in attempts
        ]
        with self._readers.transaction() as connection:
            connection.execute(ADD, (*map(list, zip(*rows, strict=True)), MOST_ATTEMPTS))

    def of(self, order: str) -> list[Attempt]:
        """The attempts on an order, oldest first."""
        rows = self._readers.rows(
            "SELECT order_id, at, version, actor, request, code, wanted, about FROM attempts"
            " WHERE order_id = %s ORDER BY at, id",
            (order,),
        )
        return [Attempt(row[0], from_ms(row[1]), *row[2:]) for row in rows]

    def purge(self, before: datetime, most: int) -> int:
        """Forget attempts older than `before`, at most so many; return how many."""
        with self._readers.transaction() as connection:
            gone = connection.execute(
                "DELETE FROM attempts WHERE id IN"
                " (SELECT id FROM attempts WHERE at < %s ORDER BY at LIMIT %s)",
                (to_ms(before), most),
            )
            return gone.rowcount
