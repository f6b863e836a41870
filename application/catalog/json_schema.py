"""The JSON Schema of a catalogue file, for editors; made of the marshmallow schema.

It says what a field's validators say, and `json_schema` of a field or schema. The description of a
field is its own, from its metadata, and then that of its kind; a schema is described by its
docstring. What depends on several things, such as a name that is there twice, only `orderlog
catalog check` finds.
"""

import inspect
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import fields, validate

from application.catalog.file_fields import OneOrMany
from application.catalog.file_schema import CatalogIn
from application.runtime.patterns import anchored

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ROOT = "Catalog"
COMPONENTS, DEFINITIONS = "#/components/schemas/", "#/$defs/"


class _Converter(OpenAPIConverter):
    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """A schema, and what it says itself."""
        converted: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call] # apispec types only a part
        described = {"description": inspect.cleandoc(schema.__doc__).replace("\n", " ")}
        return {**described, **converted, **getattr(schema, "json_schema", {})}

    def field2property(self, field: Any) -> dict[str, Any]:
        """A field, and what its own kind says."""
        converted: dict[str, Any] = super().field2property(field)
        if isinstance(field, fields.Enum):
            converted["type"] = "string"
        if isinstance(field, fields.Url):
            converted["format"] = "uri"
        if isinstance(field, fields.Mapping) and "maxLength" in converted:
            converted["maxProperties"] = converted.pop("maxLength")  # apispec takes it for a text
        kind = getattr(field, "json_schema", {})
        own = {**converted, **_patterns(field), **kind, **_described(field, kind)}
        if field.allow_none and isinstance(own.get("type"), str):
            own["type"] = [own["type"], "null"]
        if isinstance(field, OneOrMany):
            many = self.resolve_nested_schema(field.many)  # type: ignore[no-untyped-call] # see above
            one = self.resolve_nested_schema(field.one)  # type: ignore[no-untyped-call] # see above
            own["oneOf"] = [one, {"type": "array", "minItems": 1, "items": many.get("items", many)}]
        return own

    def field2default(self, field: Any, **kwargs: Any) -> dict[str, Any]:
        """The default, if a person could write it."""
        default = super().field2default(field, **kwargs).get("default")
        if isinstance(default, Enum):
            return {"default": default.value}
        if isinstance(default, Decimal):
            return {"default": str(default)}
        return {"default": default} if isinstance(default, str | int) and default != "" else {}

    def field2pattern(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Nothing yet: there may be several."""
        return {}


def _described(field: Any, kind: Mapping[str, Any]) -> dict[str, str]:
    """The description of a field, and that of its kind."""
    parts = (field.metadata.get("description"), kind.get("description"))
    joined = " ".join(each for each in parts if each)
    return {"description": joined} if joined else {}


def _patterns(field: Any) -> dict[str, Any]:
    rules = [each for each in field.validators if type(each) is validate.Regexp]
    patterns = [{"pattern": anchored(str(each.regex.pattern))} for each in rules]
    return {"allOf": patterns} if patterns else {}


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


def catalog_json_schema() -> bytes:
    """The schema as a file has it."""
    plugin = _Plugin(schema_name_resolver=_name_of)
    document = APISpec("", "", "3.1.0", plugins=[plugin])
    document.components.schema(ROOT, schema=CatalogIn)
    definitions = document.to_dict()["components"]["schemas"]
    root = {
        "$schema": DIALECT,
        "title": "A catalogue of orderlog",
        **definitions.pop(ROOT),
        "$defs": dict(sorted(definitions.items())),
    }
    text = msgspec.json.format(msgspec.json.encode(root), indent=2).decode()
    return f"{text.replace(COMPONENTS, DEFINITIONS)}\n".encode()


def _name_of(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__).removeprefix("_").removesuffix("In")
