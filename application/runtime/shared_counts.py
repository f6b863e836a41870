"""Counts by name, which all processes of a server count together."""

from collections import Counter
from collections.abc import Mapping

from application.runtime.shared_slots import SharedSlots

NAME_BYTES = 832
MOST = 256
"""The most names that a process counts; further ones are left out."""


class SharedCounts(SharedSlots[str]):
    """How often each name was counted; made before any process is forked."""

    def __init__(self) -> None:
        super().__init__(1, MOST, NAME_BYTES)

    def add(self, name: str, times: int = 1) -> None:
        """Count a name once more, or several times."""
        with self._mutex:
            at = self._slot(name)
            if at >= 0:
                self._counts[at] += times

    def totals(self) -> Mapping[str, int]:
        """How often all processes have counted each name."""
        totals: Counter[str] = Counter()
        for name, at in self._all():
            totals[name] += self._counts[at]
        return totals

    def _written(self, name: str) -> bytes:
        return name.encode()

    def _read(self, written: bytes) -> str:
        return written.decode()
