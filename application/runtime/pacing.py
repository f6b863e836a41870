"""Work that goes through a whole log gives way to sales: the more are made, the longer it pauses.

A process says once by what it is paced (`pace_by`), and calls `give_way` after each millisecond or
so of work. The pause is in proportion to the processor time that it has used since the last one.
While nothing is sold it does not pause; while as much is sold as can be, it still works a tenth of
the time. What follows the log until it has reached its end keeps up (`keep_up`): a pause leaves it
twice as fast as the log grows. In a process that is not paced, nothing happens.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from application.ports.store import StoreUnavailable
from application.runtime.loop_thread import LoopThread

LONGEST = 9.0
"""How long a pause may be, in proportion to the work before it."""

LONGEST_AT = 3000
"""How many new events a second make pauses that long; fewer make them shorter in proportion."""

LOOK_SECONDS = 0.1
"""How often the growth of the log is read: so soon sales are noticed, and that they have ended."""

FASTER = 2
"""How many times as fast as the log grows it is followed at the least."""

SHORTEST_SECONDS = 0.001
"""Shorter pauses are put off until they add up to that."""

ROWS = 20
"""After so many rows that are written, it is time for a pause: some tenths of a millisecond."""

T = TypeVar("T")

_paces: list["Pace"] = []


class Pace(LoopThread):
    """The pace of this process, by the growth of what `position` returns."""

    def __init__(self, position: Callable[[], int]) -> None:
        super().__init__("pace")
        self._position = position
        self._growth = 0.0
        self._worked_until = time.process_time()
        self._paused_until = time.monotonic()

    def give_way(self, elsewhere: float = 0.0) -> None:
        """Pause for the work since the last pause, and for seconds that a server has worked."""
        worked = time.process_time() - self._worked_until + elsewhere
        if 0 < worked * self._ratio < SHORTEST_SECONDS:
            return
        begun = time.monotonic()
        while (left := begun + worked * self._ratio - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
        self._resume()

    def keep_up(self, events: int) -> None:
        """Pause after so many events of the log, no longer than they are ahead of its growth."""
        worked = time.process_time() - self._worked_until
        if self._growth > 0:
            due = self._paused_until + events / (FASTER * self._growth)
            time.sleep(max(0.0, min(worked * self._ratio, due - time.monotonic())))
        self._resume()

    def _resume(self) -> None:
        self._worked_until = time.process_time()
        self._paused_until = time.monotonic()

    @property
    def is_slow(self) -> bool:
        """Whether it pauses at present."""
        return self._growth > 0

    @property
    def _ratio(self) -> float:
        """How long a pause is, in proportion to the work before it."""
        return min(LONGEST, LONGEST * self._growth / LONGEST_AT)

    def _run(self) -> None:
        seen = None
        while not self._stopping.is_set():
            moment, position = time.monotonic(), self._read()
            if seen is not None and position is not None:
                self._growth = max(0.0, (position - seen[1]) / (moment - seen[0]))
            if position is not None:
                seen = (moment, position)
            self._stopping.wait(LOOK_SECONDS)

    def _read(self) -> int | None:
        """The position; None where the store does not answer at this moment."""
        try:
            return self._position()
        except StoreUnavailable:
            return None


def pace_by(position: Callable[[], int]) -> Pace:
    """From now on, this process gives way while the log's last `position` advances."""
    pace = Pace(position)
    pace.start()
    _paces.append(pace)
    return pace


@contextmanager
def paced_by(position: Callable[[], int]) -> Iterator[Pace]:
    """The same, until the end."""
    pace = pace_by(position)
    try:
        yield pace
    finally:
        _paces.remove(pace)
        pace.stop()


def give_way() -> None:
    """Pause if this process is paced and sales are made."""
    if _paces:
        _paces[-1].give_way()


def giving_way(rows: Iterable[T]) -> Iterator[T]:
    """The same rows; after some of them each, this process gives way."""
    for number, row in enumerate(rows):
        if number % ROWS == 0:
            give_way()
        yield row


def keep_up(events: int) -> None:
    """Pause after following the log for so many events, if this process is paced."""
    if _paces:
        _paces[-1].keep_up(events)


def is_giving_way() -> bool:
    """Whether this process is paced and sales are made."""
    return bool(_paces) and _paces[-1].is_slow


@contextmanager
def working_elsewhere() -> Iterator[None]:
    """Count the time until the end as work, by a database server; then give way."""
    begun = time.monotonic()
    yield
    if _paces:
        _paces[-1].give_way(time.monotonic() - begun)
