"""Partners and their keys. A key is kept only as its hash: it cannot be read back."""

import hashlib

import msgspec

from application.catalog.cache import CatalogCache

SYSTEM = "system"
"""The actor of changes that no caller requested."""

AUDIT = "audit"
"""The scope of a key that may read, but not change, the orders of every partner."""

SCOPES = (AUDIT,)


class Caller(msgspec.Struct, frozen=True):
    """The caller: a partner, identified by one of its keys."""

    partner: str
    key: str
    language: str
    scopes: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """The caller as events name it."""
        return f"partner:{self.partner} key:{self.key}"

    @property
    def sees_all(self) -> bool:
        """Whether the caller may read the data of all partners."""
        return AUDIT in self.scopes

    def sees(self, *partners: str) -> bool:
        """Whether the caller may read what belongs to these partners, such as their orders."""
        return self.sees_all or self.partner in partners


def hash_of(key: str) -> str:
    """The stored hash of a key. Keys are long and random, so one round of SHA-256 is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_id(key_hash: str) -> str:
    """The name of a key, safe to show: the start of its hash."""
    return key_hash[:8]


class Access:
    """Finds the owner of a key."""

    def __init__(self, catalog_cache: CatalogCache) -> None:
        self._catalog_cache = catalog_cache

    def caller(self, key: str) -> Caller | None:
        """The owner of `key`; None when it is unknown or revoked."""
        return self.caller_by_hash(hash_of(key))

    def caller_by_hash(self, key_hash: str) -> Caller | None:
        """The owner of the key with this hash; None when it is unknown or revoked."""
        catalog = self._catalog_cache.current()
        known = catalog.keys.get(key_hash)
        if known is None or known.revoked_at is not None:
            return None
        language = catalog.partners[known.partner].language
        return Caller(known.partner, known.id, language, known.scopes)
