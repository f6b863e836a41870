"""Pages of a partner's orders as bytes, kept until the read model advances or a hold on it ends.

While a sale goes on, the read model advances some times a second, and lists are asked for more
often than that.
"""

from application.documents.json_list import JsonPage, page_of
from application.documents.kept_pages import KeptPages
from application.orders.queries import OrderFilter, OrderQueries
from application.ports.store import Store
from application.runtime.service_clock import ServiceClock


class OrderLists:
    """Answers with orders as they are now."""

    def __init__(self, store: Store, queries: OrderQueries, clock: ServiceClock) -> None:
        self._store = store
        self._queries = queries
        self._clock = clock
        self._kept = KeptPages[tuple[str, OrderFilter, int]]()

    def page(self, vendor: str, wanted: OrderFilter, most_bytes: int) -> JsonPage:
        """A page of a vendor's orders as a JSON array: as many as have room, but one at least.

        Raises `BadCursor`, `ModelNotTrue`.
        """
        key = (vendor, wanted, most_bytes)
        model = self._store.read_models().state("orders")
        state = (model.generation, model.position, model.hash)
        known = self._kept.known(key, state, self._clock.of(vendor)) if model.is_true else None
        if known is not None:
            return known
        page = self._queries.orders(vendor, wanted)
        found = page_of(page.answers, most_bytes, page.cursor_behind)
        if not wanted.statuses:  # which orders have a status depends on holds on no page
            self._kept.keep(key, found, state, page.read_at, page.till)
        return found
