"""The catalogue as a server process keeps it in memory: shows, partners and prices.

Tickets are not in it: there may be hundreds of thousands, and their owners change all the time.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
import structlog

from application.catalog.gateway import PaymentGateway
from application.catalog.pages import ListedShow, PartnerPage
from application.ports.store import Store
from application.runtime.background_thread import BackgroundThread
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.ids import small_id
from domain.payment import PaymentSystem
from domain.refusals import PartnerSuspended, UnknownPaymentSystem, UnknownShow
from domain.sale_terms import Deal, SaleLimits, SaleTerms, terms_between
from domain.shows import CURRENCY

REFRESH_SECONDS = 1.0
LOOKS_A_REFRESH = 4
"""How often a thread checks in that time: one late check does not make the catalogue stale."""

log = structlog.get_logger()


RATE_PER_SECOND = 500


class Partner(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A partner sells tickets or organises shows. `language` is the default for its buyers, if any.

    `limits` are those of its own sales of its own shows. One that is suspended neither sells
    anything new nor has it sold. None for the rate is the usual one; 0 is none.
    """

    id: str
    name: str
    language: str | None = None
    rate_per_second: int | None = None
    limits: SaleLimits | None = None
    suspended_at: datetime | None = None
    page: PartnerPage = PartnerPage()

    @property
    def rate(self) -> int:
        """How many requests it may send in a second; 0: as many as it likes."""
        return RATE_PER_SECOND if self.rate_per_second is None else self.rate_per_second


class OldKey(msgspec.Struct, frozen=True):
    """A key as earlier versions stored it, under its plain hash. It opens nothing."""

    id: str
    partner: str
    created_at: datetime
    revoked_at: datetime | None = None
    scopes: tuple[str, ...] = ()


