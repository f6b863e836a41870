"""Compares an answer with the printed one, field by field."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from application.runtime.ids import is_id
from interface.conform.names import Names

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00\Z")
PRINTED_ID = re.compile(r"[0-9a-f]{24,25}\Z")
"""Ids have 24 digits; one page prints one with 25."""
TO_THE_MILLISECOND = "000+00:00"
TOKEN = re.compile(r"(?<=[?&=/])[0-9a-f]{40}(?![0-9a-f])")
OF_CALENDAR = re.compile(r"\d{8}T\d{6}Z")
SERIES = re.compile(r"[0-9A-Z]+\Z")
DIGITS = re.compile(r"\d+\Z")
CODES = {"serial": SERIES, "barcode": DIGITS}
"""Numbers of a ticket that are texts, and how they look."""
WITHOUT_ORDER = frozenset({"tickets", "tickets_refund"})
"""Lists whose order is free."""
MISSING, EXTRA, OTHER = "missing", "extra", "other"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A field in which an answer is not the printed one; `says` is the reason, if one is needed."""

    field: str
    kind: str
    printed: Any = None
    came: Any = None
    says: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a value is: its path, its field, the field around it, the printed id of its object."""

    path: str = ""
    field: str = ""
    around: str = ""
    thing: str = ""

    def of(self, name: str, thing: str) -> "Place":
        """The place of a field."""
        path = f"{self.path}.{name}".removeprefix(".")
        return Place(path=path, field=name, around=self.field, thing=thing)

    def at(self, index: int) -> "Place":
        """The place of an item."""
        return msgspec.structs.replace(self, path=f"{self.path}[{index}]")


def compare(names: Names, place: Place, printed: Any, came: Any) -> list[Difference]:
    """What differs in a value."""
    if isinstance(printed, dict) and isinstance(came, dict):
        return list(_objects(names, place, printed, came))
    if isinstance(printed, list) and isinstance(came, list):
        return list(_lists(names, place, printed, came))
    says = _differs(names, place, printed, came)
    if says is None:
        return []
    return [Difference(field=place.path, kind=OTHER, printed=printed, came=came, says=says)]


def _objects(
    names: Names, place: Place, printed: dict[str, Any], came: dict[str, Any]
) -> Iterator[Difference]:
    thing = printed.get("id")
    thing = thing if isinstance(thing, str) else place.thing
    left = dict(came)
    for name in sorted(printed, key=lambda each: each != "id"):
        inner = place.of(name, thing)
        here = _name_of(names, name, left)
        if here not in left:
            yield Difference(field=inner.path, kind=MISSING, printed=printed[name])
            continue
        if is_id(name) and (says := names.differs("id", name, name, here)):
            yield Difference(field=inner.path, kind=OTHER, printed=name, came=here, says=says)
        yield from compare(names, inner, printed[name], left.pop(here))
    for name, value in left.items():
        yield Difference(field=place.of(name, thing).path, kind=EXTRA, came=value)


def _name_of(names: Names, printed: str, came: dict[str, Any]) -> str:
    """The field that a printed one is: an id that is not known yet is the first that is one."""
    if not is_id(printed):
        return printed
    return names.here(printed) or next(filter(is_id, came), printed)


def _lists(names: Names, place: Place, printed: list[Any], came: list[Any]) -> Iterator[Difference]:
    left = list(came)
    free = place.field in WITHOUT_ORDER
    for index, value in sorted(enumerate(printed), key=lambda each: not _is_known(names, each[1])):
        inner = place.at(index)
        if not left:
            yield Difference(field=inner.path, kind=MISSING, printed=value)
            continue
        chosen = _like(names, inner, value, left) if free else 0
        yield from compare(names, inner, value, left.pop(chosen))
    for index, value in enumerate(left, len(printed)):
        yield Difference(field=place.at(index).path, kind=EXTRA, came=value)


def _id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


def _is_known(names: Names, printed: Any) -> bool:
    name = _id_of(printed)
    return isinstance(name, str) and names.here(name) is not None


def _like(names: Names, place: Place, printed: Any, came: list[Any]) -> int:
    """Which of the items that came is the printed one: by its id, or else the first like it."""
    if _is_known(names, printed):
        name = names.here(_id_of(printed))
        return next((i for i, each in enumerate(came) if _id_of(each) == name), 0)
    alike = (i for i, each in enumerate(came) if not compare(names.copy(), place, printed, each))
    return next(alike, 0)


def _differs(names: Names, place: Place, printed: Any, came: Any) -> str | None:
    """Why a single value is not the printed one; an empty text where both values say it."""
    if type(printed) is int and place.field == "number" and place.around != "seat":
        if type(came) is not int:
            return "is not a whole number"
        return names.differs("number", place.field, str(printed), str(came))
    if isinstance(printed, str) and isinstance(came, str):
        if MOMENT.match(printed):
            return _moment_differs(names, place, printed, came)
        if (kind := _kind_of(place, printed)) is not None:
            return _name_differs(names, place, kind, printed, came)
        return _text_differs(names, place, printed, came)
    return None if type(printed) is type(came) and printed == came else ""


def _kind_of(place: Place, printed: str) -> str | None:
    """The kind of a name that is free: an id, or one of a ticket."""
    if PRINTED_ID.match(printed):
        return "id"
    code = CODES.get(place.field)
    return place.field if code is not None and code.match(printed) else None


def _name_differs(names: Names, place: Place, kind: str, printed: str, came: str) -> str | None:
    if kind == "id":
        return names.differs(kind, place.field, printed, came) if is_id(came) else "is not an id"
    if not CODES[kind].match(came):
        return f"does not look like a {kind}"
    return names.differs(kind, place.field, printed, came)


def _moment_differs(names: Names, place: Place, printed: str, came: str) -> str | None:
    exact = printed.endswith(TO_THE_MILLISECOND)
    if not MOMENT.match(came) or (exact and not came.endswith(TO_THE_MILLISECOND)):
        return "is not a time as published"
    return names.moment_differs(place.thing, place.field, printed, came)


def _text_differs(names: Names, place: Place, printed: str, came: str) -> str | None:
    """A text is the printed one but for tokens of buyers and the moments of a calendar."""
    for free in (TOKEN, OF_CALENDAR):
        if len(free.findall(printed)) != len(free.findall(came)):
            return ""
    if OF_CALENDAR.sub("", TOKEN.sub("", printed)) != OF_CALENDAR.sub("", TOKEN.sub("", came)):
        return ""
    tokens = zip(TOKEN.findall(printed), TOKEN.findall(came), strict=True)
    found = (names.differs("token", place.field, one, other) for one, other in tokens)
    return next(filter(None, found), None)
