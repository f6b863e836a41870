"""Whether the service can do its work, as far as it can tell by trying."""

from collections.abc import Mapping

import msgspec

from application.projections.registry import PROJECTIONS
from application.store import ModelState, Store
from application.store_clock import StoreClock


class Health(msgspec.Struct, frozen=True):
    """`ready` says whether requests can be answered; `checks` says what was found, by name."""

    ready: bool
    checks: Mapping[str, str]


def check(store: Store, clock: StoreClock) -> Health:
    """Ask the store, look how the read models get on, and whether this machine's clock is right.

    A read model that stands still, or that no process feeds, is named but does not make the service
    unready: orders can be made, paid and read without it. A log that went back does, until an
    operator has acknowledged it: orders that were acknowledged are not there.
    """
    try:
        last = store.last_position()
        states = [store.read_models().state(name) for name in PROJECTIONS]
        lost = [each for each in store.audit().setbacks() if each.is_open]
    except Exception as error:  # noqa: BLE001 - whatever the store says, it is not ready
        return Health(ready=False, checks={"store": f"{type(error).__name__}: {error}"})
    fed = all(state.feeder for state in states)
    checks = {"store": "ok", "pull_loop": "ok" if fed else "stopped"}
    for state in states:
        checks[f"projection {state.name}"] = state.stopped or _how_far(state, last)
    if lost:
        checks["log"] = f"{lost[0].says} orderlog audit acknowledge"
    trouble = clock.trouble()
    checks["clock"] = trouble or "ok"
    return Health(ready=not lost and trouble is None, checks=checks)


def _how_far(state: ModelState, last: int) -> str:
    if state.diverged:
        return f"shows another history than the log, {-state.behind(last)} ahead of the log"
    if not state.is_true:
        return f"is begun anew, {state.behind(last)} behind"
    behind = state.behind(last)
    return f"{-behind} ahead of the log" if behind < 0 else f"{behind} behind"
