"""Makes a read model again from the log, beside the live one, and swaps it in when it agrees.

The new generation is loaded by ranges of orders up to one position, side by side and again after
a kill; then it is fed by the live code, compared with the live generation at the same position,
fed on and swapped. The live one is read and fed as ever meanwhile.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from application.projections.code_mark import code_mark
from application.projections.comparison import Difference, differences
from application.projections.pull_loop import feed, read_batch
from application.projections.range_loading import Task, archived_log, load_range
from application.projections.rebuild_workers import Workers
from application.projections.registry import Projection
from application.store import Build, ModelState, Store, StoreUnavailable

if TYPE_CHECKING:
    from application.archive.reading import ArchivedLog

BATCH = 500
RANGE_FACTS = 20_000
"""How many facts a range has: few enough to be held in memory, and to be lost at a kill."""

MOST_BEHIND = 10_000
"""How many positions the live one may be behind to be compared with."""

SHOWN = 10
NEWS_SECONDS = 0.5

Progress = Callable[[int, int], None]
"""Is told how many facts are loaded, and how many there are, about."""


class Stopped(Exception):
    """A new generation cannot be fed beyond a position."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"Cannot go beyond position {position}: {reason}")


class NothingKept(Exception):
    """There is no earlier generation to go back to."""


class Outcome(msgspec.Struct, frozen=True):
    """What a rebuild came to.

    `incomparable` says why the live generation could not be compared with, if it could not.
    `needs_leave` is whether it was not swapped in because nobody said that it may differ.
    """

    position: int
    differences: int = 0
    shown: tuple[Difference, ...] = ()
    incomparable: str | None = None
    needs_leave: bool = False
    swapped: bool = False


def rebuild(
    store: Store,
    projection: Projection,
    progress: Progress,
    *,
    database: str = "",
    workers: Workers | None = None,
    archive: Path | None = None,
    check: bool = False,
    accept_differences: bool = False,
) -> Outcome:
    """Rebuild a read model, and swap it in unless it is only a `check` or has differences.

    The ranges are loaded by `workers`, which open `database`; without them in this process. They
    are read from an `archive` of the log, as far as that goes, if one is named. What an earlier
    attempt of the same code has loaded is used. Raises `BadArchive`, `BeingRebuilt`, `KeyTwice`,
    `OrderNotShown`, `Stopped` and what the workers raise.
    """
    models = store.read_models()
    archived = None if archive is None else archived_log(archive)
    if archived is not None:
        archived.refuse_other(store)
    with models.rebuilding(projection.table.name):
        obstacle = incomparable(store, projection)
        build = _begun(store, projection, obstacle, archived)
        _load(store, projection, build, progress, database, workers, archived)
        models.finish(build)
        if obstacle is None:
            outcome = _compared(store, projection, build.state)
        else:
            position = models.reload(build.state).position
            outcome = Outcome(position, incomparable=obstacle, needs_leave=obstacle != EMPTY)
        if check:
            models.drop(build.state)
            return outcome
        if outcome.needs_leave and not accept_differences:
            return outcome
        position = _swap_in(store, projection, build.state)
    return msgspec.structs.replace(outcome, position=position, swapped=True, needs_leave=False)


def roll_back(store: Store, projection: Projection) -> int:
    """Make the generation before the live one again; return the position it has got to.

    It is caught up first. Raises `NothingKept`, `BeingRebuilt`, `Stopped`.
    """
    models = store.read_models()
    name = projection.table.name
    with models.rebuilding(name):
        kept = models.kept(name)
        if kept is None:
            raise NothingKept(f"No earlier generation of {name} is kept.")
        if models.shape(kept) != projection.table.shape:
            raise NothingKept(
                f"The earlier generation of {name} has other columns:"
                " go back with the version of the service that made it."
            )
        return _swap_in(store, projection, kept)


EMPTY = "it is empty"


def incomparable(store: Store, projection: Projection) -> str | None:
    """Why the live generation is nothing to compare with, if it is not."""
    models = store.read_models()
    live = models.state(projection.table.name)
    behind = store.last_position() - live.position
    if live.position == 0 and behind:
        return EMPTY
    if models.shape(live) != projection.table.shape:
        return "it has other columns"
    if live.stopped is not None:
        return f"it has stopped {live.stopped}"
    if behind > MOST_BEHIND:
        return f"it is {behind} positions behind"
    return None


def _begun(
    store: Store, projection: Projection, obstacle: str | None, archived: "ArchivedLog | None"
) -> Build:
    """The generation that an earlier attempt began, if it serves, or a new one.

    It is loaded up to where the live one is, so that the two can be compared later, and not
    beyond the end of an archive that it is loaded from.
    """
    models = store.read_models()
    name = projection.table.name
    live = models.state(name)
    build = models.build(name)
    target = live.position if obstacle is None else store.last_position()
    if archived is not None:
        target = min(target, archived.position)
    if build is not None and build.code == code_mark() and build.target <= target:
        return build
    points = store.split_points(target // RANGE_FACTS + 1)
    return models.begin(projection.table, code_mark(), target, points)


def _load(
    store: Store,
    projection: Projection,
    build: Build,
    progress: Progress,
    database: str,
    workers: Workers | None,
    archived: "ArchivedLog | None",
) -> None:
    models, state = store.read_models(), build.state
    parts = models.pending(state)
    loaded = models.loaded(state)
    progress(loaded, build.target)
    folder = None if archived is None else str(archived.folder.absolute())
    tasks = [
        Task(database, state.name, state.generation, build.target, part, folder) for part in parts
    ]
    if workers is None or len(tasks) == 1:
        done: Iterator[int] = (
            load_range(store, projection, state, part, build.target, archived or store)
            for part in parts
        )
    else:
        done = workers(tasks)
    for facts in done:
        loaded += facts
        progress(loaded, max(loaded, build.target))


def _compared(store: Store, projection: Projection, state: ModelState) -> Outcome:
    """Compare a generation with the live one, both at the position that the live one has now."""
    models = store.read_models()
    with models.snapshot(models.state(state.name)) as (position, live):
        feed_up_to(store, projection, state, position)
        with models.snapshot(state) as (_, new):
            found = differences(live, new)
            shown = tuple(islice(found, SHOWN))
            count = len(shown) + sum(1 for _ in found)
    return Outcome(position, count, shown, needs_leave=count > 0)


def _swap_in(store: Store, projection: Projection, state: ModelState) -> int:
    """Feed a generation until it is as far as the live one, and make it that at once."""
    models = store.read_models()
    while True:
        position = feed_up_to(store, projection, state, store.last_position())
        if models.swap(models.reload(state)):
            return position


def feed_up_to(store: Store, projection: Projection, state: ModelState, till: int) -> int:
    """Feed a generation up to the position `till`; return its position. Raises `Stopped`.

    What another process has seen already may not be known to be complete here for a moment.
    """
    models = store.read_models()
    while (state := models.reload(state)).position < till:
        stored = [each for each in store.log(state.position, BATCH) if each.id <= till]
        if not stored:
            store.wait_for_news(state.position, NEWS_SECONDS)
            continue
        try:
            feed(store, projection, state, read_batch(store, stored))
        except StoreUnavailable:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise Stopped(state.position, reason) from error
    return state.position
