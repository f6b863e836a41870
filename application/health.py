"""Whether the service can do its work, as far as it can tell by trying."""

from collections.abc import Mapping

import msgspec

from application.projections.pull_loop import PullLoop
from application.projections.registry import PROJECTIONS
from application.store import Store


class Health(msgspec.Struct, frozen=True):
    """`ready` says whether requests can be answered; `checks` says what was found, by name."""

    ready: bool
    checks: Mapping[str, str]


def check(store: Store, loop: PullLoop) -> Health:
    """Ask the store, and look how the read models get on.

    A read model that stands still is named but does not make the service unready: orders can be
    made, paid and read without it.
    """
    try:
        last = store.last_position()
        checks = {"store": "ok", "pull_loop": "ok" if loop.alive else "stopped"}
        for name in PROJECTIONS:
            state = store.read_models().state(name)
            checks[f"projection {name}"] = state.stopped or f"{last - state.position} behind"
    except Exception as error:  # noqa: BLE001 - whatever the store says, it is not ready
        return Health(ready=False, checks={"store": f"{type(error).__name__}: {error}"})
    return Health(ready=loop.alive, checks=checks)
