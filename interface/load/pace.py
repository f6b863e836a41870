"""The pace of a drill by tenths of its sale: whether it slows down as the log grows."""

import time
from collections.abc import Callable

import msgspec

PARTS = 10


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the sale: its rate, and the processor time of all server processes for an order.

    The latter is in microseconds, and None where the system does not say.
    """

    orders_per_second: float
    processor_us_per_order: float | None


class _Mark(msgspec.Struct, frozen=True):
    seconds: float
    orders: int
    processor_seconds: float | None


class Pace:
    """Notes at the begin of each tenth how far the sale is."""

    def __init__(self, processor_seconds: Callable[[], float | None]) -> None:
        self._processor_seconds = processor_seconds
        self._marks: list[_Mark] = []

    def look(self, part: float, orders: int) -> None:
        """Note the present state if a new tenth begins at `part` (0 to 1) of the sale."""
        if part * PARTS >= len(self._marks):
            self._marks.append(_Mark(time.monotonic(), orders, self._processor_seconds()))

    def stretches(self) -> list[Stretch]:
        """What lies between the notes, without those of an instant; may be empty."""
        return [
            _between(begin, end)
            for begin, end in zip(self._marks, self._marks[1:], strict=False)
            if end.orders > begin.orders and end.seconds > begin.seconds
        ]


def _between(begin: _Mark, end: _Mark) -> Stretch:
    orders = end.orders - begin.orders
    used = None
    if begin.processor_seconds is not None and end.processor_seconds is not None:
        used = (end.processor_seconds - begin.processor_seconds) / orders * 1_000_000
    return Stretch(
        orders_per_second=orders / (end.seconds - begin.seconds), processor_us_per_order=used
    )
