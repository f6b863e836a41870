"""The processes of a server: the parent that starts and replaces them, and what each one does.

The first one answers nothing. It works behind the requests: what it does there would hold up the
event loops of the others.

A process is forked while the parent has no other thread at work, since a fork copies the locks
that threads hold, and before it has a connection to the store.
"""

import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

import structlog
from granian.constants import Interfaces
from granian.server.mp import MPServer

from application.parent_process import end_with_parent
from application.settings import Settings
from interface.http.logs import configure
from interface.http.running import answering, working_behind

DRAIN_SECONDS = 30
"""How long requests under way may take when the server is told to stop."""
BACKLOG = 2048
BEHIND = 1
"""The number of the process that works behind the requests."""
OPEN_FILES = 65_536
TO_STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

log = structlog.get_logger()


class CannotStart(Exception):
    """A server process could not begin to serve, or the processes keep ending by themselves."""


class Processes(MPServer):
    """The parent: starts the server processes, replaces one that dies, and ends them all."""

    def __init__(
        self, settings: Settings, host: str, port: int, workers: int, started: Callable[[], None]
    ) -> None:
        super().__init__(
            "",
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            workers=workers + BEHIND,
            backlog=BACKLOG,
            websockets=False,
            log_enabled=False,
            respawn_failed_workers=True,
            workers_kill_timeout=DRAIN_SECONDS,
        )
        self._settings = settings
        self._started = started
        self._failures = get_context("fork").SimpleQueue()

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP; finish what is under way. Raises `CannotStart`."""
        configure(self._settings.log_level)
        raise_limit_of_open_files()
        try:
            self.serve(self._work, no_loader, wrap_loader=False)
        except SystemExit as ended:
            if self._failures.empty():
                raise CannotStart("The server processes keep ending by themselves.") from ended
        if not self._failures.empty():
            raise CannotStart(f"A server process cannot start: {self._failures.get()}")

    def startup(self, *workers: Any) -> None:
        """Start the processes, and only then the thread that tells so."""
        with held_back():
            super().startup(*workers)  # type: ignore[no-untyped-call] # granian types no methods
        signal.signal(signal.SIGHUP, self.signal_handler_interrupt)
        threading.Thread(target=self._started, daemon=True).start()

    def _respawn_workers(self, workers: list[int], *more: Any, **named: Any) -> None:
        log.error("server_process_died", processes=workers)
        with held_back():
            super()._respawn_workers(workers, *more, **named)

    def _work(self, number: int, name: str | None, _: Any, *more: Any) -> None:
        """Live the life of one server process."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        end_with_parent()
        try:
            if number == BEHIND:
                work_behind(self._settings)
                return
            with answering(self._settings) as service:
                self._spawn_rsgi_worker(number, name, lambda: service, *more)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent says it in one line
            self._failures.put(str(error) or type(error).__name__)
            os.kill(os.getppid(), signal.SIGTERM)


def work_behind(settings: Settings) -> None:
    """Work behind the requests until SIGTERM."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with working_behind(settings):
        stopping.wait()


def no_loader() -> Any:
    """What the library asks for; here each process makes its application itself."""
    raise CannotStart


def raise_limit_of_open_files() -> None:
    """Take as many open files as the system allows: every thread has some of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def held_back() -> Iterator[None]:
    """Let signals that stop the server come later, so that none meets a process half forked.

    A forked process takes them over held back: it is its parent who tells it to stop.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TO_STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
