"""The one port to a store. `storage/` has an implementation for each database; only it has SQL.

A write goes through in three steps, for as many requests at once as are waiting: the store finds
what each of them needs to know (`Needs`, `Found`), each decides on its own and saves its facts,
and one durable commit carries them all.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec
from eventsourcing.persistence import ApplicationRecorder, Notification

if TYPE_CHECKING:  # it names a Range of this file
    from application.audit.records import AuditRecords
    from application.beside_log import BesideLog

T = TypeVar("T")


class StoreUnavailable(Exception):
    """The store cannot be reached now. Nothing was changed; asking again later is safe."""


class OutcomeUnknown(StoreUnavailable):
    """Something was to be committed, and nobody can tell now whether it was, or is safe.

    Only a request with an Idempotency-Key can safely be sent again.
    """


class LayoutTooNew(Exception):
    """The database was laid out by a later version of this service."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The database has layout {found}; this version of orderlog knows up to {known}."
            " Use the version that the other processes use."
        )


class CopyUnfinished(Exception):
    """The database is a copy of another one that was begun and not finished."""

    def __init__(self) -> None:
        super().__init__(
            "The database is a copy that is not finished: give the same orderlog copy again."
        )


class TicketTaken(Exception):
    """A ticket that was vacant a moment ago belongs to another order now."""


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
        """Whether it can be had at `now`: an overdue hold keeps nothing."""
        return self.order is None or (self.held_till is not None and self.held_till <= now)


class LogPoint(msgspec.Struct, frozen=True):
    """A place in a log: the log's id, a position, and the hash of the event there.

    Whoever has seen it can tell later whether the log still has that history. Without an event
    at the position the hash is empty: nothing can be told by it.
    """

    log: str
    position: int
    hash: bytes


class Excerpt(msgspec.Struct, frozen=True):
    """Events that follow `after`, and where that is, all read at one moment.

    `before` is the hash of the event at `after`, `hash` that of the last one of `events`; each is
    empty where there is none.
    """

    log: str
    after: int
    before: bytes
    events: Sequence[Notification]
    hash: bytes

    @property
    def start(self) -> LogPoint:
        """Where the events begin."""
        return LogPoint(self.log, self.after, self.before)

    @property
    def end(self) -> LogPoint:
        """Where the last event is; the start for none."""
        if not self.events:
            return self.start
        return LogPoint(self.log, self.events[-1].id, self.hash)


class Answered(msgspec.Struct, frozen=True):
    """An idempotency record: a request that was answered, and what came of it.

    `digest` is that of its Idempotency-Key (`application/idempotency.py`). The answer itself is not
    kept: it is the order at `version`, seen at `at`. Where the request brought events about, they
    are the record's: the last of them has the same digest, fingerprint, version and time.
    """

    digest: bytes
    fingerprint: bytes
    order: str
    version: int
    at: datetime


class BeingRebuilt(Exception):
    """Somebody else is making a new generation of this read model."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being rebuilt by another process.")


class KeyTwice(Exception):
    """More than one order has a row with a key that can belong to one only."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__(f"More than one order has the row {key} of {name}.")


class Needs(msgspec.Struct, frozen=True):
    """What a write must know before it can decide.

    `request` is the digest of its Idempotency-Key.
    """

    order: str | None = None
    number: bool = False
    seats: tuple[str, ...] = ()
    picks: dict[str, int] = msgspec.field(default_factory=dict)
    request: bytes | None = None


class Found(msgspec.Struct):
    """The answers to a write's `Needs`. `picks` maps vacant tickets to their sets."""

    facts: Sequence[Notification] = ()
    number: int = 0
    seats: Sequence[Ticket] = ()
    picks: dict[str, str] = msgspec.field(default_factory=dict)
    answered: Answered | None = None

    @property
    def position(self) -> int:
        """The position that shows the order as it was found; 0 for none."""
        return self.facts[-1].id if self.facts else 0


class TicketChange(msgspec.Struct, frozen=True):
    """What an order's new facts mean for the rows of its tickets.

    `taken` tickets become the order's, `freed` ones nobody's, and `kept` ones stay; taken and
    kept are held until `held_till`, or are sold when that is None.
    """

    order: str
    taken: Sequence[str] = ()
    freed: Sequence[str] = ()
    kept: Sequence[str] = ()
    held_till: datetime | None = None


