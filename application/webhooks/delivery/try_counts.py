"""Counts the tries to deliver by what came of them."""

from collections.abc import Iterator

from application.runtime.shared_counts import SharedCounts
from application.webhooks.delivery.outcomes import Outcome


class TryCounts:
    """The counts of all processes of a server."""

    def __init__(self) -> None:
        self._counts = SharedCounts()
        self.count_as = self._counts.count_as

    def add(self, outcome: Outcome) -> None:
        """Count a try: statuses by their first digit, so that there are few names."""
        answered = outcome.status and outcome.reason == f"answered_{outcome.status}"
        reason = f"answered_{outcome.status // 100}xx" if answered else outcome.reason
        self._counts.add(reason or "confirmed")

    def all(self) -> Iterator[tuple[str, int]]:
        """The number of tries by outcome."""
        yield from sorted(self._counts.totals().items())


TRIES = TryCounts()
"""Of this server, or of this command."""
