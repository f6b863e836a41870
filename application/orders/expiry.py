"""The sweeper: records that holds have ended, and so lets their tickets go.

Now and then it also forgets refused attempts that are old.

Any number of processes may sweep at once: each order decides for itself, in the transaction that
records it, so that nothing is done twice.
"""

import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from application.orders.queries import OrderQueries
from application.orders.rejected_requests import RejectionLog
from application.orders.service import OrderService
from application.ports.store import StoreUnavailable

BATCH = 100

log = structlog.get_logger()


def sweep(queries: OrderQueries, orders: OrderService, request_id: str) -> list[str]:
    """Record the end of every hold that is due now; return the orders that expired by it."""
    expired: list[str] = []
    last = None
    while due := queries.due(BATCH, last):
        expired += orders.expire([each.order for each in due], request_id)
        last = due[-1]
    return expired


class Sweeper:
    """Sweeps now and then from a thread of its own."""

    def __init__(
        self,
        queries: OrderQueries,
        orders: OrderService,
        attempts: RejectionLog,
        clock: Callable[[], datetime],
        seconds: float,
    ) -> None:
        self._queries = queries
        self._orders = orders
        self._attempts = attempts
        self._clock = clock
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Start sweeping."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the sweep under way and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                expired = sweep(self._queries, self._orders, "sweeper")
                self._attempts.purge(self._clock())
            except StoreUnavailable as error:
                log.warning("store_unavailable", reason=str(error))
                continue
            except Exception:
                log.exception("sweep_failed")
                continue
            if expired:
                log.info("orders_expired", count=len(expired))
