"""The secret that signs sessions of the console, shared by all processes."""

import secrets

import msgspec

from application.catalog.cache import CatalogCache, Secret
from application.ports.store import Store

NAME = "console"


class SessionSecret:
    """Stores the secret with the catalogue. It is made when first needed."""

    def __init__(self, store: Store, catalog_cache: CatalogCache) -> None:
        self._store = store
        self._catalog_cache = catalog_cache
        self._known: str | None = None

    def value(self) -> str:
        """The secret: 64 random hex digits. It does not change."""
        if self._known is None:
            known = self._catalog_cache.current().secrets.get(NAME) or self._made()
            self._known = known.value
        return self._known

    def _made(self) -> Secret:
        """Make a secret, unless another process has just made one."""
        with self._store.change_catalog() as change:
            document = change.documents().get(("secret", NAME))
            if document is None:
                document = msgspec.json.encode(Secret(secrets.token_hex(32)))
                change.put("secret", NAME, document)
        return msgspec.json.decode(document, type=Secret)
