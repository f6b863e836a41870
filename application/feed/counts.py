"""Counts what the feed sends, in memory that all processes of a server share.

Each process counts in a place of its own, so a killed process cannot corrupt the others' counts.
"""

import mmap
import time
from struct import Struct

import msgspec

from application.runtime.shared_slots import PLACES

SLOT = Struct("@QQQQQ")
FEW = 64
LOOK_SECONDS = 1.0
"""How often the slowest of many streams is determined."""


class FeedFigures(msgspec.Struct, kw_only=True):
    """Streams that are open now, those dropped because they were too slow, and events sent.

    `slowest` is one more than the position of the open stream that is furthest behind; 0 for none.
    """

    open: int = 0
    dropped: int = 0
    streamed: int = 0
    pulled: int = 0
    slowest: int = 0


class FeedCounts:
    """The figures of each process; made before any process is forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PLACES * SLOT.size)
        self._place = PLACES - 1
        self.own = FeedFigures()
        self._positions: dict[int, int] = {}
        self._looked = 0.0

    def count_as(self, process: int) -> None:
        """Count as the process of this number from now on: none of its streams is open yet."""
        self._place = process
        known = FeedFigures(**dict(zip(FeedFigures.__struct_fields__, self._read(), strict=True)))
        self.own = msgspec.structs.replace(known, open=0, slowest=0)
        self._positions = {}
        self.write()

    def write(self) -> None:
        """Let all processes know what this one has counted."""
        SLOT.pack_into(self._memory, self._place * SLOT.size, *msgspec.structs.astuple(self.own))

    def stands(self, stream: int, position: int | None) -> None:
        """Where a stream of this process stands now; None: it has ended."""
        if position is None:
            self._positions.pop(stream, None)
        else:
            self._positions[stream] = position
        now = time.monotonic()
        if len(self._positions) <= FEW or now >= self._looked + LOOK_SECONDS:
            self._looked = now
            self.own.slowest = min(self._positions.values(), default=-1) + 1
            self.write()

    def _read(self) -> tuple[int, ...]:
        return SLOT.unpack_from(self._memory, self._place * SLOT.size)

    def total(self) -> FeedFigures:
        """The figures of all processes together."""
        *others, slowest = zip(*SLOT.iter_unpack(self._memory), strict=True)
        sums = [sum(column) for column in others]
        furthest = min(filter(None, slowest), default=0)
        names = FeedFigures.__struct_fields__
        return FeedFigures(**dict(zip(names, [*sums, furthest], strict=True)))


FEED_COUNTS = FeedCounts()
"""Of this server."""
