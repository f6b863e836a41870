"""Counts the log lines that could not be written, by all processes of a server."""

from application.runtime.shared_counts import SharedCounts

LINES = "lines"


class DroppedLines:
    """How many lines all processes dropped; made before any process is forked."""

    def __init__(self) -> None:
        self._counts = SharedCounts()
        self.count_as = self._counts.count_as

    def add(self, lines: int) -> None:
        """Count lines of this process."""
        self._counts.add(LINES, lines)

    def total(self) -> int:
        """How many lines all processes have dropped."""
        return self._counts.totals().get(LINES, 0)


DROPPED = DroppedLines()
"""Of this server, or of this command."""
