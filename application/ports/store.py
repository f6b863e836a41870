"""The port to a whole store. `storage/` implements it for each database, and has the only SQL."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec
from eventsourcing.persistence import ApplicationRecorder, Notification

from application.ports.admin_trail import TrailRecords
from application.ports.catalog import CatalogChange
from application.ports.console_sessions import ConsoleSessions
from application.ports.derived_records import DerivedRecords
from application.ports.gateway_notices import NoticeRecords
from application.ports.integrity_records import AuditRecords
from application.ports.key_usage import KeyUsageRecords
from application.ports.log_point import Excerpt, LogPoint
from application.ports.partitions import Range
from application.ports.read_models import ReadModels
from application.ports.rejection_log import AttemptRecords
from application.ports.snapshot import Snapshot
from application.ports.tickets import Ownership, Ticket
from application.ports.unit_of_work import IdempotencyRecord, T, UnitOfWork, Written
from application.ports.webhooks import WebhookRecords
from domain.errors import UserError


class StoreUnavailable(UserError):
    """The store cannot be reached now. Nothing was changed; a retry is safe."""


class OutcomeUnknown(StoreUnavailable):
    """An in-doubt commit: it is not known whether it happened, or is durable.

    Only a request with an Idempotency-Key can be retried safely.
    """


class LayoutTooNew(UserError):
    """A later version of this service made the layout of the database."""

    def __init__(self, loaded: int, known: int) -> None:
        super().__init__(
            f"The database has layout {loaded}; this version of orderlog knows up to {known}."
            " Use the version that the other processes use."
        )


class Layouts(msgspec.Struct, frozen=True):
    """The layout that a database has, and the one that this version makes of it."""

    found: int
    newest: int


class CopyUnfinished(UserError):
    """The database is an unfinished copy of another one."""

    def __init__(self) -> None:
        super().__init__(
            "The database is a copy that is not finished: give the same orderlog copy again."
        )


class Store(Protocol):
    """Everything the service needs of a database."""

    @property
    def recorder(self) -> ApplicationRecorder:
        """The library's recorder over this store, which `Application.save` writes to."""

    def log_id(self) -> str:
        """The log's own id, 32 hex digits: made with the log, kept by backups, not by copies."""

    def write_all(self, writes: Sequence[UnitOfWork[T]]) -> list[Written[T] | Exception]:
        """Carry out units of work, each on its own; return after the commit is on the disk.

        The results are in the order of `writes`; a refused one has its exception.
        """

    def events(self, order: str, snapshot: Snapshot | None = None) -> Sequence[Notification]:
        """An order's stored events with their positions, oldest first; empty: no such order.

        With a snapshot they begin with its last event, if the log has that one with its hash.
        """

    def events_before(self, versions: Mapping[str, int]) -> dict[str, Sequence[Notification]]:
        """By order, its events below a version, oldest first; orders without any are absent."""

    def split_keys(self, count: int) -> Sequence[str]:
        """Fewer than `count` split keys, which divide the log into similar partitions."""

    def events_of_range(
        self, part: "Range", till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        """The events of a range of orders with positions up to `till`, by order and version.

        Each is its order's id, its stored name and its bytes.
        """

    def idempotency_record(self, digest: bytes) -> IdempotencyRecord | None:
        """The idempotency record with this digest."""

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """At most `limit` events with a position beyond `after`, by position, without gaps."""

    def excerpt(self, after: int, limit: int) -> Excerpt:
        """At most `limit` events beyond `after`, without gaps, with the log point at `after`.

        There may be more events even if fewer than `limit` are returned, but not if none are.
        """

    def point_at(self, position: int) -> LogPoint:
        """The log point at a position; without a hash if there is no event."""

    def last_position(self) -> int:
        """The high-water mark: the highest position a reader may have seen; 0 for an empty log."""

    def ends_at(self, position: int) -> bool:
        """Whether `position` is what `last_position` returned last, and no event is beyond it."""

    def assigned_position(self) -> int:
        """The highest position that an event has, even if earlier ones are still to come."""

    def tickets(self, show: str) -> Sequence[Ticket]:
        """All tickets of a show by their numbers."""

    def ticket_page(
        self, show: str, statuses: Sequence[str], now: datetime, after: int, limit: int
    ) -> Sequence[Ticket]:
        """At most `limit` tickets of a show numbered beyond `after`, by their numbers.

        `statuses` are of `vacant`, `reserved` and `sold`, as they are at `now`; none means all.
        """

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """These tickets, in any order; unknown ones are absent."""

    def vacancies(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        """By set, how many tickets are vacant at `now`. Sets with none may be absent."""

    def vacant_until(
        self, sets: Sequence[str], now: datetime
    ) -> dict[str, tuple[int, datetime | None]]:
        """By set, how many tickets are vacant at `now`, and when the next of its holds ends."""

    def reservations(self, shows: Sequence[str], now: datetime) -> dict[str, int]:
        """By set, how many tickets are held at `now`. Sets with none may be absent."""

    def overdue(self, seats: Sequence[str], sets: Sequence[str], now: datetime) -> list[str]:
        """Orders whose hold has ended by `now` but that still keep one of these tickets."""

    def catalog_version(self) -> int:
        """A number that grows with every change of the catalogue or the keys."""

    def catalog(self) -> dict[tuple[str, str], bytes]:
        """The catalogue's documents (JSON) by kind and id."""

    def change_catalog(self) -> AbstractContextManager["CatalogChange"]:
        """Open a transaction over the catalogue, its tickets and the keys."""

    def read_models(self) -> "ReadModels":
        """The store of the read models."""

    def audit(self) -> "AuditRecords":
        """The records of the integrity checks."""

    def ownership(self) -> "Ownership":
        """The owners of all tickets."""

    def derived_records(self) -> "DerivedRecords":
        """Records that can be made again from the log: idempotency records, counters."""

    def attempts(self) -> "AttemptRecords":
        """The log of rejected requests."""

    def notices(self) -> "NoticeRecords":
        """The notices of gateways."""

    def webhooks(self) -> "WebhookRecords":
        """The webhooks."""

    def admin_trail(self) -> "TrailRecords":
        """The administrative trail."""

    def console_sessions(self) -> "ConsoleSessions":
        """The sessions of the console."""

    def key_usage(self) -> "KeyUsageRecords":
        """When keys were last used."""

    def moment(self) -> datetime:
        """The time, to the microsecond, by the clock that decides for all processes.

        It is read at intervals, never in a request. Raises `StoreUnavailable`.
        """

    def troubles(self) -> Mapping[str, str]:
        """By name, a sentence for each problem that prevents writes to the log now; cheap."""

    def undurable_settings(self) -> Sequence[str]:
        """The settings with which a crash may undo what was confirmed, each as `name=value`."""

    def wal_bytes(self) -> int | None:
        """The size of the write-ahead log of the store's file; None if there is none."""

    def wait_for_news(self, after: int, seconds: float) -> None:
        """Return when the log may have grown beyond `after`, or after `seconds`."""

    def close(self) -> None:
        """Close all connections."""


class StoreOpener(msgspec.Struct, frozen=True):
    """Opens a store in the process that it is sent to: an address, and the function to open it."""

    open: Callable[[str], Store]
    database: str

    def __call__(self) -> Store:
        """Open the store. Raises what opening raises."""
        return self.open(self.database)
