"""The port to when each key was last used."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class KeyUsageRecords(Protocol):
    """By key, when it was last used. It is no part of the log, and not copied."""

    def note(self, keys: Iterable[str], at: datetime) -> None:
        """Note that these keys were used; never an earlier moment than is known."""

    def last(self) -> dict[str, datetime]:
        """When each key was last used; keys that never were are absent."""
