"""Checks a catalogue file as a whole: names given twice, partners and seats.

This checks the raw document, not the loaded one, so that a wrong value elsewhere does not hide
these errors. Values of a wrong type are skipped here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from application.catalog.seat_blocks import MOST_TICKETS, SeatBlocks, size_of
from application.runtime.ids import is_id
from application.runtime.people import one_line
from domain.promocodes import normal

SEAT = ("sector", "row", "number")

Named = tuple[str, str, Any]
"""A kind of name that may occur once, where it stands, and the name."""


def faults_of(document: Mapping[Any, Any]) -> dict[str, str]:
    """By path, the errors of the file as a whole."""
    return (
        _twice(_named(document))
        | _unknown_partners(document)
        | _seats_twice(document)
        | _unknown_sets(document)
    )


def too_many_seats(document: Mapping[Any, Any]) -> dict[str, str]:
    """The error of a file whose seats are too many, before any of them is spelled out."""
    blocks, seats = SeatBlocks(), 0
    for _, ticket_set in _sets(document):
        try:
            seats += size_of(blocks.deserialize(ticket_set.get("seats", [])))
        except ValidationError:
            continue
    if seats <= MOST_TICKETS:
        return {}
    return {
        "events": f"Have {seats} seats by rows and numbers: {MOST_TICKETS} are the most of one"
        " file. What a file does not name stays, so load them in parts."
    }


def _named(document: Mapping[Any, Any]) -> Iterator[Named]:
    for path, partner in _each(document, "partners"):
        yield "partner", f"{path}.id", _id(partner)
        keys = partner.get("keys")
        for i, key in enumerate(keys if isinstance(keys, list) else ()):
            yield "key", f"{path}.keys[{i}]", key
    for path, system in _each(document, "payment_systems"):
        yield "payment system", f"{path}.id", _id(system)
        yield "payment system", f"{path}.alias", system.get("alias")
    for path, deal in _each(document, "deals"):
        yield "deal", f"{path}.id", _id(deal)
        parties = (_id(deal, "org"), _id(deal, "vendor"))
        yield "org and vendor", f"{path}.vendor", None if None in parties else parties
    for path, event in _each(document, "events"):
        yield "event", f"{path}.id", _id(event)
        for at, promocode in _each(event, "promocodes", path):
            yield "promo code", f"{at}.id", _id(promocode)
            code = promocode.get("code")
            name = (path, normal(code)) if isinstance(code, str) else None
            yield "promo code of the event", f"{at}.code", name
    for path, ticket_set in _sets(document):
        yield "set", f"{path}.id", _id(ticket_set)
        yield from (
            ("rule", f"{at}.id", _id(rule)) for at, rule in _each(ticket_set, "rules", path)
        )
        for at, ticket in _each(ticket_set, "tickets", path):
            yield "ticket", f"{at}.id", _id(ticket)


def _twice(named: Iterable[Named]) -> dict[str, str]:
    first: dict[tuple[str, str | tuple[str, str]], str] = {}
    errors = {}
    for kind, path, name in named:
        if isinstance(name, str | tuple):
            before = first.setdefault((kind, name), path)
            if before != path:
                errors[path] = f"Is the same {kind} as {before}."
    return errors


def _unknown_partners(document: Mapping[Any, Any]) -> dict[str, str]:
    known = {_id(partner) for _, partner in _each(document, "partners")}
    named = [(f"{path}.org", _id(event, "org")) for path, event in _each(document, "events")]
    for path, deal in _each(document, "deals"):
        named += [(f"{path}.{party}", _id(deal, party)) for party in ("org", "vendor")]
    return {
        path: "Is no partner of this file." for path, name in named if name and name not in known
    }


def _unknown_sets(document: Mapping[Any, Any]) -> dict[str, str]:
    """Errors for sets of promo codes that their events do not have."""
    errors = {}
    for path, event in _each(document, "events"):
        known = {_id(ticket_set) for _, ticket_set in _each(event, "sets", path)}
        for at, promocode in _each(event, "promocodes", path):
            sets = promocode.get("sets")
            for i, name in enumerate(sets if isinstance(sets, list) else ()):
                if isinstance(name, str) and is_id(name.lower()) and name.lower() not in known:
                    errors[f"{at}.sets[{i}]"] = "Is not a set of this event."
    return errors


def _seats_twice(document: Mapping[Any, Any]) -> dict[str, str]:
    """Errors for two tickets of one set with the same seat."""
    return _twice(
        ("seat", f"{at}.seat", (path, *seat))
        for path, ticket_set in _sets(document)
        for at, ticket in _each(ticket_set, "tickets", path)
        if (seat := _chair(ticket))
    )


def _chair(ticket: Mapping[Any, Any]) -> tuple[str, ...] | None:
    """The chair of a ticket, by which it is compared; None without a number.

    Several tickets may be for a sector, or for a row, in which nobody has a place of his own.
    """
    seat = ticket.get("seat")
    if not isinstance(seat, dict) or "number" not in seat:
        return None
    sector, row, number = (one_line(str(seat.get(part, ""))) for part in SEAT)
    return sector.lower(), row, number


def _sets(document: Mapping[Any, Any]) -> Iterator[tuple[str, dict[Any, Any]]]:
    for path, event in _each(document, "events"):
        yield from _each(event, "sets", path)


def _each(
    parent: Mapping[Any, Any], name: str, path: str = ""
) -> Iterator[tuple[str, dict[Any, Any]]]:
    """The mappings in a list, with their paths."""
    listed = parent.get(name)
    for i, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict):
            yield f"{path}.{name}[{i}]".removeprefix("."), item


def _id(mapping: Mapping[Any, Any], name: str = "id") -> str | None:
    value = mapping.get(name)
    return value.lower() if isinstance(value, str) and is_id(value.lower()) else None
