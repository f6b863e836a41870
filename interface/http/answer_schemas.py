"""JSON Schemas of answers, generated from the types of the documents that are encoded."""

import inspect
from typing import Any, get_type_hints

from apispec.core import Components
from msgspec import inspect as types

from application.operations.health import Health

NAMES: dict[type, str] = {Health: "Ready"}
"""The answers that the OpenAPI document does not call like their type."""
SUFFIX = "Document"

TYPES: dict[type[types.Type], str] = {
    types.StrType: "string",
    types.IntType: "integer",
    types.FloatType: "number",
    types.BoolType: "boolean",
    types.FloatType: "number",
    types.NoneType: "null",
}


def name_of(kind: type) -> str:
    """The name of an answer's schema: `Order` is the one of `OrderDocument`."""
    return NAMES.get(kind) or kind.__name__.removesuffix(SUFFIX) or SUFFIX


class AnswerSchemas:
    """Generates schemas among the `components` of a document, those inside others first."""

    def __init__(self, components: Components) -> None:
        self._components = components

    def reference(self, kind: type) -> dict[str, Any]:
        """A reference to the schema of a type, which is generated where it is not known yet."""
        name = name_of(kind)
        if name not in self._components.schemas:
            self._components.schema(name, self._object(kind))
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, kind: type) -> dict[str, Any]:
        info = types.type_info(kind)
        assert isinstance(info, types.TypedDictType | types.StructType)  # noqa: S101 - no others are answered
        by_name = {each.encode_name: each for each in info.fields}
        required = sorted(name for name, each in by_name.items() if each.required)
        return {
            "type": "object",
            # The inspected fields of a TypedDict are sorted by name.
            "properties": {name: self._schema(by_name[name].type) for name in get_type_hints(kind)},
            **({"required": required} if required else {}),
            "description": inspect.getdoc(kind),
        }

    def _schema(self, type_: types.Type) -> dict[str, Any]:
        match type_:
            case types.Metadata(type=inner, extra_json_schema=more):
                return {**self._schema(inner), **(more or {})}
            case types.UnionType(types=(inner, types.NoneType())):
                return _or_null(self._schema(inner))
            case types.UnionType(types=several):
                simple = [TYPES[type(each)] for each in several]
                narrower = "integer" if "number" in simple else ""
                return {"type": [each for each in simple if each != narrower]}
            case types.ListType(item_type=inner):
                return {"type": "array", "items": self._schema(inner)}
            case types.DictType(key_type=key, value_type=value):
                names = self._schema(key)
                described = {"type": "object", "additionalProperties": self._schema(value)}
                return {**described, **({"propertyNames": names} if "pattern" in names else {})}
        return self._single(type_)

    def _single(self, type_: types.Type) -> dict[str, Any]:
        match type_:
            case types.TypedDictType(cls=kind):
                return self.reference(kind)
            case types.AnyType():
                return {}
            case types.StrType(pattern=str(pattern)):
                return {"type": "string", "pattern": pattern}
        return {"type": TYPES[type(type_)]}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}
