"""The port to a store as a whole: `storage/` implements it for each database; only there is SQL."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec
from eventsourcing.persistence import ApplicationRecorder, Notification

from application.ports.catalog import CatalogChange
from application.ports.derived_records import DerivedRecords
from application.ports.integrity_records import AuditRecords
from application.ports.log_point import Excerpt, LogPoint
from application.ports.partitions import Range
from application.ports.read_models import ReadModels
from application.ports.rejection_log import AttemptRecords
from application.ports.tickets import Ownership, Ticket
from application.ports.unit_of_work import IdempotencyRecord, T, UnitOfWork, Written
from domain.errors import UserError


class StoreUnavailable(UserError):
    """The store cannot be reached now. Nothing was changed; asking again later is safe."""


class OutcomeUnknown(StoreUnavailable):
    """Something was to be committed, and nobody can tell now whether it was, or is safe.

    Only a request with an Idempotency-Key can safely be sent again.
    """


class LayoutTooNew(UserError):
    """The database was laid out by a later version of this service."""

    def __init__(self, loaded: int, known: int) -> None:
        super().__init__(
            f"The database has layout {loaded}; this version of orderlog knows up to {known}."
            " Use the version that the other processes use."
        )


class CopyUnfinished(UserError):
    """The database is a copy of another one that was begun and not finished."""

    def __init__(self) -> None:
        super().__init__(
            "The database is a copy that is not finished: give the same orderlog copy again."
        )


class Store(Protocol):
    """Everything the service asks of a database."""

    @property
    def recorder(self) -> ApplicationRecorder:
        """The library's recorder over this store; what `Application.save` writes to."""

    def log_id(self) -> str:
        """The log's own id, 32 hex digits: made with the log, kept by backups, not by copies."""

    def write_all(self, writes: Sequence[UnitOfWork[T]]) -> list[Written[T] | Exception]:
        """Carry out `writes`, each on its own; return after the commit is on the disk.

        The results are in the order of the writes; one that refused is its exception.
        """

    def events(self, order: str) -> Sequence[Notification]:
        """An order's stored events with their positions, oldest first. Empty: no such order."""

    def events_before(self, versions: Mapping[str, int]) -> dict[str, Sequence[Notification]]:
        """By order, its events below a version, oldest first; orders without any are absent."""

    def split_keys(self, count: int) -> Sequence[str]:
        """Fewer than `count` ids that split the log by orders into parts of about the same size."""

    def events_of_range(
        self, part: "Range", till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        """The events of a range of orders with positions up to `till`, by order and version.

        Each is its order's id, its stored name and its bytes.
        """

    def idempotency_record(self, digest: bytes) -> IdempotencyRecord | None:
        """What came of the request whose Idempotency-Key has this digest."""

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """At most `limit` events with a position beyond `after`, by position, none missing."""

    def excerpt(self, after: int, limit: int) -> Excerpt:
        """At most `limit` events beyond `after`, none missing, with what is at `after` itself.

        There may be more although fewer than `limit` are returned, but there are none if none are.
        """

    def point_at(self, position: int) -> LogPoint:
        """What the log has at a position; without a hash where it has nothing there."""

    def last_position(self) -> int:
        """The highest position a reader may have seen; 0 for an empty log."""

    def tickets(self, show: str) -> Sequence[Ticket]:
        """All tickets of a show by their numbers."""

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """These tickets, in any order; unknown ones are absent."""

    def vacancies(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        """By set, how many tickets can be had at `now`. Sets with none may be absent."""

    def overdue(self, seats: Sequence[str], sets: Sequence[str], now: datetime) -> list[str]:
        """Orders whose hold has ended by `now` but still keeps one of these tickets."""

    def catalog_version(self) -> int:
        """A number that grows with every change of the catalogue or the keys."""

    def catalog(self) -> dict[tuple[str, str], bytes]:
        """The catalogue's documents (JSON) by kind and id."""

    def change_catalog(self) -> AbstractContextManager["CatalogChange"]:
        """Open a transaction over the catalogue, its tickets and the keys."""

    def read_models(self) -> "ReadModels":
        """Where the read models are kept."""

    def audit(self) -> "AuditRecords":
        """The records of the integrity checks."""

    def ownership(self) -> "Ownership":
        """Which order owns which ticket, for all of them."""

    def derived_records(self) -> "DerivedRecords":
        """What could be made again from the log: idempotency records, counters."""

    def attempts(self) -> "AttemptRecords":
        """The log of rejected requests."""

    def moment(self) -> datetime:
        """What time it is, to the microsecond, by the clock that all processes here decide by.

        Asked for now and then, never with a request. Raises `StoreUnavailable`.
        """

    def troubles(self) -> Mapping[str, str]:
        """By name, in a sentence each, what keeps the log from being written now; cheap to ask."""

    def wal_bytes(self) -> int | None:
        """How large a write-ahead log of the store's own file is; None where there is none."""

    def wait_for_news(self, after: int, seconds: float) -> None:
        """Return when the log may have grown beyond `after`, or after `seconds`."""

    def close(self) -> None:
        """Give back all connections."""


class StoreOpener(msgspec.Struct, frozen=True):
    """Opens a store in whatever process it is handed to: an address, and the function for it."""

    open: Callable[[str], Store]
    database: str

    def __call__(self) -> Store:
        """Open the store. Raises what opening raises."""
        return self.open(self.database)
