"""How far each read model is behind the log, who feeds it, and why it stands still if it does."""

import msgspec

from application.projections.registry import PROJECTIONS
from application.store import Store


class Standing(msgspec.Struct, frozen=True):
    """Where a read model stands; `last` is the end of the log at that moment."""

    name: str
    position: int
    last: int
    feeder: str | None
    stopped: str | None

    @property
    def behind(self) -> int:
        """How many positions of the log it does not show yet."""
        return max(0, self.last - self.position)


def standings(store: Store) -> list[Standing]:
    """Where the read models stand, in the order of the registry."""
    last = store.last_position()
    models = store.read_models()
    return [
        Standing(name, state.position, last, state.feeder, state.stopped)
        for name in PROJECTIONS
        for state in [models.state(name)]
    ]
