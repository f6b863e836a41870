"""Counts the notices of gateways by payment system and by what came of them."""

from collections.abc import Iterator
from enum import StrEnum

from application.runtime.shared_counts import SharedCounts


class NoticeOutcome(StrEnum):
    """What came of a notice of a known payment system."""

    KEPT = "kept"
    REPEATED = "repeated"
    UNKNOWN_BUYER = "unknown_buyer"
    PENDING = "pending"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"
    UNREADABLE = "secret_unreadable"


class NoticeCounts:
    """The counts of all processes of a server."""

    def __init__(self) -> None:
        self._counts = SharedCounts()
        self.count_as = self._counts.count_as

    def add(self, system: str, outcome: NoticeOutcome) -> None:
        """Count a notice of the payment system with this alias."""
        self._counts.add(f"{outcome} {system}")

    def all(self) -> Iterator[tuple[str, str, int]]:
        """The alias of a payment system, an outcome, and how many notices had it."""
        for name, count in sorted(self._counts.totals().items()):
            outcome, _, system = name.partition(" ")
            yield system, outcome, count


NOTICES = NoticeCounts()
"""Of this server, or of this command."""
