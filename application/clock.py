"""The one clock, and how a moment is written down. Everything is UTC, to the millisecond."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def now() -> datetime:
    """The present moment, cut to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


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
