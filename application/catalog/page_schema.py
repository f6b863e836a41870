"""The schema of what a catalogue file says about events for their pages.

Each value has the form in which it is shown; nothing else is made of it.
"""

import zoneinfo
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from application.catalog.file_fields import OwnId, text
from application.catalog.page_fields import (
    MOST_ADDRESS,
    MOST_PROSE,
    Degrees,
    Media,
    desc,
    names,
    optional,
    tags,
)
from application.catalog.pages import ShowPage, no_template
from application.catalog.web_address import WebAddress
from application.runtime.locales import countries

MOST_NAMED = 1000
MOST_AGE = 21
MOST_NUMBER = 2**53
MOST_LONGITUDE, MOST_LATITUDE = 180, 90


def _refuse_unless_country(value: str) -> None:
    if value not in countries():
        raise ValidationError("Is not a country: write two capital letters, such as DE.")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _refuse_unless_time_zone(value: str) -> None:
    if value not in _time_zones():
        raise ValidationError("Is not a time zone: write a name such as Europe/Moscow.")


class _CityIn(Schema):
    """The city of a venue."""

    id = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, MOST_NUMBER),
        metadata={"description": "A number of your choice, by which clients find its events."},
    )
    country = text(
        "Its country, the same as the venue's: two capital letters (ISO 3166-1).",
        _refuse_unless_country,
    )
    name = names()
    timezone = text(
        "Its time zone, by its name in the tz database, such as Europe/Moscow.",
        _refuse_unless_time_zone,
    )


class _CountryIn(Schema):
    """The country of a venue."""

    id = text("Two capital letters (ISO 3166-1), such as DE.", _refuse_unless_country)
    name = names()


class _PointIn(Schema):
    """A point on the map of the world (GeoJSON)."""

    coordinates = fields.List(
        Degrees(),
        required=True,
        validate=validate.Length(equal=2),
        metadata={
            "description": f"Longitude, from -{MOST_LONGITUDE} to {MOST_LONGITUDE}, and latitude,"
            f" from -{MOST_LATITUDE} to {MOST_LATITUDE}, in degrees."
        },
    )
    type = fields.String(
        load_default="Point",
        validate=validate.Equal("Point"),
        metadata={"description": "The kind of geometry."},
    )

    @validates_schema
    def on_earth(self, data: dict[str, Any], **_: Any) -> None:
        longitude, latitude = data["coordinates"]
        if abs(longitude) > MOST_LONGITUDE or abs(latitude) > MOST_LATITUDE:
            raise ValidationError("Has to be longitude and latitude, in degrees.", "coordinates")


class _VenueIn(Schema):
    """Where an event takes place. Several events may name the same venue."""

    id = OwnId("venue", "name", within="partner", shared=True)
    address = optional("Its street and number.", MOST_PROSE)
    city = fields.Nested(_CityIn, required=True, metadata={"description": "The city it is in."})
    country = fields.Nested(
        _CountryIn, required=True, metadata={"description": "The country it is in."}
    )
    desc = desc()
    name = text("The name of the venue.")
    point = fields.Nested(
        _PointIn,
        load_default=None,
        allow_none=True,
        metadata={"description": "Where it is on the map of the world."},
    )

    @validates_schema
    def in_one_country(self, data: dict[str, Any], **_: Any) -> None:
        if data["city"]["country"] != data["country"]["id"]:
            raise ValidationError({"city": {"country": ["Is not the country of the venue."]}})


class _MapSectorIn(Schema):
    """A sector of a hall."""

    id = OwnId("sector", "name", within="partner", shared=True)
    desc = desc()
    name = text("The name of the sector, by which seats refer to it.")


class _MapFileIn(Schema):
    """A file with a drawing of a hall. The service does not read it."""

    id = OwnId("file", "url", shared=True)
    author = optional("Who drew it.")
    content_type = optional("Its media type, such as image/svg+xml.")
    length = fields.Integer(
        strict=True,
        validate=validate.Range(0, MOST_NUMBER),
        load_default=None,
        allow_none=True,
        metadata={"description": "Its length in bytes."},
    )
    md5hash = optional("Its MD5 digest.")
    url = WebAddress(
        required=True,
        validate=validate.Length(max=MOST_ADDRESS),
        metadata={"description": "Where clients get it: an http or https address."},
    )


def _drawing(description: str) -> fields.Nested:
    return fields.Nested(
        _MapFileIn, load_default=None, allow_none=True, metadata={"description": description}
    )


class _MapDrawingsIn(Schema):
    """The drawings of a hall."""

    map = _drawing("The drawing.")
    mapz = _drawing("The same, compressed.")
    source = _drawing("What it was made of.")


class _MapIn(Schema):
    """The map of a hall."""

    id = OwnId("map", "name", within="partner", shared=True)
    desc = desc()
    name = text("The name of the map.")
    sectors = fields.List(
        fields.Nested(_MapSectorIn),
        validate=validate.Length(max=MOST_NAMED),
        load_default=list,
        metadata={"description": "The sectors of the hall; seats may be in others, too."},
    )
    svg = fields.Nested(
        _MapDrawingsIn,
        load_default=None,
        allow_none=True,
        metadata={"description": "The drawings of the hall."},
    )


class _TemplateIn(Schema):
    """How tickets look when they are printed."""

    fan_cover_url = optional("The address of a picture.", MOST_ADDRESS)
    name = optional("The name of the template.")
    text_color = optional("The colour of its text.")


class ShowPageIn(Schema):
    """What web pages show of an event: its field `show`."""

    age_rating = fields.Integer(
        strict=True,
        validate=validate.Range(0, MOST_AGE),
        load_default=0,
        metadata={"description": "The minimum age of visitors, in years."},
    )
    desc = desc()
    map = fields.Nested(
        _MapIn,
        load_default=None,
        allow_none=True,
        metadata={"description": "The map of the hall, with its sectors."},
    )
    media = Media(load_default=dict)
    tags = tags()
    ticket_template = fields.Nested(
        _TemplateIn,
        load_default=no_template,
        metadata={"description": "How its tickets look when they are printed."},
    )
    venue = fields.Nested(
        _VenueIn,
        load_default=None,
        allow_none=True,
        metadata={"description": "Where it takes place."},
    )

    @post_load
    def page(self, data: dict[str, Any], **_: Any) -> ShowPage:
        """The page as it is kept."""
        return ShowPage(**data)
