"""The port to derived records, which can be made again from the log.

These are the idempotency records, and the counters from which order numbers and positions are
assigned. Each changes in the commit of the events it belongs to. So a record that is missing for a
readable event will not appear later, and nothing here needs a lock against writers.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from application.ports.ticket_lists import Listed
from application.ports.unit_of_work import IdempotencyRecord

RecordRow = tuple[str, int, bytes | None, bytes, int]
"""A stored idempotency record: order, version, digest, fingerprint, time (milliseconds).

The digest is None for a row whose digest is not valid.
"""


class CatalogMoment(Protocol):
    """A snapshot of the catalogue's documents, the lists of tickets, and their rows."""

    def documents(self) -> Mapping[tuple[str, str], bytes]:
        """The documents by kind and id."""

    def ticket_lists(self) -> Iterator[tuple[str, bytes]]:
        """The stored lists, by show."""

    def shows(self) -> Sequence[str]:
        """The shows that have rows of tickets."""

    def rows(self, show: str) -> Sequence[Listed]:
        """A show's rows of tickets, by number and id."""


class DerivedRecords(Protocol):
    """Idempotency records, counters, and the rows of tickets as the catalogue made them."""

    def catalog_moment(self) -> AbstractContextManager[CatalogMoment]:
        """A snapshot of the catalogue and its tickets."""

    def records_by_order(self) -> AbstractContextManager[tuple[int, Iterator[RecordRow]]]:
        """The last position of the log and all records by order, in one snapshot."""

    def records(self, digests: Sequence[bytes]) -> Mapping[bytes, IdempotencyRecord]:
        """The records with these digests; missing ones are absent."""

    def records_after(self, digest: bytes, limit: int) -> Sequence[IdempotencyRecord]:
        """At most `limit` records with digests beyond this one, by digest."""

    def put_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Write records in one transaction; each replaces the one with its digest."""

    def remove_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Remove records, except those that name another order or version by now."""

    def proven_from(self) -> int:
        """The position up to which events do not name their Idempotency-Key."""

    def last_number(self) -> int | None:
        """The last assigned order number; None if its counter is missing."""

    def raise_number(self, number: int) -> None:
        """Raise the counter so that the next order number is beyond `number`."""

    def positions(self) -> tuple[int, int]:
        """The last assigned position, and the last one that an event has.

        A reader sees no event beyond the first of these.
        """

    def raise_assigned(self, position: int) -> None:
        """Raise the counter so that the next position is beyond `position`."""
