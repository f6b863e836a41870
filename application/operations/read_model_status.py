"""The status of read models: how far each is, who projects it, and why it has stopped.

The command line, the console, readiness and the metrics each render what they need of it.
"""

import msgspec

from application.ports.read_models import ReadModels, Table
from application.ports.store import Store
from application.read_models.registry import PROJECTIONS


class Rebuild(msgspec.Struct, frozen=True):
    """A rebuild that is running or was interrupted: `loaded` of so many events."""

    loaded: int
    total: int


class ReadModelStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of a read model; `last` is the end of the log at that moment.

    `behind` is how many positions of the log it does not show yet; negative if it is ahead of it.
    It was `stopped`, for that reason, `stopped_since` milliseconds since the epoch. It is `untrue`,
    for that reason, where the log went back.
    """

    name: str
    position: int
    last: int
    behind: int
    projector: str | None
    stopped: str | None
    stopped_since: int | None
    diverged: bool
    untrue: str | None

    @property
    def trouble(self) -> str | None:
        """The reason why it is not true or has stopped; None for a healthy one."""
        return self.stopped or self.untrue


def read_model_status(store: Store, name: str, last: int) -> ReadModelStatus:
    """The status of a read model, for a log that ends at the position `last`."""
    state = store.read_models().state(name)
    untrue = None
    if state.diverged:
        untrue = "the log went back: it shows another history"
    elif not state.is_true:
        untrue = "the log went back: it is being rebuilt"
    return ReadModelStatus(
        name=name,
        position=state.position,
        last=last,
        behind=state.behind(last),
        projector=state.projector,
        stopped=state.stopped,
        stopped_since=state.stopped_since,
        diverged=state.diverged,
        untrue=untrue,
    )


def read_model_statuses(store: Store) -> list[ReadModelStatus]:
    """The statuses of all read models, in the order of the registry."""
    last = store.last_position()
    return [read_model_status(store, name, last) for name in PROJECTIONS]


def rebuild_of(models: ReadModels, table: Table) -> Rebuild | None:
    """The progress of a read model's rebuild; None if none has begun."""
    build = models.build(table)
    if build is None:
        return None
    loaded = models.loaded(build.state)
    return Rebuild(loaded, max(loaded, build.target))
