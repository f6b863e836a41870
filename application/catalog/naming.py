"""Completes a catalogue as a person writes it: ids that were left out, and references by name.

What has to be completed is read off the schema: its fields `OwnId` and `Reference`. The document is
copied, as an alias of YAML may have the same mapping in several places.
"""

import difflib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields

from application.catalog.file_fields import OneOrMany, OwnId, Reference
from application.catalog.made_ids import made_id, place_names, same_name
from application.runtime.ids import is_id

Context = Mapping[str, str]
"""By kind, the id of the thing around; by `KIND name`, its name."""

OF_ITS_OWN = "24 random hex digits: openssl rand -hex 12 makes some"


class Completed:
    """A completed document, and what is wrong with its names, by path."""

    def __init__(self, schema: Schema, document: Mapping[Any, Any]) -> None:
        self.errors: dict[str, str] = {}
        self.without_id: dict[str, str] = {}
        """Errors of what got no id. It has another error, too, which says why."""
        self.sectors: dict[str, str] = {}
        """By id, the name of each sector that is known by one."""
        self._first: dict[tuple[str, str], tuple[str, bool]] = {}
        self._named: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._shown: dict[tuple[str, str, str], str] = {}
        self.document = self._mapping(schema, document, "", {})

    def _mapping(
        self, schema: Schema, given: Mapping[Any, Any], path: str, context: Context
    ) -> dict[Any, Any]:
        """A copy of a mapping with all that its schema completes."""
        value = dict(given)
        known = {field.data_key or name: field for name, field in schema.fields.items()}
        self._refuse_unknown(value, known, path)
        context = dict(context)
        for name, field in known.items():
            if isinstance(field, Reference):
                self._refer(value, name, field, path, context)
        for name, field in known.items():
            if isinstance(field, fields.Nested) and not field.many:
                self._inner(value, name, field, path, context)
        own = known.get("id")
        if isinstance(own, OwnId):
            self._identify(value, own, known, path, context)
        for name, field in known.items():
            if isinstance(field, fields.List | OneOrMany):
                self._inner(value, name, field, path, context)
        return value

    def _refuse_unknown(
        self, value: Mapping[Any, Any], known: Mapping[str, Any], path: str
    ) -> None:
        for name in value:
            if name in known:
                continue
            near = difflib.get_close_matches(str(name).lower(), known, 1)
            meant = f"{near[0]} may be meant" if near else f"{', '.join(known)} are"
            self.errors[_step(path, str(name))] = f"Is no field here; {meant}."

    def _inner(
        self, value: dict[Any, Any], name: str, field: Any, path: str, context: Context
    ) -> None:
        """Complete what is within a field, whatever of it has the form that it should have."""
        given, at = value.get(name), _step(path, name)
        if isinstance(given, dict):
            schema = _schema_of(field, listed=False)
            if schema is not None:
                value[name] = self._mapping(schema, given, at, context)
        elif isinstance(given, list):
            inner = field.inner if isinstance(field, fields.List) else None
            value[name] = listed = list(given)
            schema = _schema_of(field, listed=True)
            for i, each in enumerate(given):
                if isinstance(inner, Reference):
                    listed[i] = self._id_of(each, inner, f"{at}[{i}]", context)
                elif schema is not None and isinstance(each, dict):
                    listed[i] = self._mapping(schema, each, f"{at}[{i}]", context)

    # References.

    def _refer(
        self,
        value: dict[Any, Any],
        name: str,
        field: Reference,
        path: str,
        context: dict[str, str],
    ) -> None:
        if name not in value and field.otherwise and f"{field.otherwise} name" in context:
            value[name] = context[f"{field.otherwise} name"]
        if name in value:
            value[name] = found = self._id_of(value[name], field, _step(path, name), context)
            if isinstance(found, str) and is_id(found.lower()):
                context[field.kind] = found.lower()

    def _id_of(self, given: Any, field: Reference, path: str, context: Context) -> Any:
        """The id that a reference means; what it cannot mean is left to the schema."""
        if not isinstance(given, str) or is_id(given.lower()) or not same_name(given):
            return given
        scope = (field.kind, context.get(field.within, ""))
        ids = self._named.get((*scope, same_name(given)), [])
        if not ids and field.made:
            ids = [made_id(*scope, [same_name(given)])]
            self.sectors.setdefault(ids[0], given)
        if len(ids) == 1:
            return ids[0]
        self.errors[path] = self._no_such(given, scope) if not ids else _several(field.kind)
        return given

    def _no_such(self, given: str, scope: tuple[str, str]) -> str:
        names = {key[2]: name for key, name in self._shown.items() if key[:2] == scope}
        near = difflib.get_close_matches(same_name(given), names, 1)
        meant = f": {names[near[0]]} may be meant" if near else ", by id or by name"
        return f"Is no {scope[0]} of this file{meant}."

    # Ids.

    def _identify(
        self,
        value: dict[Any, Any],
        own: OwnId,
        known: Mapping[str, Any],
        path: str,
        context: dict[str, str],
    ) -> None:
        """Give a thing its id if it has none, and note by which name others may refer to it."""
        names = _names_of(value, own, known)
        parent = context.get(own.within, "")
        made = "id" not in value
        if made:
            if names is None or (own.within and not parent):
                self.without_id[_step(path, "id")] = "Is missing, and could not be made."
                context.pop(own.kind, None)
                return
            value["id"] = made_id(own.kind, parent, names)
        id_ = value["id"]
        if not isinstance(id_, str) or not is_id(id_.lower()):
            return
        context[own.kind] = id_.lower()
        if not own.shared:
            self._refuse_twice(id_.lower(), own, path, made=made)
        if len(own.named_by) == 1 and isinstance(shown := value.get(own.named_by[0]), str):
            name = (own.kind, parent, same_name(shown))
            context[f"{own.kind} name"] = shown
            self._shown[name] = shown
            if id_.lower() not in self._named[name]:
                self._named[name].append(id_.lower())
            if own.kind == "sector":
                self.sectors[id_.lower()] = shown

    def _refuse_twice(self, id_: str, own: OwnId, path: str, *, made: bool) -> None:
        first, was_made = self._first.setdefault((own.kind, id_), (path, made))
        if first == path or not (made or was_made):
            return
        same = " and ".join(own.named_by)
        self.errors[_step(path, "id")] = (
            f"Is the same {own.kind} as {first}: they have the same {same}. Change that, or give"
            f" one of them an id of its own ({OF_ITS_OWN})."
            if made and was_made
            else f"Is the id of {first}, too: one of them has none of its own, and its {same}"
            f" makes this one. Give it one of its own ({OF_ITS_OWN})."
        )


def _schema_of(field: Any, *, listed: bool) -> Schema | None:
    """The schema of the mappings in a field."""
    if isinstance(field, OneOrMany):
        return field.many if listed else field.one
    if isinstance(field, fields.List):
        return _schema_of(field.inner, listed=False) if listed else None
    return field.schema if isinstance(field, fields.Nested) and not listed else None


def _names_of(
    value: Mapping[Any, Any], own: OwnId, known: Mapping[str, Any]
) -> Sequence[Any] | None:
    """What distinguishes a thing, in the form in which it is compared; None if it is not known."""
    try:
        return [_name_of(value.get(name), known[name]) for name in own.named_by]
    except ValidationError:
        return None


def _name_of(given: Any, field: Any) -> Any:
    if isinstance(field, fields.Nested):
        if given is not None and not isinstance(given, dict):
            raise ValidationError("Is not a mapping.")
        return place_names(given or {})
    if given is None and not field.required:
        return ""
    loaded = field.deserialize(given)
    return loaded.isoformat() if isinstance(loaded, datetime) else same_name(str(loaded))


def _several(kind: str) -> str:
    return f"Is the name of several things of the kind {kind}: write the id of the one."


def _step(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
