"""One process of a server as its parent sees it: alive, or to be restarted at some moment.

Each process reports through a pipe of its own, so a process killed while it reports harms no other.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkProcess

import msgspec

from application.feed.counts import FEED_COUNTS
from application.payments.notice_counts import NOTICES
from application.runtime.clock import machine_ms
from application.runtime.dropped_lines import DROPPED
from application.runtime.parent_process import end_with_parent
from application.runtime.restart_figures import RestartBoard
from application.runtime.traffic_counts import TRAFFIC
from application.webhooks.delivery.try_counts import TRIES

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 30.0
LONG_LIFE = 60.0
"""A process that lived for so many seconds is restarted after the first pause again."""
SERVES = b"+"
"""A process reports this when it serves; any other report is the reason why it cannot."""
LONGEST_REPORT = 4096
"""A pipe passes so many bytes in one piece."""

Run = Callable[[Callable[[], None]], None]
"""Runs a process. It calls its argument when the process serves."""


class Process:
    """One of a server's processes.

    `serves`: the living process answers requests. `failed`: how many in a row ended before they
    served. `failure`: the reported reason of the last one. `pause`: the seconds before the next.
    """

    def __init__(self, number: int, run: Run, board: RestartBoard, place: int) -> None:
        """Number `number`, which counts at a `place` that no other living process has."""
        self.number = number
        self.serves = False
        self.failed = 0
        self.failure: str | None = None
        self.pause = 0.0
        self._run = run
        self._board = board
        self._place = place
        self._leaves = False
        self._figures = board.of(number)
        self._alive: ForkProcess | None = None
        self._reports = -1
        self._born = 0.0
        self._due = 0.0

    def is_due(self, moment: float) -> bool:
        """Whether it has to be started at a monotonic moment."""
        return self._alive is None and not self._leaves and moment >= self._due

    def next_moment(self) -> float | None:
        """When it has to be checked even if it reports nothing; None for never."""
        if self._leaves:
            return None
        if self._alive is None:
            return self._due
        return self._born + LONG_LIFE if self._figures.lately else None

    def monitoring(self) -> list[int]:
        """The file descriptors that become readable when it reports or dies."""
        if self._alive is None:
            return []
        return [self._alive.sentinel, *([self._reports] if self._reports >= 0 else [])]

    def start(self) -> None:
        """Fork it. Signals that stop the server have to be blocked."""
        self._reports, reporting = os.pipe()
        os.set_blocking(self._reports, False)
        self._alive = get_context("fork").Process(target=self._live, args=(reporting,))
        self._alive.start()
        os.close(reporting)
        self._born = time.monotonic()

    def _live(self, reporting: int) -> None:
        """Run in the forked process."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.close(self._reports)
        DROPPED.count_as(self._place)
        FEED_COUNTS.count_as(self._place)
        NOTICES.count_as(self._place)
        TRIES.count_as(self._place)
        TRAFFIC.count_as(self._place)
        end_with_parent()
        try:
            self._run(lambda: report(reporting, SERVES))
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent reports it in one line
            report(reporting, (str(error) or type(error).__name__).encode())

    def check(self, moment: float) -> bool:
        """Read its reports. Returns whether it has died since the last check."""
        if self._alive is None:
            return False
        self._take_report()
        if self._alive.exitcode is None:
            if self._figures.lately and moment >= self._born + LONG_LIFE:
                self._show(lately=0, lately_since=0)
            return False
        self._take_report()
        self._bury(moment)
        return True

    def _take_report(self) -> None:
        if self._reports < 0:
            return
        with suppress(BlockingIOError):
            message = os.read(self._reports, LONGEST_REPORT)
            if not message:
                self._close_reports()
            if message.startswith(SERVES):
                self.serves, self.failed, self.failure = True, 0, None
                self._show(down_since=0)
            self.failure = message.removeprefix(SERVES).decode(errors="replace") or self.failure

    def _bury(self, moment: float) -> None:
        """Clean up after the process that died, and set when the next one is due."""
        self._end()
        if self._leaves:
            return
        self.failed = 0 if self.serves else self.failed + 1
        self.serves = False
        lived_long = moment - self._born >= LONG_LIFE
        again = not lived_long and self.pause > 0
        self.pause = min(self.pause * 2, LONGEST_PAUSE) if again else FIRST_PAUSE
        self._due = moment + self.pause
        at, known = machine_ms(), self._figures
        self._show(
            restarts=known.restarts + 1,
            lately=1 if lived_long else known.lately + 1,
            lately_since=at if lived_long else known.lately_since or at,
            down_since=known.down_since or at,
        )

    def _show(self, **changed: int) -> None:
        self._figures = msgspec.structs.replace(self._figures, **changed)
        self._board.put(self.number, self._figures)

    def leave(self) -> None:
        """Signal it to stop for good: another has its number from now on."""
        self._leaves = True
        self.terminate()

    @property
    def is_gone(self) -> bool:
        """Whether it has left, and has ended."""
        return self._leaves and self._alive is None

    def terminate(self) -> None:
        """Signal it to stop."""
        if self._alive is not None:
            self._alive.terminate()

    def join(self, seconds: float) -> None:
        """Wait until it has ended, and end it after so many seconds."""
        if self._alive is None:
            return
        self._alive.join(seconds)
        if self._alive.exitcode is None:
            self._alive.kill()
            self._alive.join()
        self._end()

    def _end(self) -> None:
        if self._alive is not None:
            self._alive.join()
            self._alive.close()
            self._alive = None
        self._close_reports()

    def _close_reports(self) -> None:
        if self._reports >= 0:
            os.close(self._reports)
            self._reports = -1


def report(pipe: int, message: bytes) -> None:
    """Say something to the parent, in one piece, if it is still there."""
    with suppress(OSError):
        os.write(pipe, message[:LONGEST_REPORT])
