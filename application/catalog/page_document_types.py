"""The types of what pages say about events and partners, and what the service only hands on.

The OpenAPI document is generated from these types, and shows their descriptions.
"""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from application.documents.fields import Id, one_of

Names = dict[str, str]
"""A name by language."""


class MapSectorDocument(TypedDict):
    """A sector of a hall, as `sector` of a seat names it."""

    id: Annotated[Id, Meta(description="The sector.")]
    desc: Annotated[str | None, Meta(description="What is said about it.")]
    name: Annotated[str, Meta(description="Its name.")]


class MapFileDocument(TypedDict):
    """A file with a drawing of a hall."""

    id: Annotated[Id, Meta(description="The file.")]
    author: Annotated[str | None, Meta(description="Who drew it.")]
    content_type: Annotated[str | None, Meta(description="Its media type.")]
    length: Annotated[int | None, Meta(description="Its length in bytes.")]
    md5hash: Annotated[str | None, Meta(description="Its MD5 digest.")]
    url: Annotated[str, Meta(description="Its address.")]


class MapDrawingsDocument(TypedDict):
    """The drawings of a hall."""

    map: Annotated[MapFileDocument | None, Meta(description="The drawing.")]
    mapz: Annotated[MapFileDocument | None, Meta(description="The same, compressed.")]
    source: Annotated[MapFileDocument | None, Meta(description="What it was made of.")]


class MapDocument(TypedDict):
    """The map of a hall."""

    id: Annotated[Id, Meta(description="The map.")]
    desc: Annotated[str | None, Meta(description="What is said about it.")]
    name: Annotated[str, Meta(description="Its name.")]
    sectors: Annotated[list[MapSectorDocument], Meta(description="The sectors of the hall.")]
    svg: Annotated[MapDrawingsDocument | None, Meta(description="Its drawings.")]


class CountryDocument(TypedDict):
    """A country."""

    id: Annotated[str, Meta(description="Its two letters (ISO 3166-1).")]
    name: Annotated[Names, Meta(description="Its name by language.")]


class CityDocument(TypedDict):
    """A city."""

    id: Annotated[int, Meta(description="The city.")]
    country: Annotated[str, Meta(description="The two letters of its country.")]
    name: Annotated[Names, Meta(description="Its name by language.")]
    timezone: Annotated[str, Meta(description="Its time zone, as the tz database names it.")]


class PointDocument(TypedDict):
    """A point on the map of the world (GeoJSON)."""

    coordinates: Annotated[list[float], Meta(description="Longitude and latitude, in degrees.")]
    type: Annotated[str, one_of("Point"), Meta(description="The kind of geometry.")]


class VenueDocument(TypedDict):
    """Where an event takes place."""

    id: Annotated[Id, Meta(description="The venue.")]
    address: Annotated[str | None, Meta(description="Its address.")]
    city: Annotated[CityDocument, Meta(description="The city it is in.")]
    country: Annotated[CountryDocument, Meta(description="The country it is in.")]
    desc: Annotated[str | None, Meta(description="What is said about it.")]
    name: Annotated[str, Meta(description="Its name.")]
    point: Annotated[PointDocument | None, Meta(description="Where it is on the map.")]


class TicketTemplateDocument(TypedDict):
    """How tickets look when they are printed."""

    fan_cover_url: Annotated[str | None, Meta(description="The address of a picture.")]
    name: Annotated[str | None, Meta(description="The name of the template.")]
    text_color: Annotated[str | None, Meta(description="The colour of its text.")]


class ContactDocument(TypedDict):
    """How to reach a partner."""

    address: Annotated[str | None, Meta(description="Its address.")]
    email: Annotated[str | None, Meta(description="Its e-mail address.")]
    name: Annotated[str | None, Meta(description="Whom to ask for.")]
    phones: Annotated[list[str], Meta(description="Its telephone numbers.")]
    www: Annotated[str | None, Meta(description="Its site.")]


class BankDocument(TypedDict, total=False):
    """A partner's bank account, as far as it is known."""

    bik: Annotated[str, Meta(description="The code of the bank.")]
    ks: Annotated[str, Meta(description="The bank's correspondent account.")]
    name: Annotated[str, Meta(description="The name of the bank.")]
    rs: Annotated[str, Meta(description="The account.")]


class LegalDetailDocument(TypedDict, total=False):
    """The registered data of a partner, as far as they are known."""

    address: Annotated[str, Meta(description="The registered address.")]
    inn: Annotated[str, Meta(description="The number of the taxpayer.")]
    kpp: Annotated[str, Meta(description="The reason code of its registration.")]
    name: Annotated[str, Meta(description="The registered name.")]
    nds: Annotated[bool, Meta(description="Whether it pays value added tax.")]
    ogrn: Annotated[str, Meta(description="The registration number of a company.")]
    ogrnip: Annotated[str, Meta(description="The one of an entrepreneur.")]
    taxes: Annotated[str, Meta(description="The system of taxation.")]
    type: Annotated[str, Meta(description="The legal form in these data.")]


class SignatoryDocument(TypedDict, total=False):
    """Who signs for a partner, as far as it is known."""

    name: Annotated[str, Meta(description="The name.")]
    position: Annotated[str, Meta(description="The position.")]
    reason: Annotated[str, Meta(description="On what grounds.")]


class LegalDocument(TypedDict, total=False):
    """The legal data of a partner. Only fields that fields-schema leaves out are missing."""

    bank: Annotated[BankDocument, Meta(description="Its account.")]
    detail: Annotated[LegalDetailDocument, Meta(description="Its registered data.")]
    type: Annotated[str, Meta(description="The legal form.")]
    who: Annotated[SignatoryDocument, Meta(description="Who signs for it.")]


class PartnerPageDocument(TypedDict):
    """A partner, as the pages of its events show it."""

    id: Annotated[Id, Meta(description="The partner.")]
    contact: Annotated[ContactDocument, Meta(description="How to reach it.")]
    desc: Annotated[str | None, Meta(description="What it says about itself.")]
    media: Annotated[dict[str, Any], Meta(description="Its pictures and films.")]
    name: Annotated[str, Meta(description="Its name.")]
    tags: Annotated[list[str], Meta(description="Words to find it by.")]
