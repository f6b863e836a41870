"""What is sold, by whom, at what price: the catalogue as a serving process keeps it in memory.

Tickets are not in it: there may be hundreds of thousands, and who has them changes all the time.
"""

import threading
import time
from collections.abc import Mapping
from datetime import datetime

import msgspec

from application.store import Store
from domain.payment import PaymentSystem
from domain.refusals import UnknownPaymentSystem, UnknownShow
from domain.shows import Deal, Show

REFRESH_SECONDS = 1.0


class Partner(msgspec.Struct, frozen=True):
    """Who sells tickets or organises shows. `language` is what its buyers are spoken to in."""

    id: str
    name: str
    language: str


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """A partner's key, without its secret: `id` names it in facts and lists."""

    id: str
    partner: str
    created_at: datetime
    revoked_at: datetime | None = None
    scopes: tuple[str, ...] = ()


class Secret(msgspec.Struct, frozen=True):
    """What the processes of one service share and nobody else may know."""

    value: str


KINDS: Mapping[str, type] = {
    "partner": Partner,
    "payment_system": PaymentSystem,
    "deal": Deal,
    "event": Show,
    "key": Key,
    "secret": Secret,
}
"""The kinds of documents a store keeps for the catalogue. A key's document is under its hash."""


class Catalog(msgspec.Struct, frozen=True):
    """The catalogue as it was at one moment."""

    version: int
    partners: dict[str, Partner]
    systems: dict[str, PaymentSystem]
    deals: dict[tuple[str, str], Deal]
    shows: dict[str, Show]
    keys: dict[str, Key]
    secrets: dict[str, Secret]

    def show(self, show_id: str) -> Show:
        """The show with this id; refuses an unknown one."""
        show = self.shows.get(show_id)
        if show is None:
            raise UnknownShow(event=show_id)
        return show

    def system(self, name: str) -> PaymentSystem:
        """The payment system with this alias or id; refuses an unknown one."""
        system = self.systems.get(name)
        if system is None:
            raise UnknownPaymentSystem(system=name)
        return system


def catalog_of(version: int, documents: Mapping[tuple[str, str], bytes]) -> Catalog:
    """The catalogue that a store's documents make."""
    found: dict[str, dict[str, object]] = {kind: {} for kind in KINDS}
    for (kind, key), document in documents.items():
        found[kind][key] = msgspec.json.decode(document, type=KINDS[kind])
    parts = msgspec.convert(found, type=_Documents)
    systems = parts.payment_system
    return Catalog(
        version=version,
        partners=parts.partner,
        systems={**systems, **{system.alias: system for system in systems.values()}},
        deals={(deal.org, deal.vendor): deal for deal in parts.deal.values()},
        shows=parts.event,
        keys=parts.key,
        secrets=parts.secret,
    )


class _Documents(msgspec.Struct):
    partner: dict[str, Partner]
    payment_system: dict[str, PaymentSystem]
    deal: dict[str, Deal]
    event: dict[str, Show]
    key: dict[str, Key]
    secret: dict[str, Secret]


class CatalogKeeper:
    """Keeps the catalogue at hand, and notices within a second when it was changed."""

    def __init__(self, store: Store, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self._store = store
        self._refresh_seconds = refresh_seconds
        self._look_again = 0.0
        self._catalog: Catalog | None = None
        self._first = threading.Lock()

    def current(self) -> Catalog:
        """The catalogue, at most a second old. Only the first time others wait for it too."""
        known = self._catalog
        if known is None:
            with self._first:
                return self._refreshed()
        return self._refreshed() if time.monotonic() >= self._look_again else known

    def _refreshed(self) -> Catalog:
        known = self._catalog
        if known is not None and time.monotonic() < self._look_again:
            return known
        self._look_again = time.monotonic() + self._refresh_seconds
        version = self._store.catalog_version()
        if known is None or version != known.version:
            known = self._catalog = catalog_of(version, self._store.catalog())
        return known
