"""The port to a database as a whole: all that has to be kept, as rows that any store can hold.

Read models are not among it: they are made again from the log.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

Value = str | int | bytes | None
Row = tuple[Value, ...]


class Part(msgspec.Struct, frozen=True):
    """One kind of rows. They come by their keys: the first `key` values of each.

    Rows of a part that only `grows` are never changed, and new ones come beyond all others.
    """

    name: str
    key: int = 1
    grows: bool = False

    def key_of(self, row: Row) -> Row:
        """A row's key."""
        return row[: self.key]


EVENTS = Part("events", grows=True)
PARTS = (
    EVENTS,
    Part("requests"),
    Part("tickets"),
    Part("ticket_lists"),
    Part("documents", key=2),
    Part("attempts"),
    Part("checkpoints"),
    Part("setbacks"),
)


class Counters(msgspec.Struct, frozen=True):
    """The last order number that was given out, and the version of the catalogue.

    Events with positions up to `proven_from` do not say by which Idempotency-Key they came.
    """

    number: int
    catalog: int
    proven_from: int = 0


class Readable(Protocol):
    """Where rows to copy come from."""

    def count(self, part: Part) -> int:
        """How many rows a part has."""

    def rows(self, part: Part, after: Row | None, limit: int) -> Sequence[Row]:
        """At most `limit` rows with keys beyond `after`, by their keys."""


class Copyable(Readable, Protocol):
    """A database to be copied, or to become a copy."""

    def served_by(self) -> str | None:
        """A process that serves this database now, if one does."""

    def is_unfinished(self) -> bool:
        """Whether this is a copy that was begun and not finished."""

    def is_empty(self) -> bool:
        """Whether there is nothing in it."""

    def begin(self) -> None:
        """Note that this is going to be a copy: no store opens it until `finish`.

        Its read models are dropped.
        """

    def replace(self, part: Part, after: Row | None, till: Row | None, rows: Sequence[Row]) -> None:
        """Have these rows, and no others, with keys beyond `after` up to `till` (None: any)."""

    def counters(self) -> Counters:
        """The counters as they are."""

    def finish(self, counters: Counters) -> None:
        """Set the counters, see that new positions come beyond the last, and open it to all."""

    def close(self) -> None:
        """Give back the connection."""
