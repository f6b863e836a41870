"""The rows of the limited uses of promo codes: one a use, claimed by orders as tickets are."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from application.ports.catalog import CatalogChange
from application.ports.store import Store
from application.ports.tickets import Ticket
from domain.promocodes import use_of, uses_of
from domain.shows import Show


def load_uses(
    change: CatalogChange, show: Show, before: bytes | None, errors: dict[str, str]
) -> None:
    """Have as many rows for each code of a show as its limit; `before` is the show as it was.

    A use that an order has is never taken away: then there is an error.
    """
    known = () if before is None else msgspec.json.decode(before, type=Show).promocodes
    limits = {each.id: 0 for each in known if each.limit is not None}
    limits |= {each.id: each.limit or 0 for each in show.promocodes}
    had = {each.id for each in known if each.limit is not None}
    for promocode, limit in limits.items():
        if limit or promocode in had:
            _have(change, promocode, limit, errors)


def _have(change: CatalogChange, promocode: str, limit: int, errors: dict[str, str]) -> None:
    kind = uses_of(promocode)
    rows = list(change.tickets(kind))
    highest = max((each.number for each in rows), default=0)
    missing = limit - len(rows)
    if missing > 0:
        numbers = range(highest + 1, highest + 1 + missing)
        change.add_tickets(Ticket(use_of(kind, n), kind, kind, n, b"{}") for n in numbers)
    elif missing < 0:
        free = [each.id for each in rows if each.order is None]
        if len(free) < -missing:
            used = len(rows) - len(free)
            errors[f"of promo code {promocode}"] = (
                f"{used} of its uses are taken, and {limit} would be left; end it with till"
            )
        else:
            change.remove_tickets(free[missing:])


def uses_left(store: Store, shows: Iterable[Show], at: datetime) -> dict[str, int]:
    """By code with a limit, how often it can still be used."""
    limited = [each for show in shows for each in show.promocodes if each.limit is not None]
    free = store.vacancies([uses_of(each.id) for each in limited], at)
    return {each.id: free.get(uses_of(each.id), 0) for each in limited}
