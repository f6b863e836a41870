"""Readiness: whether the service can do its work, found by trying."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from application.operations.read_model_status import ReadModelStatus, read_model_status
from application.ports.store import Store
from application.read_models.registry import PROJECTIONS
from application.runtime.store_clock import StoreClock


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests can be answered, and the result of each check, by name."""

    ready: Annotated[bool, Meta(description="Whether requests can be answered.")]
    checks: Annotated[Mapping[str, str], Meta(description="The result of each check, by name.")]


def check(store: Store, clock: StoreClock) -> Health:
    """Check the store, the read models and this machine's clock.

    Anything that prevents writes to the log makes the service unready. A read model that has
    stopped, or that no process projects, is reported but does not: orders can be created, paid and
    read without it. A log that went back does, until an operator acknowledges it: acknowledged
    orders are missing.
    """
    try:
        last = store.last_position()
        checks = {"store": "ok", "pull_loop": "ok"}
        troubles = dict(store.troubles())
        if (trouble := clock.trouble()) is not None:
            troubles["clock"] = trouble
        if lost := [each for each in store.audit().setbacks() if each.is_open]:
            troubles["log"] = f"{lost[0].says} orderlog audit acknowledge"
    except Exception as error:  # noqa: BLE001 - whatever the store raises, it is not ready
        return Health(ready=False, checks={"store": f"{type(error).__name__}: {error}"})
    for name in PROJECTIONS:
        try:
            status = read_model_status(store, name, last)
        except Exception as error:  # noqa: BLE001 - it can be rebuilt, and sales do not need it
            checks[f"projection {name}"] = f"{type(error).__name__}: {error}"
            continue
        if not status.projector:
            checks["pull_loop"] = "stopped"
        checks[f"projection {name}"] = status.stopped or _how_far(status)
    return Health(ready=not troubles, checks={**checks, "clock": "ok", **troubles})


def _how_far(status: ReadModelStatus) -> str:
    if status.diverged:
        return f"shows another history than the log, {-status.behind} ahead of the log"
    if status.untrue is not None:
        return f"is being rebuilt, {status.behind} behind"
    behind = status.behind
    return f"{-behind} ahead of the log" if behind < 0 else f"{behind} behind"
