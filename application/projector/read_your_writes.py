"""Lets a client read what it wrote: waits until a read model shows the log up to a position."""

import time

from application.ports.store import Store
from domain.errors import UserError

POLL_SECONDS = 0.005


class ModelBehind(UserError):
    """A read model did not reach the requested position in time."""


def wait_until_shown(store: Store, name: str, position: int, seconds: float) -> None:
    """Return when the read model shows the log up to `position`. Raises `ModelBehind`.

    A read model that shows another history, or is being begun anew, shows no position of this log.
    """
    deadline = time.monotonic() + seconds
    while (state := store.read_models().state(name)).position < position or not state.is_true:
        if time.monotonic() >= deadline:
            raise ModelBehind(position)
        time.sleep(POLL_SECONDS)
