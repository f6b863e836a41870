"""Who a request comes from: a partner, by one of its keys, and what that key may do."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from application.catalog.cache import Catalog, CatalogCache, Key
from application.catalog.key_secret import KeySecret
from application.catalog.key_usage import KeyUsage
from application.catalog.scopes import AUDIT

SYSTEM = "system"
"""The actor of changes that no caller requested."""


class Caller(msgspec.Struct, frozen=True):
    """The caller: a partner, identified by one of its keys."""

    partner: str
    key: str
    language: str | None
    scopes: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """The caller as events name it; one beyond partners by its name alone."""
        return f"partner:{self.partner} key:{self.key}" if self.partner else self.key

    @property
    def sees_all(self) -> bool:
        """Whether the caller may read the data of all partners."""
        return AUDIT in self.scopes

    def sees(self, *partners: str) -> bool:
        """Whether the caller may read what belongs to these partners, such as their orders."""
        return self.sees_all or self.partner in partners

    def may(self, *scopes: str) -> bool:
        """Whether the key has one of these scopes."""
        return not set(scopes).isdisjoint(self.scopes)


class UsedKeys(msgspec.Struct, frozen=True):
    """The names of the good keys that were used since the catalogue has this version.

    They are kept, since finding the name takes longer than all else about a key. There are never
    more than keys in the catalogue, whatever is guessed.
    """

    version: int
    names: dict[str, str]


class Access:
    """Finds the owner of a key."""

    def __init__(
        self,
        catalog_cache: CatalogCache,
        secret: KeySecret,
        clock: Callable[[], datetime],
        usage: KeyUsage | None = None,
        *,
        sample: bool = False,
    ) -> None:
        """Accept keys of the sample only with `sample`; note in `usage` which keys are used."""
        self._catalog_cache = catalog_cache
        self._secret = secret
        self._clock = clock
        self._usage = usage
        self._sample = sample
        self._names: tuple[int, dict[str, str]] = (-1, {})
        self._used = UsedKeys(-1, {})

    def caller(self, key: str, *, local: bool = False) -> Caller | None:
        """The owner of `key`; None when it is unknown, expired or revoked.

        Keys of the sample, which everybody knows, open only a sample, to `local` callers.
        """
        catalog = self._catalog_cache.current()
        if not catalog.keys or not key:
            return None
        used = self._used
        if used.version != catalog.version:
            used = self._used = UsedKeys(catalog.version, {})
        name = used.names.get(key) or self._secret.name_of(key)
        caller = self._of(catalog, name, local=local)
        if caller is not None:
            used.names[key] = name
        return caller

    def caller_by_name(self, name: str, *, local: bool = False) -> Caller | None:
        """The owner of the key that is stored under this name."""
        return self._of(self._catalog_cache.current(), name, local=local)

    def caller_by_id(self, key: str, *, local: bool = False) -> Caller | None:
        """The owner of the key with this id, as lists and events name it."""
        catalog = self._catalog_cache.current()
        version, names = self._names
        if version != catalog.version:
            names = {known.id: name for name, known in catalog.keys.items()}
            self._names = (catalog.version, names)
        name = names.get(key)
        return None if name is None else self._of(catalog, name, local=local)

    def _of(self, catalog: Catalog, name: str, *, local: bool) -> Caller | None:
        known = catalog.keys.get(name)
        if known is None or not self._opens(catalog, known, local=local):
            return None
        if self._usage is not None:
            self._usage.note(known.id)
        language = catalog.partners[known.partner].language
        return Caller(known.partner, known.id, language, known.scopes)

    def _opens(self, catalog: Catalog, key: Key, *, local: bool) -> bool:
        if key.sample and not (self._sample and local and catalog.only_sample):
            return False
        if key.expires_at is None:
            return key.revoked_at is None
        return key.works(self._clock())
