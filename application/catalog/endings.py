"""How deals and partners end, by hand or by a catalogue file, and how they go on again.

Neither is ever removed: orders name them. What has ended sells nothing new.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from application.catalog.cache import Partner
from application.catalog.deeds import deed_of
from application.catalog.entries import CatalogFile, UnknownPartner
from application.ports.store import Store
from domain.errors import UserError
from domain.sale_terms import Deal

Documents = Mapping[tuple[str, str], bytes]

_deal = msgspec.json.Decoder(Deal).decode
_partner = msgspec.json.Decoder(Partner).decode
_encode = msgspec.json.Encoder().encode


class UnknownDeal(UserError):
    """No deal has this id."""


def end_deal(store: Store, deal_id: str, at: datetime) -> Deal:
    """End a deal, for every catalogue file too. Raises `UnknownDeal`."""
    return _change_deal(store, deal_id, at, ends=True)


def resume_deal(store: Store, deal_id: str, at: datetime) -> Deal:
    """Let a deal that has ended go on. Raises `UnknownDeal`."""
    return _change_deal(store, deal_id, at, ends=False)


def _change_deal(store: Store, deal_id: str, at: datetime, *, ends: bool) -> Deal:
    with store.change_catalog() as change:
        document = change.documents().get(("deal", deal_id))
        if document is None:
            raise UnknownDeal(deal_id)
        known = _deal(document)
        ended_at = (known.ended_at or at) if ends else None
        deal = msgspec.structs.replace(known, ended_at=ended_at, ended_by_hand=ends)
        change.put("deal", deal_id, _encode(deal))
        change.record(deed_of(at, "deal.ended" if ends else "deal.resumed", deal=deal_id))
        return deal


def suspend_partner(store: Store, partner_id: str, at: datetime) -> Partner:
    """Suspend a partner. Raises `UnknownPartner`."""
    return _change_partner(store, partner_id, at, suspends=True)


def resume_partner(store: Store, partner_id: str, at: datetime) -> Partner:
    """Let a suspended partner sell again. Raises `UnknownPartner`."""
    return _change_partner(store, partner_id, at, suspends=False)


def _change_partner(store: Store, partner_id: str, at: datetime, *, suspends: bool) -> Partner:
    with store.change_catalog() as change:
        document = change.documents().get(("partner", partner_id))
        if document is None:
            raise UnknownPartner(partner_id)
        known = _partner(document)
        suspended_at = (known.suspended_at or at) if suspends else None
        partner = msgspec.structs.replace(known, suspended_at=suspended_at)
        change.put("partner", partner_id, _encode(partner))
        action = "partner.suspended" if suspends else "partner.resumed"
        change.record(deed_of(at, action, partner=partner_id))
        return partner


def partners_of(file: CatalogFile, known: Documents) -> Iterator[Partner]:
    """The partners of a file: one that is suspended stays so."""
    for entry in file.partners:
        document = known.get(("partner", entry.partner.id))
        suspended_at = None if document is None else _partner(document).suspended_at
        yield msgspec.structs.replace(entry.partner, suspended_at=suspended_at)


def deals_of(file: CatalogFile, known: Documents, at: datetime) -> Iterator[Deal]:
    """The deals of a file, and those that end with it: it names both partners and no deal of them.

    One that was ended by hand stays so.
    """
    for deal in file.deals:
        document = known.get(("deal", deal.id))
        before = None if document is None else _deal(document)
        if before is not None and before.ended_by_hand:
            yield msgspec.structs.replace(deal, ended_at=before.ended_at, ended_by_hand=True)
        else:
            yield deal
    listed = {deal.id for deal in file.deals}
    partners = {entry.partner.id for entry in file.partners}
    for (kind, _), document in known.items():
        if kind != "deal":
            continue
        deal = _deal(document)
        if deal.id not in listed and deal.ended_at is None and {deal.org, deal.vendor} <= partners:
            yield msgspec.structs.replace(deal, ended_at=at)
