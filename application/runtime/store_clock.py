"""The time that decides: the store's, followed without asking it with every request.

A process asks the store for the time about once a second and remembers how far it is ahead of
`elapsed_ns`, which nobody sets. Between two answers time is what has passed. So servers whose own
clocks differ or jump agree on when a hold ends, as exactly as a round trip to the store is short.
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
"""The first answer may have waited for a connection."""

SAMPLES = 16
DRIFT = 500e-6
"""How much faster or slower one clock may go than the other while both are slewed."""

WARN_SECONDS = 1.0
"""A difference or a jump of more than this is worth a warning."""
TOO_FAR_SECONDS = 5.0
"""A machine whose clock is off by more than this is not ready."""

log = structlog.get_logger()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How far the store's time was ahead of `elapsed_ns`, give or take `bound`, when it was `at`.

    All of them in nanoseconds.
    """

    offset: int
    bound: int
    at: int

    def bound_at(self, elapsed: int) -> int:
        """How exact it still is: clocks drift apart."""
        return self.bound + round(DRIFT * (elapsed - self.at))


class StoreClock:
    """Follows the store's clock, and notices when it or this machine's own one is off."""

    def __init__(
        self,
        read: Callable[[], datetime],
        wall_offset: Callable[[], int] = wall_offset_ns,
        elapsed: Callable[[], int] = elapsed_ns,
        every: float = LOOK_SECONDS,
    ) -> None:
        """Follow what `read` returns; look at once, later `every` so many seconds.

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
        """How many seconds this machine's clock was ahead of the store's at the last look."""
        return (self._wall - self._offset) / NS

    @property
    def too_far(self) -> bool:
        """Whether this machine's clock and the store's cannot both be right."""
        return abs(self.skew) > TOO_FAR_SECONDS

    @property
    def holds_may_end(self) -> bool:
        """Whether a hold that seems to have ended has ended.

        Not once the store's clock has jumped ahead, away from this machine's: then nobody knows
        which one is right, and a ticket that is held for too long is better than one that is sold
        while it was promised to somebody. It has once both agree again, or in a new process.
        """
        return not self._store_jumped

    def trouble(self) -> str | None:
        """Why this machine is not ready, in a sentence; None while its clock is good enough."""
        if not self.too_far:
            return None
        held = "" if self.holds_may_end else "; the store's jumped, so no hold is ended"
        return f"this machine's clock is {_apart(self.skew)} the one that decides{held}"

    def look(self) -> None:
        """Ask the store for the time, and compare. Raises what the store raises."""
        self._look_at_the_store()
        self._look_at_the_machine()
        if not self.too_far:
            self._store_jumped = False
        if abs(self.skew - self._warned) > WARN_SECONDS:
            self._warn()

    def start(self) -> None:
        """Look now and then from a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the look under way and stop."""
        self._thread.stop()

    def _look_if_there(self) -> None:
        """Look, if the store answers: without it nothing can be decided anyway."""
        with suppress(StoreUnavailable):
            self.look()

    def _sample(self) -> Sample:
        asked = self._elapsed()
        store = to_ns(self._read())
        answered = self._elapsed()
        half = (answered - asked) // 2
        return Sample(offset=store - asked - half, bound=half + UNIT_NS, at=answered)

    def _look_at_the_store(self) -> None:
        """Follow the best of the last samples, or only the new one where they contradict it."""
        new = self._sample()
        best = self._best(new.at)
        step = new.offset - best.offset
        if abs(step) > new.bound + best.bound_at(new.at):
            if step > TOO_FAR_SECONDS * NS:
                self._store_jumped = True  # before any hold can be looked at by the new time
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
        """Name a difference when it appears, changes and goes."""
        self._warned = self.skew if abs(self.skew) > WARN_SECONDS else 0.0
        if self._warned:
            log.warning("clock_skewed", seconds=round(self.skew, 3), ready=not self.too_far)
        else:
            log.info("clock_agrees", seconds=round(self.skew, 3))


def _jumped(clock: str, before: int, after: int) -> None:
    """Name a jump of the `store`'s clock or the `machine`'s, from when to when."""
    times = {"from": at_ns(before).isoformat(), "to": at_ns(after).isoformat()}
    log.warning("clock_jumped", clock=clock, seconds=round((after - before) / NS, 3), **times)


def _apart(skew: float) -> str:
    return f"{abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'}"
