"""What a look at the service's health found, for those who may not wait for one.

A thread looks every second. The caller is answered at once: from the last look, or that it is too
old, or that the present one does not come to its end.
"""

import threading
import time
from collections.abc import Callable

import msgspec

from application.operations.health import Health
from application.runtime.background_thread import BackgroundThread

LOOK_SECONDS = 1.0
HANGS_SECONDS = 2.0
"""A look that takes so long waits for a store that does not answer."""
OLD_SECONDS = 5.0
"""What a look found that began so long ago is not relied on."""


class Found(msgspec.Struct, frozen=True):
    """What a look found that began at a monotonic moment."""

    began: float
    health: Health


class LastLook:
    """Looks by `look` in a thread once it is started; before that, whenever somebody asks."""

    def __init__(self, look: Callable[[], Health], every: float = LOOK_SECONDS) -> None:
        self._look = look
        self._found: Found | None = None
        self._looking_since: float | None = None
        self._first = threading.Event()
        self._thread = BackgroundThread("health", self._look_once, every, at_once=True)

    def start(self) -> None:
        """Begin to look; return after the first look, or when it does not come to its end."""
        self._thread.start()
        self._first.wait(HANGS_SECONDS)

    def stop(self) -> None:
        """Look no more; a look that waits for a store that stalls is not waited for."""
        self._thread.stop(HANGS_SECONDS)

    def _look_once(self) -> None:
        began = self._looking_since = time.monotonic()
        health = self._look_now()
        self._found = Found(began, health)
        self._looking_since = None
        self._first.set()

    def _look_now(self) -> Health:
        try:
            return self._look()
        except Exception as error:  # noqa: BLE001 - a look that fails is an answer, too
            return unready("look", f"{type(error).__name__}: {error}")

    def health(self) -> Health:
        """What is known now; it never waits once this was started."""
        if not self._thread.started:
            return self._look()
        found, since, moment = self._found, self._looking_since, time.monotonic()
        if since is not None and moment - since > HANGS_SECONDS:
            return unready("store", f"has not answered for {moment - since:.0f} s")
        if found is None:
            return unready("store", "has not answered yet")
        if moment - found.began > OLD_SECONDS:
            return unready("store", f"was last looked at {moment - found.began:.0f} s ago")
        return found.health


def unready(name: str, says: str) -> Health:
    """Not ready, for one reason."""
    return Health(ready=False, checks={name: says})
