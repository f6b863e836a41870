"""When each key was last used, to the minute: noted in memory, and written by a thread."""

import time
from collections.abc import Callable
from datetime import datetime

from application.ports.store import Store
from application.runtime.background_thread import BackgroundThread

WRITE_SECONDS = 10.0
EXACT_SECONDS = 60.0


class KeyUsage:
    """Notes which keys are used. What was not written when a process crashes is lost."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._due: dict[str, float] = {}
        self._used: set[str] = set()
        self._thread = BackgroundThread("key usage", self.write, WRITE_SECONDS, once_more=True)

    def note(self, key: str) -> None:
        """Note that the key with this id is used now."""
        if key not in self._due or time.monotonic() >= self._due[key]:
            self._due[key] = time.monotonic() + EXACT_SECONDS
            self._used.add(key)

    def write(self) -> None:
        """Write what was noted."""
        used, self._used = self._used, set()
        if used:
            self._store.key_usage().note(used, self._clock())

    def last(self) -> dict[str, datetime]:
        """When each key was last used, as far as it is written."""
        return self._store.key_usage().last()

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def stop(self) -> None:
        """Write what was noted, and stop; a stalled store is not waited for."""
        self._thread.stop(1.0)
