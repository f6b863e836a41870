"""The kinds of fields that pages of events and partners have, beside those of every file."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from application.catalog.file_fields import MOST_TEXT, text

MOST_PROSE = 10_000
MOST_ADDRESS = 2000
MOST_MEDIA = 16_384
MOST_TAGS = 100


class Media(fields.Field[dict[str, Any]]):
    """An object of any names and values that JSON has."""

    json_schema: Mapping[str, Any] = {
        "type": "object",
        "description": "Pictures and films, by any names and with any values that JSON has:"
        f" at most {MOST_MEDIA} characters as JSON.",
    }

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
            raise ValidationError("Has a name that is not text: write it in quotes.")
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    raise ValidationError(
        "Has a value that JSON does not have, such as a date: write it in quotes."
    )


class Degrees(fields.Field[float]):
    json_schema: Mapping[str, Any] = {"type": "number"}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValidationError("Has to be a number.")
        if not math.isfinite(value):
            raise ValidationError("Has to be a number.")
        return float(value)


def optional(description: str, most: int = MOST_TEXT) -> fields.String:
    """A text that is null unless it is given."""
    return fields.String(
        validate=validate.Length(max=most),
        load_default=None,
        allow_none=True,
        metadata={"description": description},
    )


def desc() -> fields.String:
    """A description of something, for people."""
    return optional("What is said about it, in one line or several.", MOST_PROSE)


def given(description: str, most: int = MOST_TEXT) -> fields.String:
    """A text that is absent from the page unless it is given."""
    return fields.String(validate=validate.Length(max=most), metadata={"description": description})


def names() -> fields.Dict:
    """The names of a city or a country."""
    return fields.Dict(
        keys=fields.String(validate=validate.Length(1, MOST_TEXT)),
        values=text(),
        required=True,
        validate=validate.Length(max=MOST_TAGS),
        metadata={"description": "Its name by language: `default`, `en`, `ru` and so on."},
    )


def tags() -> fields.List[str]:
    """The words of a page by which it is found."""
    return fields.List(
        text(),
        validate=validate.Length(max=MOST_TAGS),
        load_default=list,
        metadata={"description": "Words to find it by."},
    )
