"""The log of rejected requests: a table apart from the events."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import astuple

from application.ports.rejection_log import MOST_ATTEMPTS, Attempt
from application.runtime.clock import from_ms, to_ms
from application.storage.shared.database import Database

COLUMNS = "order_id, at, version, actor, request, code, wanted, about"
ADD = (
    f"INSERT INTO attempts ({COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?"  # noqa: S608 - our own names
    " WHERE (SELECT count(*) FROM attempts WHERE order_id = ?) < ?"
)


class RejectionLog:
    """The port `AttemptRecords` (`application/ports/rejection_log.py`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Note rejected requests in one transaction; of each order `MOST_ATTEMPTS` at most."""
        rows = [
            (each.order, to_ms(each.at), *astuple(each)[2:], each.order, MOST_ATTEMPTS)
            for each in attempts
        ]
        with self._database.transaction() as session:
            session.run_each(ADD, rows)

    def of(self, order: str) -> list[Attempt]:
        """The rejected requests of an order, oldest first."""
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM attempts WHERE order_id = ? ORDER BY at, id",  # noqa: S608 - our own names
            (order,),
        )
        return [Attempt(row[0], from_ms(row[1]), *row[2:]) for row in rows]

    def purge(self, before: datetime, most: int) -> int:
        """Remove at most `most` that are older than `before`; return how many."""
        with self._database.transaction() as session:
            return session.run(
                "DELETE FROM attempts WHERE id IN"
                " (SELECT id FROM attempts WHERE at < ? ORDER BY at LIMIT ?)",
                (to_ms(before), most),
            )