class Write(msgspec.Struct, Generic[T]):
    """One request's wish to change something.

    `decide` gets the store's open transaction (to hand on to `Application.save`) and what was
    found. It runs once or, after a lost race, again. It may refuse by raising; it must not wait.
    `till` (of the monotonic clock) is when its request waits no longer; a store that bounds
    waiting sets it if it is None, and a request hands it on to all that it has to write.
    """

    needs: Needs
    decide: Callable[[Any, Found], T]
    till: float | None = None


class Written(msgspec.Struct, Generic[T]):
    """What a write's `decide` returned, and the log's position that shows it."""

    result: T
    position: int


MOST_ATTEMPTS = 200
"""So many refused attempts are kept of one order: a client that tries for ever fills no disk."""


class Attempt(msgspec.Struct, frozen=True):
    """Something that was asked of an order and could not be had.

    `version` is the order's that was met, `code` the refusal's, or a word of `explain`'s for what
    is no refusal. `wanted` and `about` are JSON: what was asked, and the values that explain why.
    """

    order: str
    at: datetime
    version: int
    actor: str
    request: str
    code: str
    wanted: bytes
    about: bytes


class Store(Protocol):
    """Everything the service asks of a database."""

    @property
    def recorder(self) -> ApplicationRecorder:
        """The library's recorder over this store; what `Application.save` writes to."""

    def log_id(self) -> str:
        """The log's own id, 32 hex digits: made with the log, kept by backups, not by copies."""

    def write_all(self, writes: Sequence[Write[T]]) -> list[Written[T] | Exception]:
        """Carry out `writes`, each on its own; return after the commit is on the disk.

        The results are in the order of the writes; one that refused is its exception.
        """

    def facts(self, order: str) -> Sequence[Notification]:
        """An order's stored facts with their positions, oldest first. Empty: no such order."""

    def facts_before(self, versions: Mapping[str, int]) -> dict[str, Sequence[Notification]]:
        """By order, its facts below a version, oldest first; orders without any are absent."""

    def split_points(self, count: int) -> Sequence[str]:
        """Fewer than `count` ids that split the log by orders into parts of about the same size."""

    def facts_of_range(
        self, part: "Range", till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        """The facts of a range of orders with positions up to `till`, by order and version.

        Each is its order's id, its stored name and its bytes.
        """

    def answered(self, digest: bytes) -> Answered | None:
        """What came of the request whose Idempotency-Key has this digest."""

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """At most `limit` facts with a position beyond `after`, by position, none missing."""

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
        """What there is for the audit."""

    def ownership(self) -> "Ownership":
        """Who has which ticket, as a whole."""

    def beside_log(self) -> "BesideLog":
        """What could be made again from the log: idempotency records, counters."""

    def attempts(self) -> "AttemptRecords":
        """Where refused attempts are kept."""

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


class AttemptRecords(Protocol):
    """Refused attempts, apart from the facts."""

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Note attempts; of an order that has `MOST_ATTEMPTS` already, no more."""

    def of(self, order: str) -> Sequence[Attempt]:
        """The attempts on an order, oldest first."""

    def purge(self, before: datetime, most: int) -> int:
        """Forget attempts older than `before`, at most so many; return how many."""


class CatalogChange(Protocol):
    """A transaction over the catalogue; committed as a whole, or not at all."""

    def documents(self) -> dict[tuple[str, str], bytes]:
        """The documents as they are."""

    def put(self, kind: str, key: str, document: bytes) -> None:
        """Add or replace a document."""

    def tickets(self, show: str) -> Iterator[Ticket]:
        """All tickets of a show by their numbers."""

    def tickets_by_id(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """These tickets, of whatever show; unknown ones are absent."""

    def add_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Add vacant tickets."""

    def remove_tickets(self, ids: Iterable[str]) -> None:
        """Remove vacant tickets; raises `TicketTaken` when one is not."""

    def change_ticket(self, ticket: Ticket) -> None:
        """Change a ticket's seat; all else stays."""

    def ticket_list(self, show: str) -> bytes | None:
        """The list of a show's tickets as it was stored (`application/ticket_lists.py`)."""

    def restore_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Write the rows of tickets, new or not, as they are listed; who has them stays."""

    def relist(self, show: str) -> None:
        """Add all tickets that a show has rows of to its list."""


class Table(msgspec.Struct, frozen=True):
    """The shape of a read model's table: a key, these columns (int or str), and a document.

    The columns that `sums` names are added up: a row that is written adds its numbers to those of
    the row with the same key. A row in which all of them are nought counts as absent. The columns
    that `sparse` names are null in most rows, which an index that begins with one leaves out.
    """

    name: str
    columns: dict[str, type]
    indexes: tuple[tuple[str, ...], ...] = ()
    sums: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """What rows look like, as one line."""
        kinds = (
            f"{name} {'sum' if name in self.sums else kind.__name__}"
            for name, kind in self.columns.items()
        )
        return ", ".join(kinds)


class ModelState(msgspec.Struct, frozen=True):
    """How far a read model has got, why it stands still if it does, and who feeds it now.

    It does `stopped_since` then: milliseconds since the epoch. `log` and `hash` are the log's id
    and the hash of the event at its position (of one that is being made: at its target), as it was
    fed; empty if that is not known. It has `diverged` if the log has another id or hash there now:
    it shows what never happened in this log. One that was begun anew shows too little until it
    has got to the position `awaited`.
    """

    name: str
    generation: int
    position: int
    stopped: str | None = None
    feeder: str | None = None
    stopped_since: int | None = None
    log: str = ""
    hash: bytes = b""
    diverged: bool = False
    awaited: int = 0

    @property
    def is_true(self) -> bool:
        """Whether its rows are what the log says, as far as its position goes."""
        return not self.diverged and self.position >= self.awaited

    def behind(self, last: int) -> int:
        """How many positions up to `last` it does not show; negative if it is ahead of the log.

        Where the log has the event at its position, `last` was read before or by a process that
        knows less: then nothing is missing.
        """
        behind = last - self.position
        return 0 if behind < 0 and self.hash and not self.diverged else behind


class Row(msgspec.Struct, frozen=True):
    """A row of a read model: its key, its columns in the table's order, its document."""

    key: str
    columns: tuple[Any, ...]
    document: bytes = b""


class Page(msgspec.Struct, frozen=True):
    """Which rows of a read model are wanted.

    Of the terms of `where` all must hold, of a term's alternatives one. An alternative is a list
    of (column, operator, value) that hold together; the operators are = < <= > >=. Rows come by
    `sort` and then by key, `descending` or not, beyond `after` (sort value and key of the last
    row seen). A read model that is begun anew refuses pages until it has got to where it was,
    unless they may be `partial`.
    """

    sort: str
    where: tuple[tuple[tuple[tuple[str, str, Any], ...], ...], ...] = ()
    descending: bool = True
    after: tuple[Any, str] | None = None
    limit: int = 50
    partial: bool = False


class ModelNotTrue(Exception):
    """The log went back: this read model shows another history, or is still being begun anew."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The read model {name} is being made anew, since the log went back.")


class Range(msgspec.Struct, frozen=True):
    """The orders whose ids are at least `lower` and below `upper`; all beyond, if that is None."""

    number: int
    lower: str
    upper: str | None


def ranges_between(points: Sequence[str]) -> list[Range]:
    """The ranges that have these ids, which ascend, as their bounds: one more than there are."""
    bounds: list[str | None] = ["", *points, None]
    return [
        Range(number, lower or "", upper) for number, (lower, upper) in enumerate(pairwise(bounds))
    ]


class Build(msgspec.Struct, frozen=True):
    """A generation that is being made, by which code, of the log up to which position."""

    state: ModelState
    code: str
    target: int


class ReadModels(Protocol):
    """The tables that projections fill. They can be thrown away and made again from the log.

    A table has generations: one is live, the one before it may be kept, one may be being made.
    """

    def ensure(self, table: Table) -> None:
        """Make the table of a read model if there is none."""

    def renew(self, table: Table) -> bool:
        """Put an empty table in the place of one of another shape; tell whether it was one.

        Another version of this service made that one; it is kept. The new one is filled from the
        log again.
        """

    def begin_anew(self, state: ModelState, awaited: int) -> bool:
        """Put an empty generation in the place of `state`, which has diverged; tell whether it did.

        Until it has got to the position `awaited`, pages are refused. What is kept is dropped;
        who feeds it goes on. False: somebody else has done so, or it has moved on.
        """

    def end_wait(self, state: ModelState) -> None:
        """Let pages be read again: the generation shows all that there is."""

    def state(self, name: str) -> ModelState:
        """How far the live generation of a read model has got."""

    def reload(self, state: ModelState) -> ModelState:
        """How far this generation has got, live or not."""

    def shape(self, state: ModelState) -> str:
        """The `Table.shape` that a generation was made for."""

    def lease(self, name: str, feeder: str, seconds: float) -> bool:
        """Leave a read model to `feeder` for the next `seconds`, unless it is another one's.

        Tells whether `feeder` has it now. Who has it asks again before the time is over.
        """

    def release(self, name: str, feeder: str) -> None:
        """Let others have a read model at once, if `feeder` has it."""

    def commit(
        self,
        state: ModelState,
        rows: Sequence[Row],
        position: int,
        gone: Sequence[str] = (),
        point: LogPoint | None = None,
    ) -> bool:
        """Write rows and position together, if nobody has moved on from `state`; else False.

        The rows with the keys `gone`, none of which is among `rows`, are removed. `point` is what
        the log has at `position`.
        """

    def stop(self, state: ModelState, reason: str) -> None:
        """Note why a read model stands still."""

    def page(self, name: str, page: Page) -> list[Row]:
        """The wanted rows of the live generation. Raises `ModelNotTrue`."""

    def count(self, name: str, page: Page) -> int:
        """How many rows `page` would have."""

    def snapshot(
        self, state: ModelState, part: Range | None = None
    ) -> AbstractContextManager[tuple[int, Iterator[Row]]]:
        """A generation's position and its rows by key, as they are at this moment.

        All of them, or those with keys in a range.
        """

    def rebuilding(self, name: str) -> AbstractContextManager[None]:
        """Be the only one who makes a generation of this read model. Raises `BeingRebuilt`."""

    def is_rebuilding(self, name: str) -> bool:
        """Whether somebody makes a generation of this read model now."""

    def build(self, table: Table) -> Build | None:
        """The generation of a read model that is being made, or was when its maker ended."""

    def begin(self, table: Table, code: str, target: int, points: Sequence[str]) -> Build:
        """Make an empty generation, to be loaded by the ranges of orders between `points`.

        What an earlier attempt left is dropped.
        """

    def pending(self, state: ModelState) -> list[Range]:
        """The ranges that are not loaded yet."""

    def loaded(self, state: ModelState) -> int:
        """How many facts were loaded; none into a generation that is dropped."""

    def load(self, state: ModelState, part: Range, rows: Sequence[Row], facts: int) -> bool:
        """Add the rows of a range and note that it is loaded, together; False if it was before.

        No two of the rows have the same key.
        """

    def finish(self, build: Build) -> None:
        """Make a generation, all ranges of which are loaded, fit to be fed and read.

        It then stands at the target. Doing it again does no harm. Raises `KeyTwice`.
        """

    def swap(self, state: ModelState) -> bool:
        """Make a generation the live one in one transaction, if it is as far as the live one.

        A live one that has diverged is not waited for; one that has diverged never becomes live.
        The one it replaces is kept; the one kept before is dropped.
        """

    def kept(self, name: str) -> ModelState | None:
        """The generation that was live before."""

    def drop(self, state: ModelState) -> None:
        """Drop a generation that is not live."""


OwnedRow = tuple[str, str, int | None, str]
"""An order, a ticket that is its own, until when it is held (None: sold), and the ticket's set."""


class Ownership(Protocol):
    """Who has which ticket, for all tickets together: to be compared with the log.

    The rows are those of tickets that an order has: by the ticket, its order and until when it is
    held (milliseconds since the epoch; None: sold).
    """

    def snapshot(self) -> AbstractContextManager[tuple[int, Iterator[Row]]]:
        """The last position of the log, and the rows by ticket, as they are at this moment."""

    def by_order(self) -> AbstractContextManager[tuple[int, Iterator[OwnedRow]]]:
        """The same, but by order: the last position of the log, and the rows."""

    def mending(self) -> AbstractContextManager["Mending"]:
        """Open a transaction in which rows can be put right; appends wait for its end."""


class Mending(Protocol):
    """A transaction over the tickets while nobody appends to the log."""

    @property
    def position(self) -> int:
        """The last position of the log."""

    def log(self, after: int, limit: int) -> Sequence[Notification]:
        """At most `limit` facts with a position beyond `after`, by position."""

    def rows(self) -> Iterator[Row]:
        """The rows by ticket, as in a snapshot."""

    def put(self, ticket: str, row: Row | None) -> bool:
        """Let an order have a ticket as `row` says, or nobody; False if there is no such ticket."""
