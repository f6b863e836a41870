"""Rebuilds a read model from the log beside the live one, and swaps it in if both agree.

The new generation is loaded up to the position of the live one, by partitions in parallel; after a
kill, loading resumes. Then both are compared at the same position, and the new one is caught up and
swapped in. Meanwhile the live one is read and projected as usual.
"""

from collections.abc import Iterator
from itertools import islice

import msgspec

from application.ports.read_models import ModelState, Row
from application.ports.store import Store
from application.projector.comparison import Difference, differences
from application.projector.generations import (
    HERE,
    Loading,
    Progress,
    make_generation,
    project_up_to,
)
from application.read_models.registry import Projection
from application.runtime.pacing import paced_by
from domain.errors import UserError

MOST_BEHIND = 10_000
"""How many positions the live generation may be behind and still be compared."""

SHOWN = 10
EMPTY = "it is empty"


class NothingKept(UserError):
    """There is no earlier generation to go back to."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a rebuild.

    `incomparable` is the reason why the live generation could not be compared, if so. `needs_leave`
    is whether it was not swapped in because differences were not accepted.
    """

    position: int
    differences: int = 0
    shown: tuple[Difference, ...] = ()
    incomparable: str | None = None
    needs_acceptance: bool = False
    swapped: bool = False


def rebuild(
    store: Store,
    projection: Projection,
    progress: Progress,
    loading: Loading = HERE,
    *,
    check: bool = False,
    accept_differences: bool = False,
) -> Outcome:
    """Rebuild a read model, and swap it in unless it is only a `check` or has differences.

    Raises `BeingRebuilt`, `Stopped` and what `make_generation` raises.
    """
    models = store.read_models()
    with models.rebuilding(projection.table.name), paced_by(store.last_position):
        obstacle = incomparable(store, projection)
        live = models.state(projection.table.name)
        target = live.position if obstacle is None else store.last_position()
        state = make_generation(store, projection, target, progress, loading)
        if obstacle is None:
            outcome = _compared(store, projection, state)
        else:
            needs_acceptance = obstacle != EMPTY
            outcome = Outcome(
                position=state.position, incomparable=obstacle, needs_acceptance=needs_acceptance
            )
        if check:
            models.drop(state)
            return outcome
        if outcome.needs_acceptance and not accept_differences:
            return outcome
        position = _swap_in(store, projection, state)
    return msgspec.structs.replace(outcome, position=position, swapped=True, needs_acceptance=False)


def roll_back(store: Store, projection: Projection) -> int:
    """Make the generation before the live one live again; return its position.

    It is caught up first. Raises `NothingKept`, `BeingRebuilt`, `Stopped`.
    """
    models = store.read_models()
    name = projection.table.name
    with models.rebuilding(name):
        kept = models.kept(name)
        if kept is None:
            raise NothingKept(f"No earlier generation of {name} is kept.")
        if kept.diverged:
            raise NothingKept(
                f"The earlier generation of {name} shows another history than the log, which went"
                " back: rebuild it."
            )
        if models.shape(kept) != projection.table.shape:
            raise NothingKept(
                f"The earlier generation of {name} has other columns:"
                " go back with the version of the service that made it."
            )
        return _swap_in(store, projection, kept)


def incomparable(store: Store, projection: Projection) -> str | None:
    """The reason why the live generation cannot be compared, if any."""
    models = store.read_models()
    live = models.state(projection.table.name)
    if live.diverged:
        return "it shows another history than the log, which went back"
    behind = live.behind(store.last_position())
    if live.position == 0 and behind:
        return EMPTY
    if models.shape(live) != projection.table.shape:
        return "it has other columns"
    if live.stopped is not None:
        return f"it has stopped {live.stopped}"
    if behind > MOST_BEHIND:
        return f"it is {behind} positions behind"
    return None


def _compared(store: Store, projection: Projection, state: ModelState) -> Outcome:
    """Compare a generation with the live one, both at the live one's present position.

    Row by row only where the database says that they differ.
    """
    models = store.read_models()
    with models.comparison(models.state(state.name), state) as (position, agree):
        project_up_to(store, projection, state, position)
        if agree():
            return Outcome(position=position)
    with models.snapshot(models.state(state.name)) as (position, live):
        project_up_to(store, projection, state, position)
        with models.snapshot(state) as (_, new):
            return outcome_of(position, live, new)


def outcome_of(position: int, live: Iterator[Row], new: Iterator[Row]) -> Outcome:
    """How two tables compare at a position."""
    found = differences(live, new)
    shown = tuple(islice(found, SHOWN))
    count = len(shown) + sum(1 for _ in found)
    return Outcome(position=position, differences=count, shown=shown, needs_acceptance=count > 0)


def _swap_in(store: Store, projection: Projection, state: ModelState) -> int:
    """Project a generation until it is as far as the live one, then swap it in."""
    models = store.read_models()
    while True:
        position = project_up_to(store, projection, state, store.last_position())
        if models.swap(models.reload(state)):
            return position
