"""The content of a catalogue file once it is read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from application.catalog.cache import Partner
from application.catalog.gateway import PaymentGateway
from application.catalog.pages import ListedShow
from domain.errors import UserError
from domain.payment import PaymentSystem
from domain.sale_terms import Deal


class UnknownPartner(UserError):
    """No partner has this id."""

    def __init__(self, partner_id: str) -> None:
        super().__init__(f"There is no partner {partner_id}; orderlog catalog show lists them.")


class BadCatalog(UserError):
    """A catalogue file has wrong values. `errors` has them by path; nothing was loaded."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {what}" for path, what in errors.items()))
        self.errors = errors


class TicketEntry(msgspec.Struct, frozen=True):
    """A ticket with an id of its own and, perhaps, a seat."""

    id: str
    seat: dict[str, Any]


class PartnerEntry(msgspec.Struct, frozen=True):
    """A partner with its keys in plain text, which only the file has."""

    partner: Partner
    keys: tuple[str, ...]


class ShowEntry(msgspec.Struct, frozen=True):
    """A show and, by set, its tickets: one by one, or only how many there are."""

    show: ListedShow
    tickets: dict[str, tuple[TicketEntry, ...] | int]


class CatalogFile(msgspec.Struct, frozen=True):
    """The content of a valid catalogue file."""

    partners: tuple[PartnerEntry, ...]
    payment_systems: tuple[PaymentSystem, ...]
    gateways: tuple[PaymentGateway, ...]
    deals: tuple[Deal, ...]
    events: tuple[ShowEntry, ...]
