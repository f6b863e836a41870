"""The port to a whole database: everything to be copied, as rows that any store can hold.

Read models are not included: they are made again from the log.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

Value = str | int | bytes | None
Row = tuple[Value, ...]


class Part(msgspec.Struct, frozen=True):
    """One kind of rows, sorted by key: the first `key` values of each row.

    Rows of a part that only `grows` never change, and new ones have keys beyond all others.
    """

    name: str
    key: int = 1
    grows: bool = False

    def key_of(self, row: Row) -> Row:
        """A row's key."""
        return row[: self.key]


EVENTS = Part("events", grows=True)
DOCUMENTS = Part("documents", key=2)
PARTS = (
    EVENTS,
    Part("requests"),
    Part("tickets"),
    Part("ticket_lists"),
    DOCUMENTS,
    Part("attempts"),
    Part("gateway_notices", key=2),
    Part("webhooks"),
    Part("webhook_shards"),
    Part("webhook_positions", key=2),
    Part("webhook_lanes", key=3),
    Part("webhook_resends", key=4),
    Part("webhook_attempts"),
    Part("checkpoints"),
    Part("setbacks"),
    Part("admin_trail", grows=True),
)


class Counters(msgspec.Struct, frozen=True):
    """The last assigned order number, and the version of the catalogue.

    Events with positions up to `proven_from` do not name their Idempotency-Key.
    """

    number: int
    catalog: int
    proven_from: int = 0


class Readable(Protocol):
    """The source of rows to copy."""

    def count(self, part: Part) -> int:
        """How many rows a part has."""

    def rows(self, part: Part, after: Row | None, limit: int) -> Sequence[Row]:
        """At most `limit` rows with keys beyond `after`, by their keys."""


class Copyable(Readable, Protocol):
    """A database to be copied, or to become a copy."""

    def served_by(self) -> str | None:
        """The process that serves this database now, if any."""

    def is_unfinished(self) -> bool:
        """Whether this is an unfinished copy."""

    def is_empty(self) -> bool:
        """Whether it is empty."""

    def begin(self) -> None:
        """Mark this as an unfinished copy: no store opens it until `finish`.

        Its read models are dropped.
        """

    def replace(self, part: Part, after: Row | None, till: Row | None, rows: Sequence[Row]) -> None:
        """Replace all rows with keys beyond `after` up to `till` (None: any) by these."""

    def counters(self) -> Counters:
        """The present counters."""

    def finish(self, counters: Counters) -> None:
        """Set the counters, let new positions begin beyond the last, and open it to stores."""

    def close(self) -> None:
        """Give back the connection."""
