"""Pages of a partner's orders as bytes, kept until the read model advances or a hold on it ends.

While a sale goes on, the read model advances some times a second, and lists are asked for more
often than that.
"""

from collections.abc import Callable, Hashable

from application.catalog.cache import CatalogCache
from application.documents.json_list import JsonPage
from application.documents.kept_pages import KeptPages
from application.orders.queries import OrderFilter, OrderPage, OrderQueries
from application.ports.store import Store
from application.runtime.service_clock import ServiceClock


class OrderLists:
    """Answers with orders as they are now."""

    def __init__(
        self, store: Store, queries: OrderQueries, catalog: CatalogCache, clock: ServiceClock
    ) -> None:
        self._store = store
        self._queries = queries
        self._catalog = catalog
        self._clock = clock
        self._kept = KeptPages[tuple[str, OrderFilter, Hashable]]()

    def page(
        self,
        vendor: str,
        wanted: OrderFilter,
        shape: Hashable,
        shown: Callable[[OrderPage], JsonPage],
    ) -> JsonPage:
        """A page of a vendor's orders, as `shown` makes it.

        `shape` names what `shown` makes of a page; it may be made of the orders and of the
        catalogue. Raises `BadCursor`, `ModelNotTrue` and what `shown` raises.
        """
        key = (vendor, wanted, shape)
        model = self._store.read_models().state("orders")
        state = (model.generation, model.position, model.hash, self._catalog.current().version)
        known = self._kept.known(key, state, self._clock.of(vendor)) if model.is_true else None
        if known is not None:
            return known
        page = self._queries.orders(vendor, wanted)
        found = shown(page)
        if not wanted.statuses:  # which orders have a status depends on holds on no page
            self._kept.keep(key, found, state, page.read_at, page.till)
        return found
