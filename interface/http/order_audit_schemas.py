"""The declared contract of an order's audit: what comes in, and what goes out."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from application.orders.timeline.timeline import LANGUAGES
from interface.http.schemas import Digits, ObjectId, moment_out

MOST_VERSION = 2**31


class DiffIn(Schema):
    """Between which versions to compare; 0 is before the order was made."""

    from_ = Digits(data_key="from", required=True, validate=validate.Range(0, MOST_VERSION))
    to = Digits(required=True, validate=validate.Range(0, MOST_VERSION))

    @validates_schema
    def forward(self, data: dict[str, Any], **_: Any) -> None:
        """Time runs forward."""
        if data["from_"] > data["to"]:
            raise ValidationError("Has to be the older version.", "from")


class DiffFactOut(Schema):
    """An event that changed a field, and what it changed it to."""

    version = fields.Integer(required=True)
    name = fields.String(required=True)
    at = moment_out()
    actor = fields.String(required=True)
    request = fields.String(required=True)
    to = fields.Raw(required=True, allow_none=True)


class DiffFieldOut(Schema):
    """A field (dotted where it is inside another) with its two values and who changed it."""

    field = fields.String(required=True)
    from_ = fields.Raw(data_key="from", required=True, allow_none=True)
    to = fields.Raw(required=True, allow_none=True)
    by = fields.List(fields.Nested(DiffFactOut), required=True)


class DiffOut(Schema):
    """What changed in an order between two of its versions."""

    id = ObjectId(required=True)
    from_ = fields.Integer(data_key="from", required=True)
    to = fields.Integer(required=True)
    changes = fields.List(fields.Nested(DiffFieldOut), required=True)


class StoryEntryOut(Schema):
    """One thing that happened to an order, in a plain sentence.

    `kind` is `fact`, `attempt` (what was asked and could not be had) or `note` (an end of the hold
    that no event tells of yet). `version` is the fact's, or the one that an attempt met.
    """

    kind = fields.String(required=True, validate=validate.OneOf(["fact", "attempt", "note"]))
    name = fields.String(required=True)
    at = moment_out()
    version = fields.Integer(required=True)
    position = fields.Integer(required=True, allow_none=True)
    actor = fields.String(required=True)
    who = fields.String(required=True)
    request = fields.String(required=True, allow_none=True)
    sentence = fields.String(required=True)
    hold_left = fields.String(required=True, allow_none=True)
    hold_left_seconds = fields.Integer(required=True, allow_none=True)


class StoryOut(Schema):
    """An order's story, told in the language of Content-Language."""

    id = ObjectId(required=True)
    number = fields.Integer(required=True)
    lang = fields.String(required=True, validate=validate.OneOf([*LANGUAGES]))
    version = fields.Integer(required=True)
    now = fields.String(required=True)
    story = fields.List(fields.Nested(StoryEntryOut), required=True)
