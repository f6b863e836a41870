"""One batch of writes in the embedded store's one writing transaction.

Each kind of thing is found or stored by one statement for the whole batch: every statement gives
up the interpreter to the threads that make answers, and getting it back costs more than SQLite.
"""

import random
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from eventsourcing.persistence import Notification, StoredEvent

from application.clock import from_ms, to_ms
from application.storage.batch import Batch, Draft, Sought, facts_of
from application.storage.sqlite_tickets import (
    COLUMNS,
    PLACES,
    apply_ticket_changes,
    ticket_of,
)
from application.store import Answered, Write

FACTS = (
    "SELECT originator_id, originator_version, topic, state, rowid FROM json_each(?) wanted"
    " CROSS JOIN orders_events ON originator_id = wanted.value ORDER BY originator_version"
)
ANSWERED = (
    "SELECT partner, requests.key, fingerprint, order_id, version, at FROM json_each(?) wanted"
    " CROSS JOIN requests ON partner = wanted.value ->> 0 AND requests.key = wanted.value ->> 1"
)
SEATS = f"SELECT {COLUMNS} FROM json_each(?) wanted CROSS JOIN tickets ON tickets.id = wanted.value"  # noqa: S608 - fixed names
_PICK = (
    "SELECT json_group_array(id) FROM (SELECT id FROM tickets"
    " WHERE set_id = ? AND order_id IS NULL AND shuffle {side} ? ORDER BY shuffle LIMIT ?)"
)
PICK_BEYOND = _PICK.format(side=">=")
PICK_BEFORE = _PICK.format(side="<")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[str]).decode


def as_json(values: Any) -> str:
    """Values as the JSON text that `json_each` takes apart."""
    return _encode(values).decode()


class SqliteBatch(Batch):
    """Carries out writes in the open transaction of `connection`. Nobody else can be writing."""

    def __init__(self, connection: sqlite3.Connection, writes: Mapping[int, Write[Any]]) -> None:
        super().__init__(writes)
        self._connection = connection

    def find(self) -> None:
        """Find what the writes need."""
        sought = Sought.by(write.needs for write in self.writes.values())
        view = self.view
        view.orders, view.requests = set(sought.orders), set(sought.requests)
        if sought.requests:
            self._find_answered(sought.requests)
        if sought.orders:
            for row in self._connection.execute(FACTS, (as_json(list(sought.orders)),)):
                view.facts.setdefault(row[0], []).append(Notification(*row))
        if sought.seats:
            rows = self._connection.execute(SEATS, (as_json(list(sought.seats)),))
            view.seats = {row[0]: ticket_of(row) for row in rows}
            view.claimed = {each.id for each in view.seats.values() if each.order is None}
        for set_id, count in sought.picks.items():
            self._pick(set_id, count)
        if sought.numbers:
            last = self._connection.execute(
                "SELECT value FROM counters WHERE name = 'number'"
            ).fetchone()[0]
            view.numbers = list(range(last + sought.numbers, last, -1))

    def _find_answered(self, requests: Iterable[tuple[str, str]]) -> None:
        for partner, key, fingerprint, order, version, at in self._connection.execute(
            ANSWERED, (as_json(list(requests)),)
        ):
            self.view.answered[partner, key] = Answered(
                partner, key, fingerprint, order, version, from_ms(at)
            )

    def _pick(self, set_id: str, count: int) -> None:
        """At most `count` vacant tickets of a set, from a random place in its shuffled order."""
        start = random.randrange(PLACES)  # noqa: S311 - which seat a buyer gets is no secret
        picked = self._picked(PICK_BEYOND, set_id, start, count)
        if len(picked) < count:
            picked += self._picked(PICK_BEFORE, set_id, start, count - len(picked))
        self.view.vacant[set_id] = picked
        if len(picked) < count:
            self.view.exhausted.add(set_id)

    def _picked(self, statement: str, set_id: str, start: int, count: int) -> list[str]:
        row = self._connection.execute(statement, (set_id, start, count)).fetchone()
        return _decode(row[0])

    def store(self) -> list[int]:
        """Store what was settled; return the positions of the facts, in the order of `drafts`."""
        drafts = self.drafts
        if not drafts:
            return []
        used = [each.found.number for each in self.settled.values() if not each.draft.empty]
        if any(used):
            self._connection.execute(
                "UPDATE counters SET value = ? WHERE name = 'number'", (max(used),)
            )
        return store_drafts(self._connection, drafts)


def store_drafts(connection: sqlite3.Connection, drafts: Sequence[Draft]) -> list[int]:
    """Store drafts in the open transaction; return the positions of their facts.

    Raises `TicketTaken`, and `sqlite3.IntegrityError` for a version or a request that exists.
    """
    positions = _append(connection, list(facts_of(drafts)))
    apply_ticket_changes(connection, [change for draft in drafts for change in draft.changes])
    answered = [each for draft in drafts for each in draft.answered]
    if answered:
        connection.executemany(
            "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    each.partner,
                    each.key,
                    each.fingerprint,
                    each.order,
                    each.version,
                    to_ms(each.at),
                )
                for each in answered
            ],
        )
    return positions


def _append(connection: sqlite3.Connection, facts: Sequence[StoredEvent]) -> list[int]:
    if not facts:
        return []
    last = connection.execute("SELECT max(rowid) FROM orders_events").fetchone()[0] or 0
    positions = list(range(last + 1, last + 1 + len(facts)))
    places = ", ".join(["(?, ?, ?, ?, ?)"] * len(facts))
    values: list[Any] = []
    for position, fact in zip(positions, facts, strict=True):
        values += (
            position,
            fact.originator_id,
            fact.originator_version,
            fact.topic,
            fact.state,
        )
    connection.execute(
        "INSERT INTO orders_events"  # noqa: S608 - only places for values
        f" (rowid, originator_id, originator_version, topic, state) VALUES {places}",
        values,
    )
    return positions
