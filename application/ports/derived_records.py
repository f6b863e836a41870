"""The port to what a store keeps beside the log and could make again from it.

These are the idempotency records, and the counters from which order numbers and positions are
assigned. Each changes in the commit of the events it belongs to, so a record that is missing for an
event that can be read is missing for good: nothing here needs a lock against writers.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from application.ports.ticket_lists import Listed
from application.ports.unit_of_work import IdempotencyRecord

RecordRow = tuple[str, int, bytes | None, bytes, int]
"""An idempotency record as it is kept: order, version, digest, fingerprint, time (milliseconds).

The digest is None for a row whose digest is none of ours."""


class CatalogMoment(Protocol):
    """The catalogue's documents, the lists of tickets and their rows, at one moment."""

    def documents(self) -> Mapping[tuple[str, str], bytes]:
        """The documents by kind and id."""

    def ticket_lists(self) -> Iterator[tuple[str, bytes]]:
        """The lists as they are stored, by show."""

    def shows(self) -> Sequence[str]:
        """The shows that have rows of tickets."""

    def rows(self, show: str) -> Sequence[Listed]:
        """A show's rows of tickets, by number and id."""


class DerivedRecords(Protocol):
    """Idempotency records, counters, and the rows of tickets as the catalogue made them."""

    def catalog_moment(self) -> AbstractContextManager[CatalogMoment]:
        """The catalogue with its tickets, as all of it is at this moment."""

    def records_by_order(self) -> AbstractContextManager[tuple[int, Iterator[RecordRow]]]:
        """The last position of the log, and all records by order, as they are at this moment."""

    def records(self, digests: Sequence[bytes]) -> Mapping[bytes, IdempotencyRecord]:
        """The records with these digests; those that are not there are absent."""

    def records_after(self, digest: bytes, limit: int) -> Sequence[IdempotencyRecord]:
        """At most `limit` records with digests beyond this one, by digest."""

    def put_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Write records, each in the place of one with its digest, in one transaction."""

    def remove_records(self, records: Sequence[IdempotencyRecord]) -> None:
        """Remove records, but for those that name another order or version by now."""

    def proven_from(self) -> int:
        """The position up to which events do not say by which Idempotency-Key they came."""

    def last_number(self) -> int | None:
        """The last order number that was assigned; None where its counter is gone."""

    def raise_number(self, number: int) -> None:
        """See that the next order number is beyond `number`."""

    def positions(self) -> tuple[int, int]:
        """The last position that was assigned, and the last that an event has.

        A reader sees no event beyond the first of these.
        """

    def raise_assigned(self, position: int) -> None:
        """See that the next position is beyond `position`."""