class Key(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A partner's key, without its secret: `id` names it in events and lists.

    `sample`: it is printed in the documentation. `replaces` is the key that it was made to replace.
    `of_earlier_version`: nothing is known about how it was made.
    """

    id: str
    partner: str
    created_at: datetime
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    sample: bool = False
    replaces: str | None = None
    of_earlier_version: bool = False

    def works(self, at: datetime) -> bool:
        """Whether it opens anything at a moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class SandboxMark(msgspec.Struct, frozen=True):
    """The mark of a database of the sandbox, and since when it is one."""

    since: datetime


KINDS: Mapping[str, type] = {
    "partner": Partner,
    "payment_system": PaymentSystem,
    "gateway": PaymentGateway,
    "deal": Deal,
    "event": ListedShow,
    "api_key": Key,
    "key": OldKey,
    "key_secret": str,
    "sandbox": SandboxMark,
    "sandbox_clock": int,
}
"""The kinds of documents a store keeps for the catalogue. `key_secret.py` names those of keys,
`ports/sandbox.py` and `sandbox_clock.py` those of the sandbox."""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """The catalogue as it was at one moment."""

    version: int
    partners: dict[str, Partner]
    systems: dict[str, PaymentSystem]
    gateways: dict[str, PaymentGateway]
    deals: dict[tuple[str, str], Deal]
    shows: dict[str, ListedShow]
    keys: dict[str, Key]
    old_keys: dict[str, OldKey]
    key_secret: str | None
    buyer_secret: str | None
    only_sample: bool
    of_sample: frozenset[str]
    """The partners whose keys are there to try the service."""

    def show(self, show_id: str) -> ListedShow:
        """The show with this id; refuses an unknown one."""
        show = self.shows.get(show_id)
        if show is None:
            raise UnknownShow(event=show_id)
        return show

    def currency(self, show_id: str) -> str:
        """The currency that a show is sold in; the usual one for a show that is gone."""
        show = self.shows.get(show_id)
        return CURRENCY if show is None else show.currency

    def terms(self, org: str, vendor: str) -> SaleTerms:
        """The terms on which `vendor` sells the shows of `org` now."""
        terms = terms_between(self.deals, org, vendor)
        for partner in (vendor, org):
            known = self.partners.get(partner)
            if known is not None and known.suspended_at is not None and terms.closed is None:
                return msgspec.structs.replace(terms, closed=PartnerSuspended(partner=partner))
            if known is not None and known.limits is not None and org == vendor:
                terms = msgspec.structs.replace(terms, limits=known.limits)
        return terms

    def system(self, name: str) -> PaymentSystem:
        """The payment system with this alias, or id in any case; refuses an unknown one."""
        system = self.systems.get(name) or self.systems.get(small_id(name))
        if system is None:
            raise UnknownPaymentSystem(system=name)
        return system

    def gateway(self, system: PaymentSystem) -> PaymentGateway:
        """The gateway of a payment system."""
        return self.gateways.get(system.id) or PaymentGateway(id=system.id)


def catalog_of(version: int, documents: Mapping[tuple[str, str], bytes]) -> Catalog:
    """The catalogue that a store's documents make."""
    found: dict[str, dict[str, object]] = {kind: {} for kind in KINDS}
    for (kind, key), document in documents.items():
        found[kind][key] = msgspec.json.decode(document, type=KINDS[kind])
    parts = msgspec.convert(found, type=_Documents)
    systems = parts.payment_system
    of_sample = frozenset(key.partner for key in parts.api_key.values() if key.sample)
    return Catalog(
        version=version,
        partners=parts.partner,
        systems={**systems, **{system.alias: system for system in systems.values()}},
        gateways=parts.gateway,
        deals=_in_force(parts.deal.values()),
        shows=parts.event,
        keys=parts.api_key,
        old_keys=parts.key,
        key_secret=parts.key_secret.get("fingerprint"),
        buyer_secret=parts.key_secret.get("buyers"),
        only_sample=parts.partner.keys() <= of_sample,
        of_sample=of_sample,
    )


def _in_force(deals: Iterable[Deal]) -> dict[tuple[str, str], Deal]:
    """By organiser and vendor, the deal between them: one that has ended if there is no other."""
    ended_first = sorted(deals, key=lambda deal: deal.ended_at is None)
    return {(deal.org, deal.vendor): deal for deal in ended_first}


class _Documents(msgspec.Struct, kw_only=True):
    partner: dict[str, Partner]
    payment_system: dict[str, PaymentSystem]
    gateway: dict[str, PaymentGateway]
    deal: dict[str, Deal]
    event: dict[str, ListedShow]
    api_key: dict[str, Key]
    key: dict[str, OldKey]
    key_secret: dict[str, str]


class CatalogCache:
    """Caches the catalogue, and detects within a second that it was changed.

    The caller checks for changes, unless a thread does (`start`). Then a stalled store does not
    block callers once the catalogue is loaded: it stays as it was until the store answers again.
    """

    def __init__(self, store: Store, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self._store = store
        self._refresh_seconds = refresh_seconds
        self._look_again = 0.0
        self._catalog: Catalog | None = None
        self._first = threading.Lock()
        self._thread = BackgroundThread(
            "catalogue", self._keep_looking, refresh_seconds / LOOKS_A_REFRESH, at_once=True
        )
        self._looking_since: float | None = None
        self._looked = threading.Condition()

    def start(self) -> None:
        """From now on, check for changes in one thread only."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, without waiting for one that a stalled store blocks."""
        self._thread.stop(self._refresh_seconds)

    def current(self) -> Catalog:
        """The catalogue, at most a second old while the store answers.

        Only while it is first loaded do other callers wait, too.
        """
        known = self._catalog
        if known is None:
            with self._first:
                return self._refreshed()
        if time.monotonic() < self._look_again:
            return known
        return self._as_the_thread_finds(known) if self._thread.started else self._refreshed()

    def _refreshed(self) -> Catalog:
        known = self._catalog
        if known is not None and time.monotonic() < self._look_again:
            return known
        self._look_again = time.monotonic() + self._refresh_seconds
        return self._look(known)

    def _look(self, known: Catalog | None) -> Catalog:
        version = self._store.catalog_version()
        if known is None or version != known.version:
            known = self._catalog = catalog_of(version, self._store.catalog())
        return known

    def _keep_looking(self) -> None:
        began = self._looking_since = time.monotonic()
        try:
            self._look(self._catalog)
            self._look_again = began + self._refresh_seconds
        finally:
            self._looking_since = None
            with self._looked:
                self._looked.notify_all()

    def _as_the_thread_finds(self, known: Catalog) -> Catalog:
        """The catalogue from a late thread, or the old one if the thread waits for the store.

        The thread is late if the whole process was halted or overloaded.
        """
        since = self._looking_since
        if since is not None and time.monotonic() - since > self._refresh_seconds / LOOKS_A_REFRESH:
            return known
        off_the_loop(self._wait_for_the_thread)
        return self._catalog or known

    def _wait_for_the_thread(self) -> None:
        with self._looked:
            self._looked.wait_for(
                lambda: time.monotonic() < self._look_again, self._refresh_seconds / LOOKS_A_REFRESH
            )
