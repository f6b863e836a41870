"""Reads partners, the deals between them, and whose key a caller has."""

from collections.abc import Sequence

from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.catalog.partner_document_types import (
    DealDocument,
    PartnerRecordDocument,
    WhoAmIDocument,
)
from application.catalog.show_documents import page_of
from application.ports.sandbox import SANDBOX
from application.runtime.clock import written
from domain.refusals import PartnerNotFound
from domain.sale_terms import Deal, limits_of


class PartnerQueries:
    """Reads what a caller may know of partners: of itself, and of those whose shows it may sell."""

    def __init__(self, catalog_cache: CatalogCache) -> None:
        self._catalog_cache = catalog_cache

    def partner(self, partner_id: str, caller: Caller) -> PartnerRecordDocument:
        """A partner. Refuses one whose shows `caller` may not sell as one that does not exist."""
        catalog = self._catalog_cache.current()
        known = catalog.partners.get(partner_id)
        own = partner_id == caller.partner
        if known is None or not (own or catalog.terms(partner_id, caller.partner).closed is None):
            raise PartnerNotFound(partner=partner_id)
        return {**page_of(known, partner_id), "legal": known.page.legal}

    def deals(
        self, caller: Caller, after: str, limit: int
    ) -> tuple[Sequence[DealDocument], str | None]:
        """At most `limit` deals of `caller` with an id beyond `after`, by id; and the last id.

        The id is None if there are no more.
        """
        known = self._catalog_cache.current().deals.values()
        own = [deal for deal in known if caller.partner in {deal.org, deal.vendor}]
        found = sorted((deal for deal in own if deal.id > after), key=lambda deal: deal.id)
        last = found[limit - 1].id if limit < len(found) else None
        return [_deal(each) for each in found[:limit]], last

    def whoami(self, caller: Caller) -> WhoAmIDocument:
        """Whose key a caller has, and what it may do."""
        catalog = self._catalog_cache.current()
        partner = catalog.partners.get(caller.partner)
        ends = [key.expires_at for key in catalog.keys.values() if key.id == caller.key]
        expires_at = next((each for each in ends if each is not None), None)
        return {
            "key": {
                "id": caller.key,
                "expires_at": None if expires_at is None else written(expires_at),
                "scopes": [*caller.scopes],
            },
            "partner": {"id": caller.partner, "name": None if partner is None else partner.name},
            "sandbox": SANDBOX in catalog.systems,
        }


def _deal(deal: Deal) -> DealDocument:
    limits = limits_of(deal)
    return {
        "id": deal.id,
        "approves_refunds": deal.approves_refunds,
        "ended_at": None if deal.ended_at is None else written(deal.ended_at),
        "limits": {
            "tickets_held": limits.tickets_held or 0,
            "tickets_per_order": limits.tickets_per_order or 0,
        },
        "org": deal.org,
        "vendor": deal.vendor,
    }
