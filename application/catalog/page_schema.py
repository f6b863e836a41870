"""The schema of what a catalogue file says about events and partners for their pages.

Each value has the form in which it is shown; nothing else is made of it.
"""

import json
import math
import zoneinfo
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from marshmallow import (
    Schema,
    ValidationError,
    fields,
    missing,
    post_load,
    validate,
    validates_schema,
)

from application.catalog.file_fields import MOST_TEXT, Flag, OwnId, text
from application.catalog.pages import PartnerPage, ShowPage, no_contact, no_template
from application.runtime.locales import countries

MOST_PROSE = 10_000
MOST_ADDRESS = 2000
MOST_MEDIA = 16_384
MOST_NAMED = 1000
MOST_TAGS = 100
MOST_PHONES = 20
MOST_AGE = 21
MOST_NUMBER = 2**53
MOST_LONGITUDE, MOST_LATITUDE = 180, 90


def _refuse_unless_country(value: str) -> None:
    if value not in countries():
        raise ValidationError("Is no country: two capital letters are one, such as DE.")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _refuse_unless_time_zone(value: str) -> None:
    if value not in _time_zones():
        raise ValidationError("Is no time zone: Europe/Moscow is one.")


class _Media(fields.Field[dict[str, Any]]):
    """An object of any names and values that JSON has."""

    json_schema: Mapping[str, Any] = {"type": "object"}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("Has to be a mapping.")
        media: dict[str, Any] = _plain(value)
        if len(json.dumps(media)) > MOST_MEDIA:
            raise ValidationError(f"Has more than {MOST_MEDIA} characters as JSON.")
        return media


def _plain(value: Any) -> Any:
    """A value as JSON has it. Raises `ValidationError` for what it does not have."""
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValidationError("Has a name that is no text: write it in quotes.")
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    raise ValidationError("Has a value that JSON does not have, such as a moment: write a text.")


class _Degrees(fields.Field[float]):
    json_schema: Mapping[str, Any] = {"type": "number"}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValidationError("Has to be a number.")
        if not math.isfinite(value):
            raise ValidationError("Has to be a number.")
        return float(value)


def _optional(most: int = MOST_TEXT) -> fields.String:
    return fields.String(validate=validate.Length(max=most), load_default=None, allow_none=True)


def _given(most: int = MOST_TEXT) -> fields.String:
    """A text that is absent from the page unless it is given."""
    return fields.String(validate=validate.Length(max=most))


def _names() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=validate.Length(1, MOST_TEXT)),
        values=text(),
        required=True,
        validate=validate.Length(max=MOST_TAGS),
    )


def _tags() -> fields.List[str]:
    return fields.List(text(), validate=validate.Length(max=MOST_TAGS), load_default=list)


class _CityIn(Schema):
    id = fields.Integer(required=True, strict=True, validate=validate.Range(0, MOST_NUMBER))
    country = text(_refuse_unless_country)
    name = _names()
    timezone = text(_refuse_unless_time_zone)


class _CountryIn(Schema):
    id = text(_refuse_unless_country)
    name = _names()


class _PointIn(Schema):
    coordinates = fields.List(_Degrees(), required=True, validate=validate.Length(equal=2))
    type = fields.String(load_default="Point", validate=validate.Equal("Point"))

    @validates_schema
    def on_earth(self, data: dict[str, Any], **_: Any) -> None:
        longitude, latitude = data["coordinates"]
        if abs(longitude) > MOST_LONGITUDE or abs(latitude) > MOST_LATITUDE:
            raise ValidationError("Has to be longitude and latitude, in degrees.", "coordinates")


class _VenueIn(Schema):
    id = OwnId("venue", "name", within="partner", shared=True)
    address = _optional(MOST_PROSE)
    city = fields.Nested(_CityIn, required=True)
    country = fields.Nested(_CountryIn, required=True)
    desc = _optional(MOST_PROSE)
    name = text()
    point = fields.Nested(_PointIn, load_default=None, allow_none=True)

    @validates_schema
    def in_one_country(self, data: dict[str, Any], **_: Any) -> None:
        if data["city"]["country"] != data["country"]["id"]:
            raise ValidationError({"city": {"country": ["Is not the country of the venue."]}})


