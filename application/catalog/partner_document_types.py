"""The types of documents about partners, deals and keys, as they are encoded.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from application.catalog.document_types import PartnerDocument
from application.catalog.page_document_types import ContactDocument, LegalDocument
from application.catalog.scopes import SCOPES
from application.documents.fields import Id, Moment, one_of


class PartnerRecordDocument(TypedDict, total=False):
    """A partner with its legal data. Only fields that fields-schema leaves out are missing."""

    id: Annotated[Id, Meta(description="The partner.")]
    contact: Annotated[ContactDocument, Meta(description="How to reach it.")]
    desc: Annotated[str | None, Meta(description="What it says about itself.")]
    legal: Annotated[
        LegalDocument | None, Meta(description="Its legal data; null: none are known.")
    ]
    media: Annotated[dict[str, Any], Meta(description="Its pictures and films.")]
    name: Annotated[str, Meta(description="Its name.")]
    tags: Annotated[list[str], Meta(description="Words to find it by.")]


class DealLimitsDocument(TypedDict):
    """How many tickets the vendor may take by a deal."""

    tickets_held: Annotated[int, Meta(description="Held at once, and not paid.")]
    tickets_per_order: Annotated[int, Meta(description="In one order.")]


class DealDocument(TypedDict):
    """An organiser's leave for a vendor to sell its events."""

    id: Annotated[Id, Meta(description="The deal.")]
    approves_refunds: Annotated[bool, Meta(description="Whether the vendor may approve refunds.")]
    ended_at: Annotated[
        Moment | None, Meta(description="When it ended; null while it is in force.")
    ]
    limits: Annotated[DealLimitsDocument, Meta(description="How many tickets may be taken.")]
    org: Annotated[Id, Meta(description="The organiser.")]
    vendor: Annotated[Id, Meta(description="Who sells.")]


class KeyDocument(TypedDict):
    """A key, without its secret."""

    id: Annotated[str, Meta(description="What the key is called in histories and lists.")]
    expires_at: Annotated[
        Moment | None, Meta(description="From when on it opens nothing; null: it has no end.")
    ]
    scopes: Annotated[
        list[Annotated[str, one_of(*SCOPES)]], Meta(description="What it lets its holder do.")
    ]


class WhoAmIDocument(TypedDict):
    """Whose key it is, and what it may do."""

    key: Annotated[KeyDocument, Meta(description="The key.")]
    partner: Annotated[PartnerDocument, Meta(description="The partner that it is of.")]
    sandbox: Annotated[bool, Meta(description="Whether this is a sandbox, where nothing is sold.")]
