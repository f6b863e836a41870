"""Checks the rows of tickets against the lists of tickets and the catalogue's documents.

The limited uses of promo codes have rows and lists, too: "events" whose ids say so. The uses of
single buyers have rows that come when a buyer does: which of them an order has, its events say.

Who has a ticket is checked with the orders (`ticket_row_check.py`), and so is the set that the log
has for it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from operator import itemgetter

import msgspec

from application.integrity.findings import Finding, Kind
from application.ports.derived_records import CatalogMoment
from application.ports.store import Store
from application.ports.ticket_lists import BadList, Listed, by_id, differing, is_of, unpacked
from domain.promocodes import is_of_buyers, is_use, uses_of

EVENT = "event"
_set_of = itemgetter(1)


class _Set(msgspec.Struct):
    id: str
    amount: int


class _Promocode(msgspec.Struct):
    id: str
    limit: int | None = None


class _Show(msgspec.Struct):
    """The fields of a show's document that are checked."""

    sets: list[_Set]
    promocodes: list[_Promocode] = []


def keeps_tickets(store: Store) -> bool:
    """Whether there is any part of a catalogue: an imported log has none."""
    with store.derived_records().catalog_moment() as moment:
        return (
            any(kind == EVENT for kind, _ in moment.documents())
            or next(moment.ticket_lists(), None) is not None
            or bool(moment.shows())
        )


@contextmanager
def catalog_checked(store: Store, *, wanted: bool) -> Iterator[Future[list[Finding]]]:
    """The findings about the catalogue, made by a thread meanwhile; none if they are not `wanted`.

    Where other processes check the partitions, this one has nothing else to do until they end.
    """
    with ThreadPoolExecutor(1, "catalog-check") as thread:
        yield thread.submit(lambda: list(catalog_findings(store)) if wanted else [])


def catalog_findings(store: Store) -> Iterator[Finding]:
    """Findings for each ticket row and each list that differs from the catalogue."""
    with store.derived_records().catalog_moment() as moment:
        sets = _amounts(moment.documents())
        left = {show for show in moment.shows() if not is_of_buyers(show)}
        for show, data in moment.ticket_lists():
            left.discard(show)
            found = _show(moment, show, data, sets.pop(show, None))
            yield from map(_of_uses, found) if is_use(show) else found
        for show in sorted(left):
            says = f"The event {show} has tickets, but no list of them."
            yield Finding(Kind.TICKET, says)
        for show, amounts in sets.items():
            if amounts and any(amounts.values()) and show not in left:
                yield Finding(Kind.TICKET, f"The event {show} has none of its tickets.")


def _of_uses(finding: Finding) -> Finding:
    """A finding about the rows of a promo code's uses."""
    says = f"Uses of a promo code have rows as tickets have. {finding.says}"
    return msgspec.structs.replace(finding, kind=Kind.PROMOCODE, says=says)


def _amounts(documents: Mapping[tuple[str, str], bytes]) -> dict[str, dict[str, int] | None]:
    """By show, how many tickets each of its sets has; None for a document that cannot be read."""
    found: dict[str, dict[str, int] | None] = {}
    for (kind, show), document in documents.items():
        if kind == EVENT:
            try:
                its = msgspec.json.decode(document, type=_Show)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                found[show] = None
            else:
                found[show] = {each.id: each.amount for each in its.sets}
                for promocode in its.promocodes:
                    uses = uses_of(promocode.id)
                    found[uses] = {uses: promocode.limit or 0}
    return found


def _show(
    moment: CatalogMoment, show: str, data: bytes, amounts: Mapping[str, int] | None
) -> Iterator[Finding]:
    """Compare a show's rows with its list, and the list with the show's document."""
    listed = rows = moment.rows(show)
    if not is_of(data, rows):
        try:
            listed = unpacked(data)
        except BadList:
            says = f"The list of the tickets of the event {show} cannot be read."
            yield Finding(Kind.TICKET, says)
            return
        yield from _wrong_rows(show, by_id(listed), by_id(rows))
    if amounts is None:
        if listed:
            says = f"The event {show} has tickets, but no document in the catalogue."
            yield Finding(Kind.TICKET, says)
        return
    yield from _wrong_amounts(show, listed, amounts)


def _wrong_rows(
    show: str, listed: Mapping[str, Listed], rows: Mapping[str, Listed]
) -> Iterator[Finding]:
    for ticket, row, should in differing(listed, rows):
        if row is None:
            says = f"The row of the ticket {ticket} of the event {show} is missing."
        elif should is None:
            says = f"The ticket {ticket} is none of the event {show}, in which its row is."
        elif row[1] != should[1]:
            says = f"The row of the ticket {ticket} is not in the set {should[1]}."
        else:
            says = f"The row of the ticket {ticket} does not have the seat or number that it got."
        yield Finding(Kind.TICKET, says, ticket=ticket)


def _wrong_amounts(
    show: str, listed: Sequence[Listed], amounts: Mapping[str, int]
) -> Iterator[Finding]:
    counts = Counter(map(_set_of, listed))
    for its_set in {**amounts, **counts}:
        if counts[its_set] != amounts.get(its_set, 0):
            says = (
                f"The set {its_set} of the event {show} has {counts[its_set]} tickets by their"
                f" list, and {amounts.get(its_set, 0)} by the catalogue."
            )
            yield Finding(Kind.TICKET, says)
