"""The port to read models: tables that projections fill, in generations."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from application.ports.log_point import LogPoint
from application.ports.partitions import Range
from domain.errors import UserError


class BeingRebuilt(UserError):
    """Somebody else is making a new generation of this read model."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being rebuilt by another process.")


class KeyTwice(UserError):
    """More than one order has a row with a key that can belong to one only."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__(f"More than one order has the row {key} of {name}.")


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
        """The columns with their kinds as one string."""
        kinds = (
            f"{name} {'sum' if name in self.sums else kind.__name__}"
            for name, kind in self.columns.items()
        )
        return ", ".join(kinds)


class ModelState(msgspec.Struct, frozen=True):
    """How far a read model has got, why it stands still if it does, and who projects it now.

    It does `stopped_since` then: milliseconds since the epoch. `log` and `hash` are the log's id
    and the hash of the event at its position (of one that is being made: at its target), as it was
    projected; empty if that is not known. It has `diverged` if the log has another id or hash there
    now: it shows what never happened in this log. One that was begun anew shows too little until it
    has got to the position `awaited`.
    """

    name: str
    generation: int
    position: int
    stopped: str | None = None
    projector: str | None = None
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


class ModelNotTrue(UserError):
    """The log went back: this read model shows another history, or is still being begun anew."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The read model {name} is being made anew, since the log went back.")


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
        """Put an empty table in the place of one of another shape; True if there was one.

        Another version of this service made that one; it is kept. The new one is filled from the
        log again.
        """

    def begin_anew(self, state: ModelState, awaited: int) -> bool:
        """Put an empty generation in the place of `state`, which has diverged; tell whether it did.

        Until it has got to the position `awaited`, pages are refused. What is kept is dropped;
        who projects it goes on. False: somebody else has done so, or it has moved on.
        """

    def end_wait(self, state: ModelState) -> None:
        """Let pages be read again: the generation shows all that there is."""

    def state(self, name: str) -> ModelState:
        """How far the live generation of a read model has got."""

    def reload(self, state: ModelState) -> ModelState:
        """How far this generation has got, live or not."""

    def shape(self, state: ModelState) -> str:
        """The `Table.shape` that a generation was made for."""

    def lease(self, name: str, projector: str, seconds: float) -> bool:
        """Leave a read model to `projector` for the next `seconds`, unless it is another one's.

        Tells whether `projector` has it now. Who has it asks again before the time is over.
        """

    def release(self, name: str, projector: str) -> None:
        """Let others have a read model at once, if `projector` has it."""

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

    def begin(self, table: Table, code: str, target: int, split_keys: Sequence[str]) -> Build:
        """Make an empty generation, to be loaded by the ranges of orders between `split_keys`.

        What an earlier attempt left is dropped.
        """

    def pending(self, state: ModelState) -> list[Range]:
        """The ranges that are not loaded yet."""

    def loaded(self, state: ModelState) -> int:
        """How many events were loaded; none into a generation that is dropped."""

    def load(self, state: ModelState, part: Range, rows: Sequence[Row], events: int) -> bool:
        """Add the rows of a range and note that it is loaded, together; False if it was before.

        No two of the rows have the same key.
        """

    def finish(self, build: Build) -> None:
        """Make a generation, all ranges of which are loaded, fit to be projected into and read.

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
