"""How far each read model is behind the log, who feeds it, and how far its rebuild has come."""

import msgspec

from application.ports.read_models import ReadModels, Table
from application.ports.store import Store
from application.read_models.registry import PROJECTIONS


class Rebuild(msgspec.Struct, frozen=True):
    """A new table that is being made, or was when its maker ended: `loaded` of so many events."""

    loaded: int
    total: int


class ReadModelStatus(msgspec.Struct, frozen=True):
    """Where a read model stands; `last` is the end of the log at that moment.

    `behind` is how many positions of the log it does not show yet; negative if it is ahead of it.
    """

    name: str
    position: int
    last: int
    projector: str | None
    stopped: str | None
    rebuild: Rebuild | None
    behind: int


def read_model_statuses(store: Store) -> list[ReadModelStatus]:
    """Where the read models stand, in the order of the registry."""
    last = store.last_position()
    models = store.read_models()
    return [
        ReadModelStatus(
            name,
            state.position,
            last,
            state.projector,
            state.stopped,
            _rebuild(models, each.table),
            state.behind(last),
        )
        for name, each in PROJECTIONS.items()
        for state in [models.state(name)]
    ]


def _rebuild(models: ReadModels, table: Table) -> Rebuild | None:
    build = models.build(table)
    if build is None:
        return None
    loaded = models.loaded(build.state)
    return Rebuild(loaded, max(loaded, build.target))
