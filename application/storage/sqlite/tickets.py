"""The rows of tickets."""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from application.ports.tickets import Ticket
from application.runtime.clock import to_ms
from application.storage.shared.ticket_rows import COLUMNS, in_statuses, optional_moment, ticket_of

VACANT_UNTIL = (
    "SELECT w.value,"
    " (SELECT count(*) FROM tickets WHERE set_id = w.value AND order_id IS NULL)"
    " + (SELECT count(*) FROM tickets"
    " WHERE set_id = w.value AND held_till <= :now AND order_id IS NOT NULL),"
    " (SELECT min(held_till) FROM tickets WHERE set_id = w.value AND held_till > :now)"
    " FROM json_each(:sets) w"
)
"""Reads the indexes of vacant and of held tickets, and no row of a ticket."""


def ticket_row(connection: sqlite3.Connection, ticket: str) -> Ticket | None:
    """A ticket by its id, if there is one."""
    row = connection.execute(f"SELECT {COLUMNS} FROM tickets WHERE id = ?", (ticket,)).fetchone()  # noqa: S608 - fixed names
    return row and ticket_of(row)


class TicketReading(ABC):
    """The queries over a store's tickets."""

    @property
    @abstractmethod
    def _reader(self) -> sqlite3.Connection:
        """The connection to the log's file that the calling thread has."""

    def tickets(self, show: str) -> Sequence[Ticket]:
        rows = self._reader.execute(
            "SELECT id, show_id, set_id, number, seat, order_id, held_till FROM tickets"
            " WHERE show_id = ? ORDER BY number",
            (show,),
        )
        return [ticket_of(row) for row in rows]

    def ticket_page(
        self, show: str, statuses: Sequence[str], now: datetime, after: int, limit: int
    ) -> Sequence[Ticket]:
        which, values = in_statuses(statuses, to_ms(now), "?")
        rows = self._reader.execute(
            f"SELECT {COLUMNS} FROM tickets WHERE show_id = ? AND number > ?"  # noqa: S608 - ours
            f" AND ({which}) ORDER BY number LIMIT ?",
            (show, after, *values, limit),
        )
        return [ticket_of(row) for row in rows]

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        rows = self._reader.execute(
            f"SELECT {COLUMNS} FROM json_each(?) w JOIN tickets ON tickets.id = w.value",  # noqa: S608 - fixed names
            (json.dumps(list(ids)),),
        )
        return [ticket_of(row) for row in rows]

    def vacancies(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        return self._counts(shows, "order_id IS NULL OR held_till <= ?", now)

    def vacant_until(
        self, sets: Sequence[str], now: datetime
    ) -> dict[str, tuple[int, datetime | None]]:
        about = {"sets": json.dumps(list(sets)), "now": to_ms(now)}
        rows = self._reader.execute(VACANT_UNTIL, about)
        return {row[0]: (row[1], optional_moment(row[2])) for row in rows}

    def reservations(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        return self._counts(shows, "held_till > ?", now)

    def _counts(self, shows: Sequence[str], which: str, now: datetime) -> dict[str, int]:
        counts: dict[str, int] = {}
        for show in shows:
            rows = self._reader.execute(
                "SELECT set_id, count(*) FROM tickets WHERE show_id = ?"  # noqa: S608 - ours
                f" AND ({which}) GROUP BY set_id",
                (show, to_ms(now)),
            )
            counts.update(rows.fetchall())
        return counts

    def overdue(self, seats: Sequence[str], sets: Sequence[str], now: datetime) -> list[str]:
        moment = to_ms(now)
        orders: dict[str, None] = {}
        for seat in seats:
            ticket = ticket_row(self._reader, seat)
            if ticket and ticket.order and ticket.vacant_at(now):
                orders[ticket.order] = None
        for set_id in sets:
            rows = self._reader.execute(
                "SELECT DISTINCT order_id FROM tickets"
                " WHERE set_id = ? AND held_till <= ? LIMIT 100",
                (set_id, moment),
            )
            orders.update((row[0], None) for row in rows)
        return list(orders)
