"""Compares the rows of tickets with the lists of tickets, and repairs what differs.

Ownership is not touched: it is in the log, and compared with it by `ticket_check.py`.
"""

from collections.abc import Iterator

import msgspec

from application.ports.catalog import CatalogChange
from application.ports.read_models import Row
from application.ports.store import Store
from application.ports.ticket_lists import BadList, Listed, by_id, differing, is_of, unpacked
from application.ports.tickets import Ticket
from application.projector.comparison import Difference
from domain.promocodes import is_of_buyers


class RowsCompared(msgspec.Struct, frozen=True):
    """The rows that differed from the lists, and whether all of them were corrected."""

    differences: list[Difference]
    left: bool


def check_rows(store: Store, *, repair: bool) -> RowsCompared:
    """Compare the rows of all shows; with `repair` correct those that differ.

    A list that is missing or unreadable is made again from the present rows.
    """
    found: list[Difference] = []
    shows: dict[str, bool] = {}
    with store.derived_records().catalog_moment() as moment:
        lists = dict.fromkeys((each for each in moment.shows() if not is_of_buyers(each)), b"")
        lists.update(moment.ticket_lists())
        for show, data in lists.items():
            rows = moment.rows(show)
            if not is_of(data, rows):
                listed = _listed(data)
                shows[show] = listed is None
                found += _differences(show, listed, by_id(rows))
    if not repair or not shows:
        return RowsCompared(found, left=bool(found))
    return RowsCompared(found, left=not _repaired(store, shows))


def _listed(data: bytes) -> dict[str, Listed] | None:
    try:
        return by_id(unpacked(data))
    except BadList:
        return None


def _differences(
    show: str, listed: dict[str, Listed] | None, rows: dict[str, Listed]
) -> Iterator[Difference]:
    if listed is None:
        yield Difference(f"list of {show}", None, Row(show, (), b'{"made": "of the rows"}'))
        return
    for ticket, row, should in differing(listed, rows):
        yield Difference(ticket, _row(show, row), _row(show, should))


def _row(show: str, ticket: Listed | None) -> Row | None:
    """A ticket as a row for the report."""
    if ticket is None:
        return None
    name, its_set, number, seat = ticket
    said = {"show": show, "set": its_set, "number": number, "seat": str(seat)}
    return Row(name, (), msgspec.json.encode(said))


def _repaired(store: Store, shows: dict[str, bool]) -> bool:
    """Correct the rows of shows; return whether all could be. Missing lists are made again.

    Rows are restored first, so that a row that was in the wrong show is not removed.
    """
    with store.change_catalog() as change:
        for show, relist in shows.items():
            if relist:
                change.relist(show)
            else:
                change.restore_tickets(_wrong(change, show))
        strange = [ticket for show in shows for ticket in _strange(change, show)]
        change.remove_tickets(each.id for each in strange if each.order is None)
    return all(each.order is None for each in strange)


def _wrong(change: CatalogChange, show: str) -> list[Ticket]:
    """The tickets of a show's list whose rows are missing or wrong, as they should be."""
    rows = {each.id: _as_listed(each) for each in change.tickets(show)}
    listed = _listed(change.ticket_list(show) or b"") or {}
    return [
        Ticket(should[0], show, *should[1:])
        for _, _, should in differing(listed, rows)
        if should is not None
    ]


def _strange(change: CatalogChange, show: str) -> list[Ticket]:
    """The tickets of a show that are not in its list."""
    listed = _listed(change.ticket_list(show) or b"")
    if listed is None:
        return []
    return [each for each in change.tickets(show) if each.id not in listed]


def _as_listed(ticket: Ticket) -> Listed:
    return ticket.id, ticket.set, ticket.number, ticket.seat
