"""What the pages of a shop say about an event and its partners, as the catalogue keeps it.

The service checks the form of it when a catalogue is loaded, and hands it on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from application.catalog.page_document_types import (
    ContactDocument,
    LegalDocument,
    MapDocument,
    TicketTemplateDocument,
    VenueDocument,
)
from domain.shows import Show


def no_template() -> TicketTemplateDocument:
    """The template of an event for which none is said."""
    return {"fan_cover_url": None, "name": None, "text_color": None}


def no_contact() -> ContactDocument:
    """How to reach a partner of whom nothing is said."""
    return {"address": None, "email": None, "name": None, "phones": [], "www": None}


class ShowPage(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is said about an event, besides what is sold for it."""

    age_rating: int = 0
    desc: str | None = None
    map: MapDocument | None = None
    media: dict[str, Any] = {}
    tags: list[str] = []
    ticket_template: TicketTemplateDocument = msgspec.field(default_factory=no_template)
    venue: VenueDocument | None = None


class PartnerPage(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is said about a partner, besides its name; and its legal data."""

    contact: ContactDocument = msgspec.field(default_factory=no_contact)
    desc: str | None = None
    media: dict[str, Any] = {}
    tags: list[str] = []
    legal: LegalDocument | None = None


Span = tuple[int | str, int | str]
"""Numbers of seats beside each other: the first and the last; a name is a span of its own."""


class SetPlaces(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the tickets of a set are: the one sector of all of them, and by row their numbers."""

    sector: str | None = None
    seats: dict[str, list[Span]] | None = None


NO_PLACES = SetPlaces()


class ListedShow(Show, frozen=True, omit_defaults=True, kw_only=True):
    """A show with all that lists say about it. `places` are those of its sets.

    `sectors` has by id the name of each sector that the catalogue names.
    The moments are those at which a catalogue brought it, and last changed it; None for one that
    an earlier version loaded.
    """

    page: ShowPage = ShowPage()
    places: Mapping[str, SetPlaces] = {}
    sectors: Mapping[str, str] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None
