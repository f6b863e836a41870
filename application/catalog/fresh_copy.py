"""A copy of a catalogue under fresh names: it can be loaded beside whatever is there already."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from application.catalog.entries import BadCatalog, CatalogFile
from application.catalog.file import read_catalog_file
from application.catalog.key_form import new_key
from application.catalog.key_secret import KeySecret
from application.catalog.loading import load_catalog
from application.ports.store import Store
from application.runtime.ids import is_id, new_id
from domain.shows import Show

MOST_TICKETS = 10_000
"""A copy has at most so many tickets, with the limited uses of its promo codes."""

MADE_OF_NAMES = ("partners", "payment_systems", "events")
"""Things whose ids would be the same each time, if they were left out; all others follow theirs."""


class FreshCopy(msgspec.Struct, frozen=True):
    """A catalogue's copy: its file, and by each name of the original that of the copy."""

    file: CatalogFile
    names: dict[str, str]


def load_fresh_copy(
    store: Store, document: Mapping[str, Any], at: datetime, secret: KeySecret
) -> dict[str, str]:
    """Load a catalogue under fresh names; return them by those that the document has.

    Its keys are as those of the sample. Raises `BadCatalog`.
    """
    copy = fresh_copy(document, at)
    load_catalog(store, copy.file, at, secret, to_try=True)
    return copy.names


def fresh_copy(document: Mapping[str, Any], at: datetime) -> FreshCopy:
    """A copy of a catalogue's document in which ids, keys and aliases are new.

    Raises `BadCatalog`.
    """
    names: dict[str, str] = {}
    for path, entry in _entries(document, "payment_systems"):
        if "notifications" in entry:
            raise BadCatalog({f"{path}.notifications": "Is not taken here: it names a secret."})
        if isinstance(alias := entry.get("alias"), str):
            names[alias] = f"{alias}-{secrets.token_hex(4)}"
    for _, entry in _entries(document, "partners"):
        keys = entry.get("keys")
        listed = keys if isinstance(keys, list) else ()
        names |= {key: new_key() for key in listed if isinstance(key, str)}
    try:
        copied = _renamed(document, names, at)
    except RecursionError:
        raise BadCatalog({"": "Is nested too deeply."}) from None
    for kind in MADE_OF_NAMES:
        for _, entry in _entries(copied, kind):
            entry.setdefault("id", new_id(at))
    for _, entry in _entries(copied, "partners"):
        entry.setdefault("keys", [new_key()])
    file = read_catalog_file(json.dumps(copied, ensure_ascii=False))
    if sum(_size(entry.show) for entry in file.events) > MOST_TICKETS:
        raise BadCatalog(
            {"events": f"Have more than {MOST_TICKETS} tickets and uses of promo codes."}
        )
    return FreshCopy(file, names)


def _size(show: Show) -> int:
    """How many rows a show makes: one for a ticket, and one for a use of a limited promo code."""
    limits = (each.limit or 0 for each in show.promocodes)
    return sum(each.amount for each in show.sets) + sum(limits)


def _entries(document: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    """The mappings of a list, with their paths."""
    listed = document.get(name)
    found = enumerate(listed if isinstance(listed, list) else ())
    return [(f"{name}[{i}]", each) for i, each in found if isinstance(each, dict)]


def _renamed(value: Any, names: dict[str, str], at: datetime) -> Any:
    """A value with each name in it replaced; an id that comes first is given a new one."""
    if isinstance(value, dict):
        return {
            _renamed(name, names, at): _renamed(each, names, at) for name, each in value.items()
        }
    if isinstance(value, list):
        return [_renamed(each, names, at) for each in value]
    if not isinstance(value, str):
        return value
    if is_id(value.lower()):
        return names.setdefault(value.lower(), new_id(at))
    return names.get(value, value)
