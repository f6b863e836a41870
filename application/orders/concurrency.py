"""Tracks which requests about one order overlap in this process.

A request that arrived before another one changed the order could not know of the change.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class InFlightRequest:
    """An in-flight request about an order; `late` once another one has changed the order."""

    __slots__ = ("late",)

    def __init__(self) -> None:
        self.late = False


class InFlightRequests:
    """The in-flight requests, by order."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._under_way: dict[str, list[InFlightRequest]] = {}

    @contextmanager
    def taken(self, order: str) -> Iterator[InFlightRequest]:
        """Register an in-flight request about an order, until the block ends."""
        in_flight = InFlightRequest()
        with self._mutex:
            self._under_way.setdefault(order, []).append(in_flight)
        try:
            yield in_flight
        finally:
            with self._mutex:
                requests = self._under_way[order]
                requests.remove(in_flight)
                if not requests:
                    del self._under_way[order]

    def changed(self, order: str, by: InFlightRequest | None = None) -> None:
        """Mark all other in-flight requests about an order as late: it was changed."""
        with self._mutex:
            for in_flight in self._under_way.get(order, ()):
                in_flight.late = in_flight.late or in_flight is not by
