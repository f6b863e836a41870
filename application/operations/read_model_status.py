"""How far each read model is, who projects it, and why it stands still: said once for all who ask.

The command line, the console, readiness and the metrics render what they need of it.
"""

import msgspec

from application.ports.read_models import ReadModels, Table
from application.ports.store import Store
from application.read_models.registry import PROJECTIONS


class Rebuild(msgspec.Struct, frozen=True):
    """A new table that is being made, or was when its maker ended: `loaded` of so many events."""

    loaded: int
    total: int


class ReadModelStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a read model stands; `last` is the end of the log at that moment.

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
        """Why it cannot be believed or does not go on; None for one that is well."""
        return self.stopped or self.untrue


def read_model_status(store: Store, name: str, last: int) -> ReadModelStatus:
    """Where a read model stands, of a log that ends at the position `last`."""
    state = store.read_models().state(name)
    untrue = None
    if state.diverged:
        untrue = "the log went back: it shows another history"
    elif not state.is_true:
        untrue = "the log went back: it is begun anew"
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
    """Where the read models stand, in the order of the registry."""
    last = store.last_position()
    return [read_model_status(store, name, last) for name in PROJECTIONS]


def rebuild_of(models: ReadModels, table: Table) -> Rebuild | None:
    """How far the rebuild of a read model has come; None where none is begun."""
    build = models.build(table)
    if build is None:
        return None
    loaded = models.loaded(build.state)
    return Rebuild(loaded, max(loaded, build.target))
