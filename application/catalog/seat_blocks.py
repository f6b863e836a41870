"""Seats by rows and numbers: `{rows: 10, numbers: 20}` is two hundred of them.

How many there are is known before they are spelled out, so that no file can ask for too many.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from application.catalog.entries import TicketEntry
from application.catalog.file_fields import MOST_TEXT, OneOrMany, Reference, refuse_unless_readable
from application.catalog.made_ids import place_names, ticket_id

MOST_TICKETS = 1_000_000
MOST_PLACES = 1_000_000
MOST_BLOCKS = 1000

SPAN = re.compile(r"\s*(?:([0-9]{1,7})\s*-\s*([0-9]{1,7})|([A-Z])\s*-\s*([A-Z]))\s*\Z")
"""From one number, or large letter, to another one: 1-20, A-F."""

Span = range | tuple[str, ...]
Block = tuple[str, tuple[Span, ...], tuple[Span, ...]]
"""A sector, its rows, and the numbers of each row."""


def refuse_unless_place(value: Any) -> None:
    """A row or a seat has a number or a short name."""
    if isinstance(value, str):
        validate.Length(1, MOST_TEXT)(value)
        refuse_unless_readable(value)
    elif isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError("Has to be a whole number or a short name.")
    else:
        validate.Range(0, MOST_PLACES)(value)


class Place(fields.Raw):
    """A row, or the number of a seat."""

    json_schema: Mapping[str, Any] = {
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": MOST_PLACES,
        "minLength": 1,
        "maxLength": MOST_TEXT,
    }

    def __init__(self, description: str) -> None:
        super().__init__(validate=refuse_unless_place, metadata={"description": description})


class Places(fields.Field[Any]):
    """Rows, or the numbers in a row: how many, a span, or a list of numbers, names and spans."""

    json_schema: Mapping[str, Any] = {
        "description": "A count, a range such as 1-20 or A-F, a name, or a list of these.",
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MOST_TICKETS},
            {"type": "string", "minLength": 1, "maxLength": MOST_TEXT},
            {"type": "array", "items": Place.json_schema, "minItems": 1},
        ],
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[Span, ...]:
        if isinstance(value, int) and not isinstance(value, bool):
            validate.Range(1, MOST_TICKETS)(value)
            return (range(1, value + 1),)
        if isinstance(value, str):
            return (_span(value),)
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_TICKETS:
            raise ValidationError("Has to be a number, a range (1-20, A-F), or a list of these.")
        return tuple(_span(each) for each in value)


def _span(value: Any) -> Span:
    """One place, or a span of them."""
    refuse_unless_place(value)
    if not isinstance(value, str):
        return range(value, value + 1)
    found = SPAN.match(value)
    if found is None:
        return (value,)
    first, last, letter, last_letter = found.groups()
    if letter:
        return _letters(letter, last_letter)
    refuse_unless_place(int(last))
    if int(last) < int(first):
        raise ValidationError(f"Ends before it begins: write {last}-{first}.")
    return range(int(first), int(last) + 1)


def _letters(first: str, last: str) -> tuple[str, ...]:
    if last < first:
        raise ValidationError(f"Ends before it begins: write {last}-{first}.")
    return tuple(chr(each) for each in range(ord(first), ord(last) + 1))


class BlockIn(Schema):
    """Seats of one sector, by rows and numbers: each of the rows has all of the numbers."""

    sector = Reference(
        "sector",
        within="partner",
        made=True,
        otherwise="set",
        metadata={
            "description": "The part of the hall; without it, one that is named like the set."
        },
    )
    rows = Places(required=True, metadata={"description": "The rows of the block."})
    numbers = Places(
        required=True, metadata={"description": "The numbers of the seats in each of the rows."}
    )

    @post_load
    def block(self, data: dict[str, Any], **_: Any) -> Block:
        """The block as it is spelled out."""
        return data.get("sector", ""), data["rows"], data["numbers"]


class SeatBlocks(OneOrMany):
    """The seats of a set: a block, or a list of blocks."""

    def __init__(self, **more: Any) -> None:
        super().__init__(BlockIn(), BlockIn(many=True), **more)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[Block, ...]:
        if isinstance(value, dict):
            value = [value]
            blocks = (self.one.load(value[0]),)
        elif isinstance(value, list) and 1 <= len(value) <= MOST_BLOCKS:
            blocks = tuple(self.many.load(value))
        else:
            raise ValidationError(
                "Has to be {rows: 10, numbers: 20}, or a list of such blocks, at most"
                f" {MOST_BLOCKS}."
            )
        if (seats := size_of(blocks)) > MOST_TICKETS:
            raise ValidationError(f"Has {seats} seats: {MOST_TICKETS} are the most of one set.")
        return blocks


def size_of(blocks: Iterable[Block]) -> int:
    """How many seats there are."""
    return sum(sum(map(len, rows)) * sum(map(len, numbers)) for _, rows, numbers in blocks)


def spelled_out(ticket_set: str, blocks: Iterable[Block]) -> tuple[TicketEntry, ...]:
    """The tickets of a set's blocks. Raises `ValidationError` for a seat that is there twice."""
    tickets = []
    seen = set()
    for seat in _seats(blocks):
        chair = tuple(place_names(seat))
        if chair in seen:
            raise ValidationError(f"Has the seat row {seat['row']}, number {seat['number']} twice.")
        seen.add(chair)
        tickets.append(TicketEntry(ticket_id(ticket_set, seat), seat))
    return tuple(tickets)


def _seats(blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
    for sector, rows, numbers in blocks:
        for row in (each for span in rows for each in span):
            for number in (each for span in numbers for each in span):
                yield {"sector": sector, "row": row, "number": number}
