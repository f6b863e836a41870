"""The store's clock, which decides, followed without a query in every request.

A process reads the store's time about once a second and remembers how far it is ahead of
`elapsed_ns`, a monotonic clock. Between two readings the monotonic clock gives the time. So servers
whose own clocks differ or jump agree on when a hold ends, to within a round trip to the store.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import msgspec
import structlog

from application.ports.store import StoreUnavailable
from application.runtime.background_thread import BackgroundThread
from application.runtime.clock import NS, at_ns, elapsed_ns, to_ns, wall_offset_ns

LOOK_SECONDS = 1.0
UNIT_NS = 1000
"""The store gives the time in microseconds."""

FIRST_LOOKS = 3
"""The first reading may have waited for a connection."""

SAMPLES = 16
DRIFT = 500e-6
"""How much faster or slower one clock may run than the other while both are slewed."""

WARN_SECONDS = 1.0
"""A difference or a jump of more than this is logged as a warning."""
TOO_FAR_SECONDS = 5.0
"""A machine whose clock is off by more than this is not ready."""

log = structlog.get_logger()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A reading: how far the store was ahead of `elapsed_ns` at `at`, to within `bound`.

    All are in nanoseconds.
    """

    offset: int
    bound: int
    at: int

    def bound_at(self, elapsed: int) -> int:
        """The present error bound: clocks drift apart."""
        return self.bound + round(DRIFT * (elapsed - self.at))


class StoreClock:
    """Follows the store's clock, and detects when it or this machine's clock is wrong."""

    def __init__(
        self,
        read: Callable[[], datetime],
        wall_offset: Callable[[], int] = wall_offset_ns,
        elapsed: Callable[[], int] = elapsed_ns,
        every: float = LOOK_SECONDS,
    ) -> None:
        """Follow the clock that `read` reads: at once, and then `every` so many seconds.

        Raises what `read` raises.
        """
        self._read = read
        self._wall_offset = wall_offset
        self._elapsed = elapsed
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._wall = wall_offset()
        self._warned = 0.0
        self._store_jumped = False
        self._thread = BackgroundThread("clock", self._look_if_there, every)
        first = self._sample()
        self._samples.append(first)
        self._offset = first.offset
        for _ in range(FIRST_LOOKS - 1):
            self.look()

    def now(self) -> datetime:
        """The present moment by the store's clock, cut to the millisecond."""
        return at_ns(self._elapsed() + self._offset)

    @property
    def skew(self) -> float:
        """How many seconds this machine's clock was ahead of the store's at the last reading."""
        return (self._wall - self._offset) / NS

    @property
    def too_far(self) -> bool:
        """Whether this machine's clock and the store's cannot both be right."""
        return abs(self.skew) > TOO_FAR_SECONDS

    @property
    def holds_may_end(self) -> bool:
        """Whether the time is certain enough to end holds.

        It is not once the store's clock has jumped ahead of this machine's: it is not known which
        one is right, and holding a ticket for too long is better than selling it while it is still
        held. It is certain again once both agree, or in a new process.
        """
        return not self._store_jumped

    def trouble(self) -> str | None:
        """The reason why this machine is not ready; None while its clock is accurate enough."""
        if not self.too_far:
            return None
        held = "" if self.holds_may_end else "; the store's jumped, so no hold is ended"
        return f"this machine's clock is {_apart(self.skew)} the one that decides{held}"

    def look(self) -> None:
        """Read the store's time, and compare. Raises what the store raises."""
        self._look_at_the_store()
        self._look_at_the_machine()
        if not self.too_far:
            self._store_jumped = False
        if abs(self.skew - self._warned) > WARN_SECONDS:
            self._warn()

    def start(self) -> None:
        """Read the store's time at intervals, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current reading and stop."""
        self._thread.stop()

    def _look_if_there(self) -> None:
        """Take a reading if the store answers: without the store nothing can be decided anyway."""
        with suppress(StoreUnavailable):
            self.look()

    def _sample(self) -> Sample:
        asked = self._elapsed()
        store = to_ns(self._read())
        answered = self._elapsed()
        half = (answered - asked) // 2
        return Sample(offset=store - asked - half, bound=half + UNIT_NS, at=answered)

    def _look_at_the_store(self) -> None:
        """Follow the most exact of the last samples, or only the new one if they contradict it."""
        new = self._sample()
        best = self._best(new.at)
        step = new.offset - best.offset
        if abs(step) > new.bound + best.bound_at(new.at):
            if step > TOO_FAR_SECONDS * NS:
                self._store_jumped = True  # before any hold is judged by the new time
            if abs(step) > WARN_SECONDS * NS:
                _jumped("store", new.at + best.offset, new.at + new.offset)
            self._samples.clear()
        self._samples.append(new)
        self._offset = self._best(new.at).offset

    def _best(self, elapsed: int) -> Sample:
        return min(self._samples, key=lambda sample: sample.bound_at(elapsed))

    def _look_at_the_machine(self) -> None:
        before, self._wall = self._wall, self._wall_offset()
        if abs(self._wall - before) > WARN_SECONDS * NS:
            elapsed = self._elapsed()
            _jumped("machine", elapsed + before, elapsed + self._wall)

    def _warn(self) -> None:
        """Log a difference when it appears, changes and disappears."""
        self._warned = self.skew if abs(self.skew) > WARN_SECONDS else 0.0
        if self._warned:
            log.warning("clock_skewed", seconds=round(self.skew, 3), ready=not self.too_far)
        else:
            log.info("clock_agrees", seconds=round(self.skew, 3))


def _jumped(clock: str, before: int, after: int) -> None:
    """Log a jump of the `store`'s clock or the `machine`'s, from when to when."""
    times = {"from": at_ns(before).isoformat(), "to": at_ns(after).isoformat()}
    log.warning("clock_jumped", clock=clock, seconds=round((after - before) / NS, 3), **times)


def _apart(skew: float) -> str:
    return f"{abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'}"
