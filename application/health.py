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

    A read model that stands still, or that no process feeds, is named but does not make the service
    unready: orders can be made, paid and read without it.
    """
    try:
        last = store.last_position()
        trouble = store.trouble_with_writing()
        states = [store.read_models().state(name) for name in PROJECTIONS]
    except Exception as error:  # noqa: BLE001 - whatever the store says, it is not ready
        return Health(ready=False, checks={"store": f"{type(error).__name__}: {error}"})
    fed = all(state.feeder for state in states)
    checks = {"store": trouble or "ok", "pull_loop": "ok" if fed else "stopped"}
    for state in states:
        behind = max(0, last - state.position)
        checks[f"projection {state.name}"] = state.stopped or f"{behind} behind"
    return Health(ready=trouble is None, checks=checks)
