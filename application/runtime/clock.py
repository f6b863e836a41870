"""The machine's clocks, and the formats of moments. Everything is UTC, to the millisecond.

Decisions about sales do not use them directly, but the store's clock (`store_clock.py`).
"""

import time
from datetime import UTC, datetime, timedelta

import msgspec

_in_json = msgspec.json.Encoder().encode
_UTC_WITH_A_FRACTION = len('"2016-01-26T09:25:19.378000Z"')
_UTC_WITHOUT_ONE = len('"2016-01-26T09:25:19Z"')

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
NS = 1_000_000_000
"""Nanoseconds of a second."""

TOGETHER_NS = NS // 20
"""Two clocks were read together if no more than this passed meanwhile."""

_ONLY_PASSES = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that also counts while the machine is suspended; else waking would look like a jump."""


def elapsed_ns() -> int:
    """Nanoseconds since some moment, by a clock that nobody sets.

    On Linux it is the same for all processes of a machine until the machine is restarted.
    """
    return time.clock_gettime_ns(_ONLY_PASSES)


def wall_offset_ns() -> int:
    """The difference of this machine's clock and `elapsed_ns`, in nanoseconds.

    Only setting the clock changes it: slewing affects both clocks alike.
    """
    while True:
        before = elapsed_ns()
        wall = time.time_ns()
        after = elapsed_ns()
        if after - before < TOGETHER_NS:
            return wall - (before + after) // 2


def machine_ns() -> int:
    """Nanoseconds since the epoch by this machine's clock, for spans and logs."""
    return time.time_ns()


def now() -> datetime:
    """The present moment by this machine's clock, cut to the millisecond.

    For tools and tests: the service uses `Services.clock`.
    """
    return at_ns(time.time_ns())


def at_ns(nanoseconds: int) -> datetime:
    """The moment so many nanoseconds after the epoch, cut to the millisecond."""
    return datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)


def from_ns(nanoseconds: int) -> datetime:
    """The moment so many nanoseconds after the epoch, to the microsecond."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def to_ns(moment: datetime) -> int:
    """Nanoseconds since the epoch, as exact as a moment is."""
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
    """A moment in the format of the documented answers: `2016-01-26T09:25:19.378000+00:00`.

    `isoformat` asks the time zone, which takes five times as long where that is UTC.
    """
    text = _in_json(moment)
    if len(text) == _UTC_WITH_A_FRACTION:
        return f"{text[1:-2].decode()}+00:00"
    if len(text) == _UTC_WITHOUT_ONE:
        return f"{text[1:-2].decode()}.000000+00:00"
    return moment.isoformat(timespec="microseconds")


def stamp() -> str:
    """The machine's time for file names, `20261128T191500Z`; no decision depends on it."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def machine_ms() -> int:
    """The machine's time in milliseconds since the epoch, for display only."""
    return to_ms(now())
