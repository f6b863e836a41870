"""The result of the last health check, for callers that may not wait for one.

A thread runs a check every second. The caller gets an answer at once: the last result, or that it
is too old, or that the current check does not finish.
"""

import threading
import time
from collections.abc import Callable

import msgspec

from application.operations.health import Health
from application.runtime.background_thread import BackgroundThread

LOOK_SECONDS = 1.0
HANGS_SECONDS = 2.0
"""A check that takes so long is waiting for a store that does not answer."""
OLD_SECONDS = 5.0
"""The result of a check that began so long ago is too old."""


class Found(msgspec.Struct, frozen=True):
    """The result of a check, and the monotonic time at which it began."""

    began: float
    health: Health


class LastLook:
    """Runs `look` in a thread once it is started; before that, at every call."""

    def __init__(self, look: Callable[[], Health], every: float = LOOK_SECONDS) -> None:
        self._look = look
        self._found: Found | None = None
        self._looking_since: float | None = None
        self._first = threading.Event()
        self._thread = BackgroundThread("health", self._look_once, every, at_once=True)

    def start(self) -> None:
        """Start the thread; return after the first check, or when it does not finish."""
        self._thread.start()
        self._first.wait(HANGS_SECONDS)

    def stop(self) -> None:
        """Stop the thread, without waiting for a check that a stalled store holds up."""
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
        except Exception as error:  # noqa: BLE001 - a check that fails is an answer, too
            return unready("look", f"{type(error).__name__}: {error}")

    def health(self) -> Health:
        """The present result; it never waits once the thread is started."""
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
