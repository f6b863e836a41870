"""The statements that copy a database's tables, as both kinds of store can read them."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from application.ports.copyable import Part


class Kept(msgspec.Struct, frozen=True):
    """A table and those of its columns that are kept; the key's come first."""

    table: str
    columns: tuple[str, ...]


KEPT = {
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
    "attempts": ("attempts", "id order_id at version actor request code wanted about"),
}
"""By part, its table and columns, where both stores have the same."""


def kept(position: str) -> Mapping[str, Kept]:
    """By part, where its rows are. `position` is the column of an event's position."""
    event = f"{position} originator_id originator_version topic state hash"
    every = KEPT | {"events": ("orders_events", event)}
    return MappingProxyType(
        {part: Kept(table, tuple(columns.split())) for part, (table, columns) in every.items()}
    )


class Statements(msgspec.Struct, frozen=True):
    """The statements for one part; `mark` is how a value's place is written."""

    partition: Part
    kept: Kept
    placeholder: str

    @property
    def columns(self) -> str:
        """The columns as a list."""
        return ", ".join(self.kept.columns)

    @property
    def key(self) -> str:
        """The key's columns as a list."""
        return ", ".join(self.kept.columns[: self.partition.key])

    def _beyond(self, operator: str) -> str:
        placeholders = ", ".join([self.placeholder] * self.partition.key)
        return f"({self.key}) {operator} ({placeholders})"

    def rows(self, *, beyond: bool) -> str:
        """Rows by their keys, all or those beyond one."""
        where = f" WHERE {self._beyond('>')}" if beyond else ""
        return (
            f"SELECT {self.columns} FROM {self.kept.table}{where}"  # noqa: S608 - our own names
            f" ORDER BY {self.key} LIMIT {self.placeholder}"
        )

    def delete(self, *, beyond: bool, till: bool) -> str:
        """Delete rows by their keys: those beyond one and up to another."""
        bounds = [self._beyond(">")] * beyond + [self._beyond("<=")] * till
        where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
        return f"DELETE FROM {self.kept.table}{where}"  # noqa: S608 - our own names
