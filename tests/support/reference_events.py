"""The table of docs/events.md: every field of every stored event."""

from datetime import datetime
from typing import Any, get_args

import msgspec

from domain.events import STORED, Event

WORDS = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "decimal": "decimal number, as text",
    "boolean": "true or false",
    "null": "null",
}
PLAIN = 3
"""Something of more kinds than this is any plain value."""


def events_table() -> str:
    """The fields that each stored event has besides those of every event."""
    _, components = msgspec.json.schema_components(list(STORED.values()))
    lines = ["| stored event | field | value | left out when |", "|---|---|---|---|"]
    for name, kind in STORED.items():
        described = components[kind.__name__]
        for field in msgspec.structs.fields(kind):
            if field.encode_name not in Event.__struct_encode_fields__:
                schema = described["properties"][field.encode_name]
                value = "moment" if is_moment(field.type) else value_of(schema, components)
                empty = "" if field.encode_name in described["required"] else said(schema)
                lines.append(f"| `{name}` | `{field.encode_name}` | {value} | {empty} |")
    return "\n".join(lines) + "\n"


def is_moment(kind: Any) -> bool:
    return datetime in (kind, *get_args(kind))


def said(schema: dict[str, Any]) -> str:
    """What a field means that is left out."""
    return "there is none" if schema["default"] is None else "it is empty"


def value_of(schema: dict[str, Any], components: dict[str, Any]) -> str:
    """What may stand for a field, in words."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if several := schema.get("anyOf"):
        words = [value_of(each, components) for each in several if _may_be(each, schema)]
        return "plain value" if len(words) > PLAIN else " or ".join(words)
    if "properties" in schema:
        return "object with " + ", ".join(f"`{each}`" for each in schema["properties"])
    if inside := schema.get("items", schema.get("additionalProperties")):
        whole = "list of" if schema["type"] == "array" else "map of id to"
        return f"{whole} {value_of(inside, components)}"
    return WORDS[schema.get("format", schema["type"])]


def _may_be(each: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Null is no value of a field that is left out instead."""
    return each.get("type") != "null" or "default" not in schema
