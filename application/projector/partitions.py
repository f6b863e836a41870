"""Loads one partition of a new generation: reads its orders' events, and writes their rows.

A partition can be processed in any process on any machine that reaches the database, and any number
of times: it is loaded once.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from application.event_log.event_mapper import event_from
from application.ports.partitions import Range
from application.ports.read_models import ModelState, Row
from application.ports.store import Store, StoreOpener
from application.read_models.changes import totals_of
from application.read_models.registry import REBUILT, Projection
from application.runtime.pacing import give_way
from application.runtime.worker_processes import opened_at_pace
from domain.errors import UserError
from domain.events import Event
from domain.order import Order

if TYPE_CHECKING:
    from application.archive.reading import ArchivedLog

AT_ONCE = 20
"""Each step is done for so many orders before the next one: code that has just run is quicker."""

A = TypeVar("A")
B = TypeVar("B")


class OrderNotShown(UserError):
    """A projection failed to make the rows of an order."""

    def __init__(self, order: str, reason: str) -> None:
        super().__init__(order, reason)
        self.order = order
        self.reason = reason

    def __str__(self) -> str:
        return f"order {self.order}: {self.reason}"


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A partition of a generation to load, as it is sent to a worker process."""

    opener: StoreOpener
    name: str
    generation: int
    target: int
    partition: Range
    archive: str | None = None


class LogByRanges(Protocol):
    """The source of a partition's events: a store, or an archive of its log."""

    def events_of_range(
        self, partition: Range, till: int
    ) -> Generator[tuple[str, str, bytes], None, None]:
        """The events of a partition with positions up to `till`, by order and version."""


def archived_log(folder: Path) -> "ArchivedLog":
    """Open an archive to read partitions from; its libraries are installed with an extra."""
    from application.archive.reading import ArchivedLog  # noqa: PLC0415 - the extra `archive`

    return ArchivedLog(folder)


def carry_out(task: Task) -> int:
    """Load a partition in a worker process; return how many events it has."""
    store, projection = opened_at_pace(task.opener), REBUILT[task.name]
    store.read_models().build(projection.table)
    state = ModelState(task.name, task.generation, 0)
    source = store if task.archive is None else archived_log(Path(task.archive))
    return load_range(store, projection, state, task.partition, task.target, source)


def load_range(
    store: Store,
    projection: Projection,
    state: ModelState,
    partition: Range,
    target: int,
    source: LogByRanges,
) -> int:
    """Load the rows of a partition's events up to the position `target`; return their number.

    Raises `OrderNotShown`.
    """
    events = 0
    rows: list[Row] = []
    totals = totals_of(projection) if projection.table.sums else None
    with closing(source.events_of_range(partition, target)) as stored:
        orders = ((order, list(each)) for order, each in groupby(stored, itemgetter(0)))
        while some := list(islice(orders, AT_ONCE)):
            streams = _each(_decoded, some)
            events += sum(len(stream) for _, stream in streams)
            give_way()
            if totals is not None:
                _each(totals.add, streams)
                continue
            if projection.rows_of is None:
                made = _each(projection.rows, streams)
            else:
                made = _each(projection.rows_of, _each(Order.replay, streams))
            rows += chain.from_iterable(each for _, each in made)
    if totals is not None:
        rows += totals.rows()
    store.read_models().load(state, partition, rows, events)
    return events


def _decoded(stored: list[tuple[str, str, bytes]]) -> list[Event]:
    return [event_from(name, state, order) for order, name, state in stored]


def _each(make: Callable[[A], B], orders: list[tuple[str, A]]) -> list[tuple[str, B]]:
    """What a step makes of each of some orders. Raises `OrderNotShown`."""
    made = []
    for order, given in orders:
        try:
            made.append((order, make(given)))
        except Exception as error:
            raise OrderNotShown(order, f"{type(error).__name__}: {error}") from error
    return made