class _MapSectorIn(Schema):
    id = OwnId("sector", "name", within="partner", shared=True)
    desc = _optional(MOST_PROSE)
    name = text()


class _MapFileIn(Schema):
    id = OwnId("file", "url", shared=True)
    author = _optional()
    content_type = _optional()
    length = fields.Integer(
        strict=True, validate=validate.Range(0, MOST_NUMBER), load_default=None, allow_none=True
    )
    md5hash = _optional()
    url = fields.Url(
        required=True,
        schemes={"http", "https"},
        require_tld=False,
        validate=validate.Length(max=MOST_ADDRESS),
    )


class _MapDrawingsIn(Schema):
    map = fields.Nested(_MapFileIn, load_default=None, allow_none=True)
    mapz = fields.Nested(_MapFileIn, load_default=None, allow_none=True)
    source = fields.Nested(_MapFileIn, load_default=None, allow_none=True)


class _MapIn(Schema):
    id = OwnId("map", "name", within="partner", shared=True)
    desc = _optional(MOST_PROSE)
    name = text()
    sectors = fields.List(
        fields.Nested(_MapSectorIn), validate=validate.Length(max=MOST_NAMED), load_default=list
    )
    svg = fields.Nested(_MapDrawingsIn, load_default=None, allow_none=True)


class _TemplateIn(Schema):
    fan_cover_url = _optional(MOST_ADDRESS)
    name = _optional()
    text_color = _optional()


class ShowPageIn(Schema):
    """The object `show` of an event."""

    age_rating = fields.Integer(strict=True, validate=validate.Range(0, MOST_AGE), load_default=0)
    desc = _optional(MOST_PROSE)
    map = fields.Nested(_MapIn, load_default=None, allow_none=True)
    media = _Media(load_default=dict)
    tags = _tags()
    ticket_template = fields.Nested(_TemplateIn, load_default=no_template)
    venue = fields.Nested(_VenueIn, load_default=None, allow_none=True)

    @post_load
    def page(self, data: dict[str, Any], **_: Any) -> ShowPage:
        """The page as it is kept."""
        return ShowPage(**data)


class ContactIn(Schema):
    """How to reach a partner."""

    address = _optional(MOST_PROSE)
    email = _optional()
    name = _optional()
    phones = fields.List(text(), validate=validate.Length(max=MOST_PHONES), load_default=list)
    www = _optional(MOST_ADDRESS)


class _BankIn(Schema):
    bik = _given()
    ks = _given()
    name = _given()
    rs = _given()


class _DetailIn(Schema):
    address = _given(MOST_PROSE)
    inn = _given()
    kpp = _given()
    name = _given()
    nds = Flag(load_default=missing)
    ogrn = _given()
    ogrnip = _given()
    taxes = _given()
    type = _given()


class _SignatoryIn(Schema):
    name = _given()
    position = _given()
    reason = _given()


class LegalIn(Schema):
    """The legal data of a partner."""

    bank = fields.Nested(_BankIn, load_default=dict)
    detail = fields.Nested(_DetailIn, load_default=dict)
    type = text()
    who = fields.Nested(_SignatoryIn, load_default=dict)


class PartnerPageIn(Schema):
    """The fields of a partner that are for pages."""

    contact = fields.Nested(ContactIn, load_default=no_contact)
    desc = _optional(MOST_PROSE)
    media = _Media(load_default=dict)
    tags = _tags()
    legal = fields.Nested(LegalIn, load_default=None, allow_none=True)


def partner_page(data: dict[str, Any]) -> PartnerPage:
    """The page of a partner, which is taken out of its loaded fields."""
    return PartnerPage(**{name: data.pop(name) for name in PartnerPage.__struct_fields__})
