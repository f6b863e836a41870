"""JSON Schemas of what the marshmallow schemas take, as the OpenAPI document has them."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from application.catalog.show_list import SORTS
from application.catalog.web_address import WebAddress
from application.runtime.patterns import anchored
from interface.http.answer_schemas import AnswerSchemas
from interface.http.fields_schema import KNOWN, Tree
from interface.http.input_fields import (
    MOST_WHOLE,
    PRINTABLE,
    Flag,
    Moment,
    MomentRange,
    ObjectId,
    PlainValue,
    Words,
    Yes,
)
from interface.http.show_schemas import PRICES, PriceRange, SortFields

WRITTEN_ID = {"type": "string", "pattern": "^[0-9A-Fa-f]{24}$"}
"""An id in a request: capitals are taken, too."""

OWN_FIELDS: Mapping[type[fields.Field[Any]], Callable[[Any], dict[str, Any]]] = {
    ObjectId: lambda _: WRITTEN_ID,
    PriceRange: lambda _: {"type": "string", "pattern": anchored(PRICES.pattern)},
    SortFields: lambda _: {
        "type": "string",
        "pattern": _list_of([*SORTS, *(f"-{name}" for name in SORTS)]),
    },
    Moment: lambda _: {"type": "string", "format": "date-time"},
    MomentRange: lambda _: {"type": "string", "format": "moment-range", "pattern": "^[^,]*,[^,]*$"},
    Words: lambda field: {"type": "string", "pattern": _list_of(field.words)},
    Yes: lambda _: {"type": "boolean", "enum": [True]},
    Flag: lambda _: {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["true", "false"]}]},
    PlainValue: lambda field: {
        "type": ["string", "number", "boolean", "null"],
        "maxLength": field.most,
        "pattern": anchored(PRINTABLE.pattern),
        "minimum": -MOST_WHOLE,
        "maximum": MOST_WHOLE,
    },
    fields.Enum: lambda _: {"type": "string"},
    WebAddress: lambda _: {"format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"},
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
        for field in converted["properties"].values():
            # What has a default may be left out; generators take it for what has to be there.
            field.pop("default", None)
        converted.update(getattr(schema, "contract", {}))
        return converted

    def field2property(self, field: Any) -> dict[str, Any]:
        """A field, with what its own kind adds."""
        converted: dict[str, Any] = super().field2property(field)
        own = OWN_FIELDS.get(type(field), lambda _: {})(field)
        if field.allow_none and isinstance(own.get("type"), str):
            own = {**own, "type": [own["type"], "null"]}
        if "anyOf" in own:
            del converted["type"]
        return converted | _patterns(field) | own

    def field2default(self, field: Any, **kwargs: Any) -> dict[str, Any]:
        """The default, unless it is null; of a list as it is written in a query."""
        if isinstance(field, SortFields):
            return {"default": ",".join(field.load_default)}
        return {} if field.load_default is None else super().field2default(field, **kwargs)

    def field2pattern(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Nothing yet: there may be several, and null need not be like them."""
        return {}

    def dict2properties(self, field: Any, **kwargs: Any) -> dict[str, Any]:
        """A mapping with what its keys have to be."""
        converted: dict[str, Any] = super().dict2properties(field, **kwargs)
        if isinstance(field, fields.Dict) and field.key_field:
            converted["propertyNames"] = self.field2property(field.key_field)
        return converted

    def _field2parameter(self, field: Any, *, name: str, location: str) -> dict[str, Any]:
        """A parameter is missing or is a text: an address has no null."""
        parameter = super()._field2parameter(field, name=name, location=location)
        schema = parameter["schema"]
        if field.allow_none and "type" in schema:
            parameter["schema"] = {
                **schema,
                "type": next(each for each in schema["type"] if each != "null"),
            }
        return parameter


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


def _list_of(words: Iterable[str]) -> str:
    """The pattern of words with commas between.

    It is described as one text: what most generators make of a list is repeated, which is refused.
    """
    word = f"(?:{'|'.join(words)})"
    return f"^{word}(?:,{word})*$"


def _patterns(field: Any) -> dict[str, Any]:
    """What the text of a field has to be like."""
    rules = [each for each in field.validators if type(each) is validate.Regexp]
    patterns = [anchored(str(each.regex.pattern)) for each in rules]
    if len(patterns) > 1:
        return {"allOf": [{"pattern": each} for each in patterns]}
    return {"pattern": patterns[0]} if patterns else {}


EXPANDED = {"tickets": "OrderTicket", "event": "ShowHead", "sets": "SetValues"}
EXPANDED |= dict.fromkeys(("org", "vendor"), "Partner")
"""What an id, or an entry of a list, in an order becomes when fields inside it are requested."""


ONLY_SHAPED = {"vendor_data": {"$ref": "#/components/schemas/VendorData"}}
"""The fields of an order that are answered only where fields-schema names them."""


def shaped_order(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an order shaped by fields-schema: any field may miss, ids may be objects."""
    whole = {"properties": {**schemas["Order"]["properties"], **ONLY_SHAPED}}
    return {
        **_some_fields(schemas, whole, KNOWN),
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
