"""How deals and partners end, by hand or by a catalogue file, and how they go on again.

Neither is ever removed: orders name them. What has ended sells nothing new.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from application.catalog.cache import Partner
from application.catalog.deeds import deed_of
from application.catalog.entries import CatalogFile, UnknownPartner
from application.ports.admin_trail import Action, Deed
from application.ports.catalog import CatalogChange
from application.ports.store import Store
from domain.errors import UserError
from domain.sale_terms import Deal

Documents = Mapping[tuple[str, str], bytes]

_deal = msgspec.json.Decoder(Deal).decode
_partner = msgspec.json.Decoder(Partner).decode
_encode = msgspec.json.Encoder().encode


class UnknownDeal(UserError):
    """No deal has this id."""

    def __init__(self, deal_id: str) -> None:
        super().__init__(f"There is no deal {deal_id}; orderlog catalog show lists them.")


def end_deal(store: Store, deal_id: str, at: datetime) -> Deal:
    """End a deal, for every catalogue file too. Raises `UnknownDeal`."""
    with store.change_catalog() as change:
        deal = _known_deal(change, deal_id)
        if deal.ended_by_hand:
            return deal
        return _put_deal(
            change, deal, deal.ended_at or at, deed_of(at, Action.DEAL_ENDED, deal=deal_id)
        )


def resume_deal(store: Store, deal_id: str, at: datetime) -> Deal:
    """Let a deal that has ended go on. Raises `UnknownDeal`."""
    with store.change_catalog() as change:
        deal = _known_deal(change, deal_id)
        if deal.ended_at is None:
            return deal
        return _put_deal(change, deal, None, deed_of(at, Action.DEAL_RESUMED, deal=deal_id))


def _known_deal(change: CatalogChange, deal_id: str) -> Deal:
    document = change.documents().get(("deal", deal_id))
    if document is None:
        raise UnknownDeal(deal_id)
    return _deal(document)


def _put_deal(change: CatalogChange, deal: Deal, ended_at: datetime | None, deed: Deed) -> Deal:
    by_hand = ended_at is not None
    deal = msgspec.structs.replace(deal, ended_at=ended_at, ended_by_hand=by_hand)
    change.put("deal", deal.id, _encode(deal))
    change.record(deed)
    return deal


def suspend_partner(store: Store, partner_id: str, at: datetime) -> Partner:
    """Suspend a partner. Raises `UnknownPartner`."""
    return _set_suspended(store, partner_id, at, Action.PARTNER_SUSPENDED, suspended_at=at)


def resume_partner(store: Store, partner_id: str, at: datetime) -> Partner:
    """Let a suspended partner sell again. Raises `UnknownPartner`."""
    return _set_suspended(store, partner_id, at, Action.PARTNER_RESUMED, suspended_at=None)


def _set_suspended(
    store: Store, partner_id: str, at: datetime, action: Action, *, suspended_at: datetime | None
) -> Partner:
    with store.change_catalog() as change:
        document = change.documents().get(("partner", partner_id))
        if document is None:
            raise UnknownPartner(partner_id)
        partner = _partner(document)
        if (partner.suspended_at is None) == (suspended_at is None):
            return partner
        partner = msgspec.structs.replace(partner, suspended_at=suspended_at)
        change.put("partner", partner_id, _encode(partner))
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
