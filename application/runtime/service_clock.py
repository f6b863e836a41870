"""The clock of the service. Partners have one of their own only in the sandbox."""

from collections.abc import Callable
from datetime import datetime


class ServiceClock:
    """The time that decides: one for all partners.

    The sandbox's has a time for each of them (`application/catalog/sandbox_clock.py`). So whoever
    asks says for whom: an order goes by the clock of its vendor.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The present, whoever asks: for keys, sessions, signatures and the service's own work."""
        return self._now()

    def of(self, partner: str) -> datetime:  # noqa: ARG002 - the same for all
        """The present of a partner."""
        return self._now()

    def seen_by(self, partner: str, moment: datetime) -> datetime:  # noqa: ARG002 - as above
        """What a partner's clock showed at `moment` of the service's."""
        return moment

    def earliest(self) -> datetime:
        """The present of the partner whose clock is the most behind."""
        return self._now()

    def latest(self) -> datetime:
        """The present of the partner whose clock is the most ahead."""
        return self._now()

    def moved(self, partner: str) -> datetime | None:  # noqa: ARG002 - as above
        """The present of a partner whose clock was moved; None for all others."""
        return None

    def look(self) -> None:
        """Learn what other processes have moved."""
