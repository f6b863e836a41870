"""The processes of a server: the parent that starts and replaces them, and ends them all.

Process 0 is the background worker: what it does would hold up the event loops of the others, which
answer requests. One that dies is replaced after a pause that grows while it dies again and again;
the others go on meanwhile. The parent gives up only when none that answers can live.

A process is forked while the parent has no other thread, since a fork copies the locks that threads
hold, and before it has a connection to the store. What the parent has by then is for ever: no
process looks for garbage in it, which would also copy its memory.
"""

import gc
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import connection
from typing import Any

import msgspec
import structlog

from application.runtime.restart_figures import RestartBoard
from application.settings import Settings
from domain.errors import UserError
from interface.server.cores import cores_for
from interface.server.logs import configure, take_in_libraries
from interface.server.process import Process
from interface.server.replacement import Replacement, place_of
from interface.server.running import Listening, answer_requests, work_in_background

BACKGROUND = 0
"""The number of the background worker."""
STOP_SECONDS = 30
"""How long requests under way may take when the server gets a signal to stop."""
TRIES = 6
"""When every process that answers could not begin to serve so often in a row, none can live."""
OPEN_FILES = 65_536
TO_STOP = frozenset({signal.SIGTERM, signal.SIGINT})
SIGNALS = TO_STOP | {signal.SIGHUP}

log = structlog.get_logger()


class CannotStart(UserError):
    """No process that answers requests can begin to serve."""


