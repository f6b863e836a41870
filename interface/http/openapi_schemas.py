"""JSON Schemas of what the marshmallow schemas take, as the OpenAPI document has them."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from application.catalog.show_list import SORTS
from interface.http.answer_schemas import AnswerSchemas
from interface.http.fields_schema import KNOWN, Tree
from interface.http.input_fields import Flag, Moment, MomentRange, ObjectId, Words, Yes
from interface.http.show_schemas import PRICES, PriceRange, SortFields

WRITTEN_ID = {"type": "string", "pattern": "^[0-9A-Fa-f]{24}$"}
"""An id in a request: capitals are taken, too."""

OWN_FIELDS: Mapping[type[fields.Field[Any]], Callable[[Any], dict[str, Any]]] = {
    ObjectId: lambda _: WRITTEN_ID,
    PriceRange: lambda _: {"type": "string", "pattern": anchored(PRICES.pattern)},
    SortFields: lambda _: {
        "type": "array",
        "items": {"type": "string", "enum": [*SORTS, *(f"-{name}" for name in SORTS)]},
        "minItems": 1,
        "maxItems": len(SORTS),
        "uniqueItems": True,
    },
    Moment: lambda _: {"type": "string", "format": "date-time"},
    MomentRange: lambda _: {"type": "string", "format": "moment-range", "pattern": "^[^,]*,[^,]*$"},
    Words: lambda field: {
        "type": "array",
        "items": {"type": "string", "enum": [*field.words]},
        "minItems": 1,
    },
    Yes: lambda _: {"type": "boolean", "enum": [True]},
    Flag: lambda _: {"type": ["boolean", "string"], "enum": [True, False, "true", "false"]},
    fields.Enum: lambda _: {"type": "string"},
    fields.Url: lambda _: {"format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"},
}
"""The schema of our own kinds of fields, beyond what their validators give."""


class Converter(OpenAPIConverter):
    """Converts our own fields and rules, which the library does not know."""

    def resolve_nested_schema(self, schema: Any) -> dict[str, Any]:
        """A reference to a schema of what comes in, or to an answer's, by its type."""
        if isinstance(schema, type) and not issubclass(schema, Schema):
            return AnswerSchemas(self.spec.components).reference(schema)
        resolved: dict[str, Any] = super().resolve_nested_schema(schema)  # type: ignore[no-untyped-call] # apispec types only a part
        return resolved

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """A schema with its words."""
        converted: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call] # apispec types only a part
        converted["description"] = inspect.getdoc(type(schema))
        converted.update(getattr(schema, "contract", {}))
        return converted

    def field2property(self, field: Any) -> dict[str, Any]:
        """A field, with what its own kind adds."""
        converted: dict[str, Any] = super().field2property(field)
        own = OWN_FIELDS.get(type(field), lambda _: {})(field)
        if field.allow_none and "type" in own:
            own = {**own, "type": [own["type"], "null"]}
        return converted | _patterns(field) | own

    def field2default(self, field: Any, **kwargs: Any) -> dict[str, Any]:
        """The default, unless it is null."""
        return {} if field.load_default is None else super().field2default(field, **kwargs)

    def field2pattern(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Nothing yet: there may be several, and null need not be like them."""
        return {}

    def dict2properties(self, field: Any, **kwargs: Any) -> dict[str, Any]:
        """A mapping with what its keys have to be."""
        converted: dict[str, Any] = super().dict2properties(field, **kwargs)
        if isinstance(field, fields.Dict) and isinstance(field.key_field, ObjectId):
            converted["propertyNames"] = self.field2property(field.key_field)
        return converted

    def _field2parameter(self, field: Any, *, name: str, location: str) -> dict[str, Any]:
        """A parameter is missing or is a text: an address has no null."""
        parameter = super()._field2parameter(field, name=name, location=location)
        schema = parameter["schema"]
        if field.allow_none:
            parameter["schema"] = {
                **schema,
                "type": next(each for each in schema["type"] if each != "null"),
            }
        return parameter

    def list2param(self, field: Any, **_: Any) -> dict[str, Any]:
        """Several words share one parameter, with commas between."""
        return {"style": "form", "explode": False} if isinstance(field, Words | SortFields) else {}


class Plugin(MarshmallowPlugin):
    """Reads our schemas."""

    Converter = Converter


def plugin() -> Plugin:
    """A plugin for one document."""
    return Plugin(schema_name_resolver=_name_of)


def _name_of(schema: Any) -> str:
    """The name of a schema in the document: the one of its class."""
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__)


def _patterns(field: Any) -> dict[str, Any]:
    """What the text of a field has to be like."""
    rules = [each for each in field.validators if type(each) is validate.Regexp]
    patterns = [anchored(str(each.regex.pattern)) for each in rules]
    if len(patterns) > 1:
        return {"allOf": [{"pattern": each} for each in patterns]}
    return {"pattern": patterns[0]} if patterns else {}


def anchored(pattern: str) -> str:
    r"""A regular expression with `^` and `$` instead of `match` and `\Z`."""
    inside = pattern.removesuffix(r"\Z")
    end = "$" if pattern != inside else ""
    return f"^(?:{inside}){end}" if "|" in inside else f"^{inside}{end}"


EXPANDED = {"tickets": "OrderTicket", "event": "ShowHead", "org": "Partner", "vendor": "Partner"}
"""What an id in an order becomes when fields inside it are requested."""


def shaped_order(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an order shaped by fields-schema: any field may miss, ids may be objects."""
    return {
        **_some_fields(schemas, schemas["Order"], KNOWN),
        "description": "An order with the fields that fields-schema names.",
    }


def _some_fields(schemas: Mapping[str, Any], whole: Any, tree: Tree) -> dict[str, Any]:
    known = whole["properties"]
    properties = {
        name: known[name] if inside is None else _inside(schemas, name, known[name], inside)
        for name, inside in tree.items()
    }
    return {"type": "object", "properties": properties}


def _inside(schemas: Mapping[str, Any], name: str, whole: Any, tree: Tree) -> dict[str, Any]:
    if "$ref" in whole:
        return _some_fields(schemas, schemas[whole["$ref"].rpartition("/")[2]], tree)
    chosen = _some_fields(schemas, schemas[EXPANDED[name]], tree)
    if whole.get("type") == "array":
        return {**whole, "items": {"anyOf": [whole["items"], chosen]}}
    return {"anyOf": [whole, chosen]}
