"""Copies a database's tables row by row, in the same way for both stores."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from application.ports.copyable import PARTS, Part, Row
from application.storage.shared.database import Dialect, Session, Values
from application.storage.shared.webhook_rows import ATTEMPT_COLUMNS, LANE_COLUMNS
from application.storage.shared.webhook_rows import COLUMNS as WEBHOOK_COLUMNS

COLUMNS = {
    "events": ("orders_events", "{position} originator_id originator_version topic state hash"),
    "requests": ("requests", "digest fingerprint order_id version at"),
    "tickets": ("tickets", "id show_id set_id number seat shuffle order_id held_till"),
    "ticket_lists": ("ticket_lists", "show_id tickets"),
    "documents": ("catalog", "kind id document"),
    "checkpoints": ("checkpoints", "number statement signature"),
    "setbacks": (
        "setbacks",
        (
            "id at seen_by log position hash found_log found_position"
            " acknowledged_at acknowledged_by reason checkpoint"
        ),
    ),
    "admin_trail": ("admin_trail", "number at actor action about hash"),
    "gateway_notices": (
        "gateway_notices",
        "order_id digest system notice type came_at body state resolved_at resolved_by",
    ),
    "webhooks": ("webhooks", f"{WEBHOOK_COLUMNS} shard"),
    "webhook_shards": ("webhook_shards", "shard position log hash"),
    "webhook_positions": ("webhook_positions", "shard webhook position"),
    "webhook_lanes": ("webhook_lanes", f"shard {LANE_COLUMNS}"),
    "webhook_resends": ("webhook_resends", "shard webhook position onwards"),
    "webhook_attempts": ("webhook_attempts", f"id {ATTEMPT_COLUMNS}"),
    "attempts": ("attempts", "id order_id at version actor request code wanted about"),
}
"""By part, its table and the columns that are copied; those of the key come first."""


class CopiedTables(ABC):
    """What is the same in both implementations of `Copyable` (`application/ports/copyable.py`)."""

    @property
    @abstractmethod
    def _dialect(self) -> Dialect:
        """How this database writes it."""

    @abstractmethod
    def _rows(self, statement: str, values: Values = ()) -> list[Any]:
        """All rows of a query. Raises `StoreUnavailable`."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Session]:
        """A transaction that changes the copy. Raises `StoreUnavailable`."""

    def _table(self, part: Part) -> tuple[str, list[str]]:
        """A part's table and the columns that are copied; those of the key come first."""
        table, columns = COLUMNS[part.name]
        return table, columns.format(position=self._dialect.position).replace(",", " ").split()

    def is_empty(self) -> bool:
        return not any(self.rows(part, None, 1) for part in PARTS)

    def count(self, part: Part) -> int:
        table, _ = self._table(part)
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - our own names

    def rows(self, part: Part, after: Row | None, limit: int) -> Sequence[Row]:
        table, columns = self._table(part)
        key = columns[: part.key]
        where = f" WHERE {_compared(key, '>')}" if after is not None else ""
        return self._rows(
            f"SELECT {', '.join(columns)} FROM {table}{where}"  # noqa: S608 - our own names
            f" ORDER BY {', '.join(key)} LIMIT ?",
            (*(after or ()), limit),
        )

    def replace(self, part: Part, after: Row | None, till: Row | None, rows: Sequence[Row]) -> None:
        table, columns = self._table(part)
        key = columns[: part.key]
        bounds = [_compared(key, ">")] * (after is not None)
        bounds += [_compared(key, "<=")] * (till is not None)
        where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
        with self._transaction() as session:
            session.run(f"DELETE FROM {table}{where}", (*(after or ()), *(till or ())))  # noqa: S608 - our own names
            session.load(table, ", ".join(columns), rows)


def _compared(key: Sequence[str], operator: str) -> str:
    """The condition that a key is beyond or up to a given one."""
    return f"({', '.join(key)}) {operator} ({', '.join('?' * len(key))})"
