"""Histograms by labels, which all processes of a server count together."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import msgspec

from application.runtime.shared_slots import SharedSlots

NAME_BYTES = 184
"""The longest labels together."""
MOST = 512
"""The most labels that a process counts; further ones are left out."""
BETWEEN = "\x1f"

Labels = tuple[str, ...]


class Histogram(msgspec.Struct):
    """How many values were in each bucket (not below it, too), the last for all beyond; the sum."""

    counts: list[int]
    sum: float


class SharedHistograms(SharedSlots[Labels]):
    """How often values were up to each of the `bounds`; made before any process is forked."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        super().__init__(len(self.bounds) + 2, MOST, NAME_BYTES)

    def add(self, labels: Labels, value: float) -> None:
        """Count a value."""
        with self._mutex:
            at = self._slot(labels)
            if at >= 0:
                self._counts[at + bisect_left(self.bounds, value)] += 1
                self._sums[at + len(self.bounds) + 1] += value

    def totals(self) -> Mapping[Labels, Histogram]:
        """What all processes have counted, by labels in their order."""
        totals: dict[Labels, Histogram] = {}
        buckets = len(self.bounds) + 1
        for labels, at in self._all():
            known = totals.setdefault(labels, Histogram([0] * buckets, 0.0))
            own = self._counts[at : at + buckets]
            known.counts = [a + b for a, b in zip(known.counts, own, strict=True)]
            known.sum += self._sums[at + buckets]
        return dict(sorted(totals.items()))

    def _written(self, name: Labels) -> bytes:
        return BETWEEN.join(name).encode()

    def _read(self, written: bytes) -> Labels:
        return tuple(written.decode().split(BETWEEN))
