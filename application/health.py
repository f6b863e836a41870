"""Whether the service can do its work, as far as it can tell by trying."""

from collections.abc import Mapping

import msgspec

from application.projections.registry import PROJECTIONS
from application.store import Store


class Health(msgspec.Struct, frozen=True):
    """`ready` says whether requests can be answered; `checks` says what was found, by name."""

    ready: bool
    checks: Mapping[str, str]


def check(store: Store) -> Health:
    """Ask the store, and look how the read models get on.

    What keeps the log from being written makes the service unready. A read model that stands still,
    or that no process feeds, is named but does not: orders can be made, paid and read without it.
    """
    try:
        last = store.last_position()
        troubles = store.troubles()
    except Exception as error:  # noqa: BLE001 - whatever the store says, it is not ready
        return Health(ready=False, checks={"store": f"{type(error).__name__}: {error}"})
    checks = {"store": "ok", "pull_loop": "ok"}
    for name in PROJECTIONS:
        try:
            state = store.read_models().state(name)
        except Exception as error:  # noqa: BLE001 - it can be made again, and sales need none
            checks[f"projection {name}"] = f"{type(error).__name__}: {error}"
            continue
        if not state.feeder:
            checks["pull_loop"] = "stopped"
        behind = max(0, last - state.position)
        checks[f"projection {name}"] = state.stopped or f"{behind} behind"
    return Health(ready=not troubles, checks={**checks, **troubles})
