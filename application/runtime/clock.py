"""The machine's clocks, and how a moment is written down. Everything is UTC, to the millisecond.

What decides about sales does not read them directly but follows the store's (`store_clock.py`).
"""

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
NS = 1_000_000_000
"""Nanoseconds of a second."""

TOGETHER_NS = NS // 20
"""Two clocks were read together if no more than this passed meanwhile."""

_ONLY_PASSES = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts while the machine is suspended, too: else waking up would look like a jump."""


def elapsed_ns() -> int:
    """Nanoseconds since some moment, by a clock that nobody sets.

    On Linux it is the same for all processes of a machine until that is started again.
    """
    return time.clock_gettime_ns(_ONLY_PASSES)


def wall_offset_ns() -> int:
    """What to add to `elapsed_ns` to have the time of this machine's clock, in nanoseconds.

    Only setting that clock changes it: a clock that is slewed takes the other one along.
    """
    while True:
        before = elapsed_ns()
        wall = time.time_ns()
        after = elapsed_ns()
        if after - before < TOGETHER_NS:
            return wall - (before + after) // 2


def now() -> datetime:
    """The present moment by this machine's clock, cut to the millisecond.

    For tools and tests: the service goes by `Services.clock`.
    """
    return at_ns(time.time_ns())


def at_ns(nanoseconds: int) -> datetime:
    """The moment so many nanoseconds after the epoch, cut to the millisecond."""
    return datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)


def from_ns(nanoseconds: int) -> datetime:
    """The moment so many nanoseconds after the epoch, to the microsecond."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def to_ns(moment: datetime) -> int:
    """Nanoseconds since the epoch, as far as a moment can tell them."""
    return (moment - EPOCH) // MICROSECOND * 1000


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return (moment - EPOCH) // MILLISECOND


def to_ms_up(moment: datetime) -> int:
    """The first whole millisecond at `moment` or after it: what a range begins or ends with."""
    return -((EPOCH - moment) // MILLISECOND)


def from_ms(milliseconds: int) -> datetime:
    """The moment so many milliseconds after the epoch."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def written(moment: datetime) -> str:
    """A moment as the documented answers write it: `2016-01-26T09:25:19.378000+00:00`."""
    return moment.isoformat(timespec="microseconds")


def stamp() -> str:
    """The machine's time as a part of a file's name, `20261128T191500Z`: it decides nothing."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def machine_ms() -> int:
    """The machine's time, in milliseconds since the epoch: for what is only shown."""
    return to_ms(now())
