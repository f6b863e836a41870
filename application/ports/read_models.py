"""The port to read models: tables that projections fill, in generations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from application.ports.log_point import LogPoint
from application.ports.partitions import Range
from domain.errors import UserError


class BeingRebuilt(UserError):
    """Another process is making a new generation of this read model."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being rebuilt by another process.")


class KeyTwice(UserError):
    """More than one order has a row with a key that only one may have."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__(f"More than one order has the row {key} of {name}.")


class Table(msgspec.Struct, frozen=True):
    """The shape of a read model's table: a key, these columns (int or str), and a document.

    The columns in `sums` are added up: a row that is written adds its numbers to those of the row
    with the same key. A row in which all of them are zero counts as absent. The columns in `sparse`
    are null in most rows; an index that begins with one omits those rows. Those in `fixed` never
    change in a row once it is there: a store need not write them again, nor their indexes. `form`
    counts the ways in which values were written, from 1: a table with another one is filled again.
    """

    name: str
    columns: dict[str, type]
    indexes: tuple[tuple[str, ...], ...] = ()
    sums: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    form: int = 1

    @property
    def shape(self) -> str:
        """The columns with their kinds, and the form of the values, as one string."""
        kinds = (
            f"{name} {'sum' if name in self.sums else kind.__name__}"
            for name, kind in self.columns.items()
        )
        return ", ".join(kinds) + (f"; form {self.form}" if self.form > 1 else "")


class ModelState(msgspec.Struct, frozen=True):
    """The state of a read model: its position, its projector, and the reason if it has stopped.

    `stopped_since` is when it stopped, in milliseconds since the epoch. `log` and `hash` are the
    log's id and the hash of the event at its position (for a new generation: at its target), as it
    was projected; empty if not known. It has `diverged` if the log has another id or hash there
    now: it shows another history than this log. One that was begun anew is incomplete until it
    reaches the position `awaited`.
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
        """Whether its rows agree with the log up to its position."""
        return not self.diverged and self.position >= self.awaited

    def behind(self, last: int) -> int:
        """How many positions up to `last` it does not show; negative if it is ahead of the log.

        If the log has the event at its position, `last` was read earlier or by a process that has
        seen less: then nothing is missing.
        """
        behind = last - self.position
        return 0 if behind < 0 and self.hash and not self.diverged else behind


class Row(msgspec.Struct, frozen=True):
    """A row of a read model: its key, its columns in the table's order, its document."""

    key: str
    columns: tuple[Any, ...]
    document: bytes = b""


StoredRow = tuple[Any, ...]
"""The same as it is stored: its key, its columns, and its document, which is last."""


class Page(msgspec.Struct, frozen=True):
    """A query for rows of a read model.

    All terms of `where` must hold, and one of a term's alternatives. An alternative is a list of
    (column, operator, value) that must all hold; the operators are = < <= > >=. Rows are sorted by
    `sort` and then by key, `descending` or not, and begin beyond `after` (sort value and key of the
    last row seen). A read model that was begun anew refuses pages until it is as far as it was
    before, unless they may be `partial`. With `apart` each combination of alternatives is looked up
    by itself, and has to have an index that ends with `sort`: then a page costs the same however
    many rows there are. No sums may be asked for so.
    """

    sort: str
    where: tuple[tuple[tuple[tuple[str, str, Any], ...], ...], ...] = ()
    descending: bool = True
    after: tuple[Any, str] | None = None
    limit: int = 50
    partial: bool = False
    apart: bool = False


