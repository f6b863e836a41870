"""Makes a new generation of a read model: loads it by partitions, then projects the rest."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from eventsourcing.persistence import Notification

from application.ports.read_models import Build, ModelState
from application.ports.store import Store, StoreOpener, StoreUnavailable
from application.projector.code_fingerprint import code_fingerprint
from application.projector.loop import Batch, batch_of, project, read_batch
from application.projector.partitions import Task, archived_log, load_range
from application.projector.workers import Workers
from application.read_models.registry import Projection
from application.runtime.failpoints import reach
from application.runtime.pacing import keep_up
from domain.errors import UserError

if TYPE_CHECKING:
    from application.archive.reading import ArchivedLog

BATCH = 500
RANGE_EVENTS = 20_000
"""How many events a partition has: few enough to hold in memory and to repeat after a kill.
"""

NEWS_SECONDS = 0.5

Progress = Callable[[int, int], None]
"""Called with the number of loaded events and about how many there are."""


class Stopped(UserError):
    """A new generation cannot be projected beyond a position."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"Cannot go beyond position {position}: {reason}")


class Loading(msgspec.Struct, frozen=True):
    """How partitions are loaded: by `workers`, which use the `opener`, or else in this process.

    If an archive of the log is named, they are read from it as far as it goes. Each partition has
    about `range_events` events.
    """

    opener: StoreOpener | None = None
    workers: Workers | None = None
    archive: Path | None = None
    range_events: int = RANGE_EVENTS


HERE = Loading()
"""In this process, from the log itself."""


def make_generation(
    store: Store, projection: Projection, target: int, progress: Progress, loading: Loading
) -> ModelState:
    """Make a generation up to the position `target`, or to where an archive of the log ends.

    Partitions that an earlier run of the same code has loaded are used. Raises `BadArchive`,
    `KeyTwice`, `OrderNotShown` and what the workers raise.
    """
    models = store.read_models()
    archived = None if loading.archive is None else archived_log(loading.archive)
    if archived is not None:
        archived.refuse_other(store)
        target = min(target, archived.position)
    build = models.build(projection.table)
    usable = build is not None and not build.state.diverged
    if build is None or not usable or build.code != code_fingerprint() or build.target > target:
        split_keys = store.split_keys(target // loading.range_events + 1)
        build = models.begin(projection.table, code_fingerprint(), target, split_keys)
    loaded = models.loaded(build.state)
    progress(loaded, build.target)
    for events in _load(store, projection, build, loading, archived):
        loaded += events
        reach("swap.loaded")
        progress(loaded, max(loaded, build.target))
    models.finish(build)
    reach("swap.finished")
    state = models.reload(build.state)
    refuse_diverged(state)
    return state


def refuse_diverged(state: ModelState) -> None:
    """Refuse a generation that shows another history than the log. Raises `Stopped`."""
    if state.diverged:
        reason = "the log went back and has another history there: rebuild again"
        raise Stopped(state.position, reason)


def _load(
    store: Store,
    projection: Projection,
    build: Build,
    loading: Loading,
    archived: "ArchivedLog | None",
) -> Iterator[int]:
    """Load the partitions that are not loaded yet; yield how many events each has."""
    state = build.state
    partitions = store.read_models().pending(state)
    if loading.workers is None or loading.opener is None or len(partitions) == 1:
        source = archived or store
        for partition in partitions:
            yield load_range(store, projection, state, partition, build.target, source)
        return
    folder = None if archived is None else str(archived.folder.absolute())
    yield from loading.workers(
        [
            Task(
                opener=loading.opener,
                name=state.name,
                generation=state.generation,
                target=build.target,
                partition=partition,
                archive=folder,
            )
            for partition in partitions
        ]
    )


def project_up_to(
    store: Store,
    projection: Projection,
    state: ModelState,
    till: int,
    log: Callable[[int, int], Sequence[Notification]] | None = None,
    limit: int = BATCH,
) -> int:
    """Project a generation up to the position `till`; return its position. Raises `Stopped`.

    For a moment, events that another process has seen may not be known to be complete here.
    """
    models = store.read_models()
    refuse_diverged(state)
    while (state := models.reload(state)).position < till:
        refuse_diverged(state)
        try:
            batch = _next(store, state, till, log, limit)
            if batch is not None:
                project(store, projection, state, batch)
                keep_up(batch.position - state.position)
        except StoreUnavailable:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise Stopped(state.position, reason) from error
        if batch is None:
            _wait_for(store, state, till)
    return state.position


def _wait_for(store: Store, state: ModelState, till: int) -> None:
    """Wait for events that another process has seen. Raises `Stopped` if the log has lost them."""
    store.wait_for_news(state.position, NEWS_SECONDS)
    if not store.point_at(till).hash:
        raise Stopped(state.position, f"the log does not have position {till} any more")


def _next(
    store: Store,
    state: ModelState,
    till: int,
    log: Callable[[int, int], Sequence[Notification]] | None,
    limit: int,
) -> Batch | None:
    """The next events up to the position `till`, with their log points."""
    if log is not None:
        stored = [each for each in log(state.position, limit) if each.id <= till]
        return read_batch(store, stored) if stored else None
    return batch_of(store, store.excerpt(state.position, min(limit, till - state.position)))
