"""A thread that repeats a task in the background until it is stopped."""

import threading
from collections.abc import Callable

import structlog

from application.ports.store import StoreUnavailable

log = structlog.get_logger()


class BackgroundThread:
    """Repeats `work` every `seconds`, or earlier when woken; with 0 seconds it never runs.

    It waits before the first run, unless `at_once`. With `once_more` it runs a last time when it is
    stopped. What `work` raises is logged, and the thread goes on.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        seconds: float,
        *,
        at_once: bool = False,
        once_more: bool = False,
    ) -> None:
        self._name = name
        self._work = work
        self._seconds = seconds
        self._at_once = at_once
        self._once_more = once_more
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def started(self) -> bool:
        """Whether the thread was started."""
        return self._thread is not None

    def start(self) -> None:
        """Start the thread."""
        if self._seconds:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Start the next run now."""
        self._woken.set()

    def pause(self, seconds: float) -> None:
        """Wait within a run, but no longer than until the thread is stopped."""
        self._stopping.wait(seconds)

    def end(self) -> None:
        """Prevent further runs; the current one goes on."""
        self._stopping.set()
        self._woken.set()

    def stop(self, seconds: float | None = None) -> None:
        """Stop, and wait until the current run has ended, at most `seconds` if given."""
        self.end()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        if not self._at_once:
            self._wait()
        while not self._stopping.is_set():
            self._run_once()
            self._wait()
        if self._once_more:
            self._run_once()

    def _wait(self) -> None:
        self._woken.wait(self._seconds)
        self._woken.clear()

    def _run_once(self) -> None:
        try:
            self._work()
        except StoreUnavailable as error:
            log.warning("store_unavailable", thread=self._name, reason=str(error))
        except Exception:
            log.exception("background_work_failed", thread=self._name)