class ModelNotTrue(UserError):
    """The log went back: this read model shows another history, or is still being begun anew."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The read model {name} is being rebuilt, because the log went back.")


class Build(msgspec.Struct, frozen=True):
    """A generation that is being made: by which code, and up to which position of the log."""

    state: ModelState
    code: str
    target: int


class ReadModels(Protocol):
    """The tables that projections fill. They can be deleted and made again from the log.

    A table has generations: one is live, the one before it may be kept, one may be being made.
    """

    def ensure(self, table: Table) -> None:
        """Make the table of a read model if there is none."""

    def renew(self, table: Table) -> bool:
        """Replace a table of another shape by an empty one; True if there was one.

        The old table was made by another version of this service; it is kept. The new one is filled
        from the log.
        """

    def begin_anew(self, state: ModelState, awaited: int) -> bool:
        """Replace a diverged generation `state` by an empty one; return whether it did.

        Pages are refused until it reaches the position `awaited`. The kept generation is dropped,
        and the lease stays. False: another process has done so, or it has advanced.
        """

    def end_wait(self, state: ModelState) -> None:
        """Allow pages to be read again: the generation is complete."""

    def state(self, name: str) -> ModelState:
        """The state of a read model's live generation."""

    def states(self, names: Sequence[str]) -> dict[str, ModelState]:
        """The same of several read models, by their names."""

    def reload(self, state: ModelState) -> ModelState:
        """The state of a generation, live or not."""

    def shape(self, state: ModelState) -> str:
        """The `Table.shape` that a generation was made for."""

    def lease(self, name: str, projector: str, seconds: float) -> bool:
        """Lease a read model to `projector` for the next `seconds`, unless another has it.

        Returns whether `projector` has the lease now. The holder renews it before it ends.
        """

    def release(self, name: str, projector: str) -> None:
        """Release the lease of a read model, if `projector` has it."""

    def commit(
        self,
        state: ModelState,
        rows: Sequence[Row],
        position: int,
        gone: Sequence[str] = (),
        point: LogPoint | None = None,
    ) -> bool:
        """Write rows and position together; False if another process has advanced `state`.

        The rows with the keys `gone`, none of which is among `rows`, are removed. `point` is the
        log point at `position`.
        """

    def stop(self, state: ModelState, reason: str) -> None:
        """Record why a read model has stopped."""

    def page(self, name: str, page: Page) -> list[Row]:
        """The queried rows of the live generation. Raises `ModelNotTrue`."""

    def values(self, name: str, page: Page, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """These columns of the same rows, of which `key` and `document` are two.

        Whoever needs few of many columns reads the rows in half the time.
        """

    def count(self, name: str, page: Page) -> int:
        """The number of rows that `page` selects."""

    def tally(self, name: str, page: Page, column: str) -> dict[str, int]:
        """How many of the rows that `page` selects have each value of a column."""

    def snapshot(
        self, state: ModelState, part: Range | None = None
    ) -> AbstractContextManager[tuple[int, Iterator[Row]]]:
        """A snapshot of a generation: its position, and its rows by key.

        All of them, or those with keys in a range.
        """

    def stored_rows(
        self, state: ModelState, part: Range | None = None
    ) -> AbstractContextManager[tuple[int, Iterator[StoredRow]]]:
        """The same, with the rows as they are stored."""

    def comparison(
        self, live: ModelState, new: ModelState
    ) -> AbstractContextManager[tuple[int, Callable[[], bool]]]:
        """A comparison of two generations by the database, which takes a fraction of reading both.

        The position of the live one, which stays as it is now, and a function that returns whether
        the new one has the same rows when it is called. It may be wrong to say that it has not.
        """

    def rebuilding(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock for rebuilding this read model. Raises `BeingRebuilt`."""

    def is_rebuilding(self, name: str) -> bool:
        """Whether a process is rebuilding this read model now."""

    def build(self, table: Table) -> Build | None:
        """The new generation of a rebuild that is running or was interrupted."""

    def begin(self, table: Table, code: str, target: int, split_keys: Sequence[str]) -> Build:
        """Make an empty generation, to be loaded by the ranges of orders between `split_keys`.

        The remains of an earlier rebuild are dropped.
        """

    def pending(self, state: ModelState) -> list[Range]:
        """The ranges that are not loaded yet."""

    def loaded(self, state: ModelState) -> int:
        """The number of loaded events; 0 if the generation was dropped."""

    def load(self, state: ModelState, part: Range, rows: Sequence[Row], events: int) -> bool:
        """Add the rows of a range and record it as loaded, together; False if it was already.

        No two of the rows have the same key.
        """

    def finish(self, build: Build) -> None:
        """Complete a generation whose ranges are all loaded, so that it can be projected and read.

        Its position is then the target. This can be repeated. Raises `KeyTwice`.
        """

    def swap(self, state: ModelState) -> bool:
        """Swap a generation in, in one transaction, if it is as far as the live one.

        A live one that has diverged is not waited for; one that has diverged never becomes live.
        The one it replaces is kept; the one kept before is dropped.
        """

    def kept(self, name: str) -> ModelState | None:
        """The generation that was live before."""

    def drop(self, state: ModelState) -> None:
        """Drop a generation that is not live."""
