"""When a message that was not confirmed is sent again, and when a webhook is given up."""

from datetime import datetime, timedelta

PAUSES = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0)
"""The seconds before each further try; the last value applies to all later ones."""
JITTER = 0.2
"""Up to this share of a pause is added at random, so that orders do not all retry at once."""
GIVEN_UP_AFTER = timedelta(days=3)
FEWEST_TRIES = 10
"""No webhook is given up before, however far a clock has jumped."""
LONGEST_WAIT = 24 * 3600.0
"""No message waits longer, whatever a `Retry-After` or a wrong clock has stored."""


def pause_after(tries: int, chance: float, retry_after: float | None = None) -> float:
    """The seconds before the next try. `chance` is between 0 and 1.

    A `Retry-After` of the receiver replaces it, but is never shorter than the first pause.
    """
    if retry_after is not None:
        return min(max(retry_after, PAUSES[0]), LONGEST_WAIT)
    return PAUSES[min(tries, len(PAUSES)) - 1] * (1 + JITTER * chance)


def is_given_up(tries: int, first_failed_at: datetime, now: datetime) -> bool:
    """Whether a message was tried for long enough."""
    return tries >= FEWEST_TRIES and now - first_failed_at >= GIVEN_UP_AFTER


def wait_till(moment: datetime | None, now: datetime) -> float:
    """The seconds until a stored moment."""
    if moment is None:
        return 0.0
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)
