"""The kinds of fields that a catalogue file is made of, and how each is checked.

The `description` of a field says what it is. That of its kind, which follows it in the JSON Schema,
says how a value of this kind is written.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from application.runtime.ids import is_id
from application.runtime.patterns import anchored

MOST_MONEY = Decimal("9999999.99")
MOST_TEXT = 200

AROUND = {"partner": "organiser"}
"""What a kind of thing is called that has others in it, if it is not called by its kind."""

MONEY = re.compile(r"(0|[1-9][0-9]{0,6})(\.[0-9]{1,2})?\Z")


class Id(fields.String):
    """An id. `json_schema` is what an editor is given of a field, beyond its validators."""

    json_schema: Mapping[str, Any] = {"type": "string", "pattern": "^[0-9A-Fa-f]{24}$"}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if isinstance(value, int | float | Decimal):
            raise ValidationError("YAML took this for a number: write the id in quotes.")
        if not isinstance(value, str) or not is_id(value.lower()):
            raise ValidationError("Is not an id: an id has 24 hex digits.")
        return value.lower()


class OwnId(Id):
    """The id of a thing itself. Left out, it is made (`naming.py`) of what distinguishes the thing.

    That is its `kind`, the nearest thing of the kind `within` around it, and the fields `named_by`.
    Things that are `shared` may be named in several places: a hall has many evenings.
    """

    def __init__(
        self, kind: str, *named_by: str, within: str = "", shared: bool = False, **more: Any
    ) -> None:
        super().__init__(load_default="", **more)
        self.json_schema = {
            **Id.json_schema,
            "description": self._described(kind, named_by, within),
        }
        self.kind = kind
        self.named_by = named_by
        self.within = within
        self.shared = shared

    @staticmethod
    def _described(kind: str, named_by: Sequence[str], within: str) -> str:
        around = [f"its {AROUND.get(within, within)}"] if within else []
        *others, last = [*around, *(f"`{each}`" for each in named_by)]
        made = f"{', '.join(others)} and {last}" if others else last
        return f"The id of this {kind}: 24 hex digits, in quotes. If left out: derived from {made}."


class Reference(Id):
    """The id of another thing of the file, or its name, which `naming.py` replaces by the id.

    With `made` a name that nothing in the file has is a thing, too. One that is left out is the
    name of the thing `otherwise` around it.
    """

    def __init__(
        self, kind: str, *, within: str = "", made: bool = False, otherwise: str = "", **more: Any
    ) -> None:
        super().__init__(**more)
        self.json_schema = {"type": "string", "description": f"A {kind}, by its name or id."}
        self.kind = kind
        self.within = within
        self.made = made
        self.otherwise = otherwise


class OneOrMany(fields.Field[Any]):
    """A mapping of one form, or a list of mappings of another form."""

    def __init__(self, one: Schema, many: Schema, **more: Any) -> None:
        super().__init__(**more)
        self.one = one
        self.many = many


class Money(fields.Field[Decimal]):
    """An amount, exactly, as a text or a number."""

    json_schema: Mapping[str, Any] = {
        "type": ["string", "number"],
        "pattern": anchored(MONEY.pattern),
        "minimum": 0,
        "maximum": float(MOST_MONEY),
        "description": "In the currency of the event, with at most two decimals.",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        if not MONEY.match(str(value)):
            raise ValidationError(f"Has to be between 0.00 and {MOST_MONEY}, to the cent.")
        return Decimal(str(value)).quantize(Decimal("0.01"))


class Moment(fields.Field[datetime]):
    """A moment with its time zone."""

    json_schema: Mapping[str, Any] = {
        "type": "string",
        "format": "date-time",
        "description": "ISO 8601 with a time zone.",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValidationError(
                "Is not a time: write it as ISO 8601 with a time zone."
            ) from error
        raise ValidationError("Has no time zone.")


class Flag(fields.Field[bool]):
    """True or false, and nothing that only looks like it."""

    json_schema: Mapping[str, Any] = {"type": "boolean"}

    def __init__(self, description: str, load_default: Any = False) -> None:  # noqa: FBT002 - a value of the file
        super().__init__(load_default=load_default, metadata={"description": description})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Has to be true or false.")
        return value


def refuse_unless_readable(value: str) -> None:
    """Refuse a text that is blank or has more than one line."""
    if not value.strip():
        raise ValidationError("Has to say something.")
    if any(unicodedata.category(each) in {"Cc", "Cs"} for each in value):
        raise ValidationError("Has to be one line of text.")


def text(
    description: str = "",
    *checks: Callable[[str], Any],
    default: str | None = None,
    optional: bool = False,
) -> fields.String:
    """A text: a line, or what `checks` say. Required, unless it is optional or has a default."""
    needed = default is None and not optional
    missing: dict[str, Any] = {"required": True} if needed else {"load_default": default}
    return fields.String(
        **missing,
        validate=checks or (validate.Length(1, MOST_TEXT), refuse_unless_readable),
        error_messages={"invalid": "YAML does not take this for text: write it in quotes."},
        metadata={"description": description} if description else {},
    )


def whole(description: str, least: int, most: int) -> fields.Integer:
    """A whole number, or nothing."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(least, most),
        load_default=None,
        metadata={"description": description},
    )