class Processes:
    """The parent. `started` is called once, when the service answers."""

    def __init__(
        self,
        settings: Settings,
        host: str,
        port: int,
        workers: int,
        started: Callable[[], None],
        *,
        sandbox: str = "",
    ) -> None:
        self._settings = settings
        self._started = started
        self._board = RestartBoard(workers + 1)
        self._listening = Listening(
            host=host, port=port, workers=workers, restarts=self._board, sandbox=sandbox
        )
        self._cores = cores_for(workers) if settings.pinned else [None] * workers
        self._generation = 0
        self._behind = self._made_behind()
        self._answering = self._made_answering(self._listening)
        self._replacement: Replacement | None = None
        self._leaving: list[Process] = []
        self._announced = False
        self._stopping = False
        self._reload = False

    def _made_behind(self) -> Process:
        settings = self._settings
        place = place_of(BACKGROUND, self._generation)
        run = partial(work_in_background, settings)
        return Process(BACKGROUND, run, self._board, place)

    def _made_answering(self, listening: Listening) -> list[Process]:
        return [
            Process(
                number,
                partial(answer_requests, self._settings, listening, core),
                self._board,
                place_of(number, self._generation),
            )
            for number, core in enumerate(self._cores, BACKGROUND + 1)
        ]

    @property
    def _all(self) -> list[Process]:
        successors = [] if self._replacement is None else self._replacement.processes
        return [self._behind, *self._answering, *successors, *self._leaving]

    def run(self) -> None:
        """Serve until a signal to stop; finish what is under way. Raises `CannotStart`.

        SIGHUP replaces all processes, which read their secrets anew, unless a terminal hangs up.
        """
        configure(self._settings.log_level, self._settings.log_format)
        take_in_libraries()
        raise_limit_of_open_files()
        gc.freeze()
        gc.enable()
        with self._signals() as woken:
            try:
                while not self._stopping:
                    self._start_those_that_are_due()
                    self._wait(woken)
                    self._look_after_each()
                    self._replace()
            finally:
                self._stop()

    @contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """Take signals; each makes the socket readable.

        SIGHUP stays ignored where it was: the one who typed nohup wants it to outlive the terminal.
        """
        woken, wakes = socket.socketpair()
        with woken, wakes:
            woken.setblocking(False)
            wakes.setblocking(False)
            for each in TO_STOP:
                signal.signal(each, self._stop_soon)
            if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
                hung_up = self._stop_soon if has_terminal() else self._reload_soon
                signal.signal(signal.SIGHUP, hung_up)
            before = signal.set_wakeup_fd(wakes.fileno())
            try:
                yield woken
            finally:
                signal.set_wakeup_fd(before)

    def _stop_soon(self, *_: Any) -> None:
        self._stopping = True

    def _reload_soon(self, *_: Any) -> None:
        self._reload = True

    def _start_those_that_are_due(self) -> None:
        for each in self._all:
            if each.is_due(time.monotonic()) and not self._stopping:
                with held_back():
                    each.start()

    def _replace(self) -> None:
        """Go on with replacing all processes, if that was asked for and the service answers."""
        self._leaving = [each for each in self._leaving if not each.is_gone]
        if self._replacement is not None:
            self._finish_replacement(self._replacement)
        elif self._reload and self._announced and not self._leaving:
            self._reload = False
            self._generation += 1
            listening = msgspec.structs.replace(self._listening, checks_secret=True)
            self._replacement = Replacement(self._made_answering(listening), time.monotonic())

    def _finish_replacement(self, replacement: Replacement) -> None:
        failure = replacement.failure(time.monotonic())
        if failure is not None:
            leaving, self._replacement = replacement.processes, None
            self._generation += 1
            log.error("reload_failed", reason=failure)
        elif replacement.serves:
            leaving, self._replacement = [*self._answering, self._behind], None
            self._answering, self._behind = replacement.processes, self._made_behind()
            log.info("reloaded", processes=len(self._answering))
        else:
            return
        self._leaving += leaving
        for each in leaving:
            each.leave()

    def _wait(self, woken: socket.socket) -> None:
        """Until a process reports or dies, one is due, or a signal came."""
        moments = [moment for each in self._all if (moment := each.next_moment()) is not None]
        left = max(0.0, min(moments) - time.monotonic()) if moments else None
        connection.wait([woken, *(own for each in self._all for own in each.monitoring())], left)

    def _look_after_each(self) -> None:
        replaced = [] if self._replacement is None else self._replacement.processes
        for each in self._all:
            died = each.check(time.monotonic())
            expected = self._stopping or each in replaced or each in self._leaving
            if died and not expected:
                log.error(
                    "server_process_died",
                    processes=[each.number],
                    pause=each.pause,
                    reason=each.failure,
                )
        answering = self._answering
        if self._stopping:
            return
        if not self._announced:
            self._announce(answering)
        elif all(each.failed >= TRIES for each in answering):
            raise CannotStart(reason_of(answering))

    def _announce(self, answering: list[Process]) -> None:
        """Announce that the service answers, once it does. Raises `CannotStart`."""
        if any(each.failure for each in answering):
            raise CannotStart(reason_of(answering))
        if all(each.failed >= TRIES for each in answering):
            raise CannotStart(reason_of(answering))
        if all(each.serves or each.failed for each in answering) and any(
            each.serves for each in answering
        ):
            self._announced = True
            self._started()

    def _stop(self) -> None:
        """End all processes, the background worker last: requests may wait for what it does."""
        deadline = time.monotonic() + STOP_SECONDS
        successors = [] if self._replacement is None else self._replacement.processes
        for group in ([*self._answering, *successors, *self._leaving], [self._behind]):
            for each in group:
                each.terminate()
            for each in group:
                each.join(max(0.0, deadline - time.monotonic()))


def reason_of(processes: list[Process]) -> str:
    """Why none of the processes can live."""
    failure = next((each.failure for each in processes if each.failure), None)
    if failure is None:
        return "The server processes keep ending by themselves."
    return f"A server process cannot start: {failure}"


def raise_limit_of_open_files() -> None:
    """Take as many open files as the system allows: every thread has some of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def has_terminal() -> bool:
    """Whether a terminal controls this process: then SIGHUP says that it hung up."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextmanager
def held_back() -> Iterator[None]:
    """Let signals that stop the server come later, so that none meets a process half forked.

    A forked process inherits them blocked: only its parent signals it to stop.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
