"""A loop in a thread of its own, which waits as it likes. `BackgroundThread` repeats a task."""

import threading
from abc import ABC, abstractmethod


class LoopThread(ABC):
    """Runs `_run` in a thread, until that sees `_stopping`."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the loop."""
        self._thread.start()

    def end(self) -> None:
        """Begin to stop: a wait for news may take half a second to end."""
        self._stopping.set()

    def stop(self) -> None:
        """Stop, and wait until the loop has finished what is under way."""
        self.end()
        if self.alive:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._thread.is_alive()

    @abstractmethod
    def _run(self) -> None:
        """Run until `_stopping` is set, and leave nothing half done."""
