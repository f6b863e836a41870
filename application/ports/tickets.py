"""Tickets and who owns them, as rows of the store."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec
from eventsourcing.persistence import Notification

from application.ports.read_models import Row


class Ticket(msgspec.Struct, frozen=True):
    """A ticket and who has it: nobody, an order until `held_till`, or an order for good."""

    id: str
    show: str
    set: str
    number: int
    seat: bytes
    order: str | None = None
    held_till: datetime | None = None

    def vacant_at(self, now: datetime) -> bool:
        """Whether it is vacant at `now`; an overdue hold does not count."""
        return self.order is None or (self.held_till is not None and self.held_till <= now)


OwnedRow = tuple[str, str, int | None, str]


"""An order, a ticket that it owns, until when it is held (None: sold), and the ticket's set."""


class Ownership(Protocol):
    """The owners of all tickets, to be compared with the log.

    The rows are those of tickets that an order has: by the ticket, its order and until when it is
    held (milliseconds since the epoch; None: sold).
    """

    def snapshot(self) -> AbstractContextManager[tuple[int, Iterator[Row]]]:
        """The last position of the log and the rows by ticket, in one snapshot."""

    def by_order(self) -> AbstractContextManager[tuple[int, Iterator[OwnedRow]]]:
        """The last position of the log and the rows by order, in one snapshot."""

    def repairing(self) -> AbstractContextManager["Repair"]:
        """Open a transaction in which rows can be corrected; appends wait for its end."""


class Repair(Protocol):
    """A transaction over the tickets while nobody appends to the log."""

    @property
    def position(self) -> int:
        """The last position of the log."""

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """At most `limit` events with a position beyond `after`, by position."""

    def rows(self) -> Iterator[Row]:
        """The rows by ticket, as in a snapshot."""

    def put(self, ticket: str, row: Row | None) -> bool:
        """Set a ticket's owner to that of `row`, or to none; False if there is no such ticket."""
