"""The successors of all processes that answer, from their start until they serve or cannot.

The old ones answer meanwhile. They share their port with the new ones, and stop once all of these
serve, as `draining.py` has it: no request is refused or cut.
"""

from interface.server.process import Process

SECONDS = 60.0
"""How long successors may take until they serve."""
MOST_PROCESSES = 65
"""The background worker and those that answer, at most."""


def place_of(number: int, generation: int) -> int:
    """Where a process counts: not where the one does that it replaces, while both live."""
    return number + MOST_PROCESSES * (generation % 2)


class Replacement:
    """The successors; none of them is started again."""

    def __init__(self, processes: list[Process], begun: float) -> None:
        self.processes = processes
        self._begun = begun

    @property
    def serves(self) -> bool:
        """Whether each of them serves."""
        return all(each.serves for each in self.processes)

    def failure(self, moment: float) -> str | None:
        """Why they cannot replace the others; None while they may."""
        for each in self.processes:
            if each.failure:
                return each.failure
            if each.failed:
                return "A new process ended before it served."
        if not self.serves and moment - self._begun > SECONDS:
            return f"The new processes do not serve within {SECONDS:.0f} s."
        return None
