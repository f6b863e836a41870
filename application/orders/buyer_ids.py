"""The ids of buyers: the same for the same address of one vendor, and telling nothing else."""

import hmac

from application.catalog.buyer_secret import ensure_buyer_secret
from application.catalog.cache import CatalogCache
from application.ports.store import Store
from application.runtime.greenlet_bridge import off_the_loop
from domain.commands import Customer
from domain.order import Order
from domain.promocodes import same_address

ID_DIGITS = 24


class BuyerIds:
    """Makes ids with the secret of the database.

    An id is recorded with the event that brings the address: replaying needs no secret.
    """

    def __init__(self, store: Store, catalog_cache: CatalogCache) -> None:
        """Use the secret in the catalogue of `store`."""
        self._store = store
        self._catalog_cache = catalog_cache
        self._made: str | None = None

    def prepare(self, customer: Customer | None) -> None:
        """See that there is a secret, before a unit of work names the buyer.

        A catalogue has had one since it was loaded, unless an earlier version did that.
        """
        if customer is not None and self._secret() is None:
            self._made = off_the_loop(self._make)

    def user(self, order: Order, customer: Customer) -> str | None:
        """The id of the buyer that an order has once `customer` is recorded."""
        email, secret = customer.email or order.customer.email, self._secret()
        if email is None or secret is None:
            return None
        return buyer_id(secret, order.vendor, email)

    def _secret(self) -> str | None:
        return self._catalog_cache.current().buyer_secret or self._made

    def _make(self) -> str:
        with self._store.change_catalog() as change:
            return ensure_buyer_secret(change)


def buyer_id(secret: str, vendor: str, email: str) -> str:
    """The id of the buyer with this address, in any case of its letters, at this vendor."""
    about = f"{vendor} {same_address(email)}"
    return hmac.digest(bytes.fromhex(secret), about.encode(), "sha256").hex()[:ID_DIGITS]
