"""Refused attempts on the embedded store: a table apart from the log."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from application.ports.rejection_log import MOST_ATTEMPTS, Attempt
from application.runtime.clock import from_ms, to_ms

ADD = (
    "INSERT INTO attempts (order_id, at, version, actor, request, code, wanted, about)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8"
    " WHERE (SELECT count(*) FROM attempts WHERE order_id = ?1) < ?9"
)


class SqliteAttempts:
    """The port for attempts (`application/ports/rejection_log.py`) on an SQLite file."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
        reader: Callable[[], sqlite3.Connection],
    ) -> None:
        self._transaction = transaction
        self._reader = reader

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Note attempts in one transaction."""
        with self._transaction() as connection:
            connection.executemany(
                ADD,
                [
                    (
                        each.order,
                        to_ms(each.at),
                        each.version,
                        each.actor,
                        each.request,
                        each.code,
                        each.wanted,
                        each.about,
                        MOST_ATTEMPTS,
                    )
                    for each in attempts
                ],
            )

    def of(self, order: str) -> list[Attempt]:
        """The attempts on an order, oldest first."""
        rows = self._reader().execute(
            "SELECT order_id, at, version, actor, request, code, wanted, about FROM attempts"
            " WHERE order_id = ? ORDER BY at, id",
            (order,),
        )
        return [Attempt(row[0], from_ms(row[1]), *row[2:]) for row in rows]

    def purge(self, before: datetime, most: int) -> int:
        """Forget attempts older than `before`, at most so many; return how many."""
        with self._transaction() as connection:
            gone = connection.execute(
                "DELETE FROM attempts WHERE id IN"
                " (SELECT id FROM attempts WHERE at < ? ORDER BY at LIMIT ?)",
                (to_ms(before), most),
            )
        return gone.rowcount
