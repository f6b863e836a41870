"""Counts the traffic of a server: its requests, its refusals, its commits, and what is in them."""

from collections.abc import Iterator

from application.runtime.shared_counts import SharedCounts
from application.runtime.shared_histograms import SharedHistograms

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
NO_ROUTE = "none"
"""The route of a request that asks for nothing that there is."""
OTHER_METHOD = "other"
ALL = ("all",)

REFUSED = "refused"
"""A kind of count: answers that were a problem, by their code."""
CLASSES = tuple(f"{each}xx" for each in range(10))
"""The labels of statuses, by their first digit."""


class TrafficCounts:
    """The counts of all processes of a server; made before any process is forked."""

    def __init__(self) -> None:
        self.requests = SharedHistograms(LATENCIES)
        self.batches = SharedHistograms(SIZES)
        self.commits = SharedHistograms(LATENCIES)
        self._counts = SharedCounts()

    def count_as(self, process: int) -> None:
        """Count as the process of this number from now on."""
        for each in (self.requests, self.batches, self.commits, self._counts):
            each.count_as(process)

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        known = method if method in METHODS else OTHER_METHOD
        self.requests.add((known, route or NO_ROUTE, CLASSES[status // 100]), seconds)

    def refusal(self, code: str) -> None:
        """Count an answer that is a problem."""
        self.count(REFUSED, code)

    def batch(self, size: int, seconds: float) -> None:
        """Count a batch of commands that was carried out."""
        self.batches.add(ALL, size)
        self.commits.add(ALL, seconds)

    def count(self, kind: str, label: str, times: int = 1) -> None:
        """Count something of a kind, by its label."""
        self._counts.add(f"{kind} {label}", times)

    def totals(self) -> Iterator[tuple[str, str, int]]:
        """What was counted, of which kind, and how often."""
        for name, count in sorted(self._counts.totals().items()):
            kind, _, label = name.partition(" ")
            yield kind, label, count


TRAFFIC = TrafficCounts()
"""Of this server, or of this command."""
