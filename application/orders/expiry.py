"""The sweeper: records that holds have ended, which frees their tickets.

At intervals it also deletes old entries of the rejection log.

Any number of processes may sweep at once: each order decides in the transaction that records the
end, so nothing is recorded twice.
"""

from collections.abc import Callable

import structlog

from application.orders.queries import OrderQueries
from application.orders.rejected_requests import RejectionLog
from application.orders.service import OrderService
from application.runtime.background_thread import BackgroundThread
from application.runtime.service_clock import ServiceClock

BATCH = 100

log = structlog.get_logger()


def sweep(queries: OrderQueries, orders: OrderService, request_id: str) -> list[str]:
    """Record the end of every hold that is due now; return the orders that expired."""
    expired: list[str] = []
    last = None
    while due := queries.due(BATCH, last):
        expired += orders.expire([each.order for each in due], request_id)
        last = due[-1]
    return expired


class Sweeper(BackgroundThread):
    """Sweeps every `seconds` seconds."""

    def __init__(
        self,
        queries: OrderQueries,
        orders: OrderService,
        rejections: RejectionLog,
        clock: ServiceClock,
        seconds: float,
        retry: Callable[[], None] = lambda: None,
    ) -> None:
        """`retry` is what else was put off, and is tried again first."""
        super().__init__("sweeper", self._sweep, seconds)
        self._queries = queries
        self._orders = orders
        self._rejections = rejections
        self._clock = clock
        self._retry = retry

    def _sweep(self) -> None:
        self._clock.look()
        self._retry()
        expired = sweep(self._queries, self._orders, "sweeper")
        self._rejections.purge(self._clock())
        if expired:
            log.info("orders_expired", count=len(expired))
