"""Lets a client read what it wrote: waits until a read model shows the log up to a position."""

import time

from application.ports.store import Store
from domain.errors import UserError

POLL_SECONDS = 0.005


class ModelBehind(UserError):
    """A read model did not reach the requested position in time."""


class NeverGivenOut(UserError):
    """No event has the requested position: no answer has named it."""


def is_shown(store: Store, name: str, position: int) -> bool:
    """Whether the read model shows the log up to `position`.

    A read model that shows another history, or is being begun anew, shows no position of this log.
    """
    state = store.read_models().state(name)
    return state.position >= position and state.is_true


def wait_until_shown(store: Store, name: str, position: int, seconds: float) -> None:
    """Return when the read model shows the log up to `position`.

    Raises `NeverGivenOut`, `ModelBehind`.
    """
    if is_shown(store, name, position):
        return
    if position > store.assigned_position():
        raise NeverGivenOut(position)
    deadline = time.monotonic() + seconds
    while not is_shown(store, name, position):
        if time.monotonic() >= deadline:
            raise ModelBehind(position)
        time.sleep(POLL_SECONDS)
