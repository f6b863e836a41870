"""Where the tickets of a set are, in few words: their sector, and by row the spans of numbers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from application.catalog.entries import TicketEntry
from application.catalog.pages import NO_PLACES, SetPlaces, Span


def places_of(
    tickets: Mapping[str, tuple[TicketEntry, ...] | int],
) -> dict[str, SetPlaces]:
    """By set, where its tickets are. Sets whose tickets are nowhere in particular are absent."""
    found = {
        name: _places([each.seat for each in entries])
        for name, entries in tickets.items()
        if not isinstance(entries, int)
    }
    return {name: places for name, places in found.items() if places != NO_PLACES}


def _places(seats: Iterable[Mapping[str, Any]]) -> SetPlaces:
    """The places of a set; rows of several sectors would be mixed up, so there are none then."""
    sectors: set[str | None] = set()
    rows: defaultdict[str, set[int | str]] = defaultdict(set)
    for seat in seats:
        sectors.add(seat.get("sector"))
        if "row" in seat and "number" in seat:
            rows[str(seat["row"])].add(seat["number"])
    if len(sectors) != 1:
        return NO_PLACES
    by_row = {row: _spans(rows[row]) for row in rows}
    return SetPlaces(sectors.pop(), by_row or None)


def _spans(numbers: Iterable[int | str]) -> list[Span]:
    """Numbers as spans, from the lowest on; names behind them, each by itself."""
    known = list(numbers)
    spans: list[tuple[int, int]] = []
    for number in sorted(each for each in known if isinstance(each, int)):
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return [*spans, *((each, each) for each in sorted(e for e in known if isinstance(e, str)))]
