"""The list of the shows that a caller may sell, and each of them, from prepared bytes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec

from application.catalog.access import Caller
from application.catalog.cache import Catalog, CatalogCache
from application.catalog.pages import ListedShow
from application.catalog.show_documents import (
    DIGEST,
    FilledShow,
    PreparedShow,
    Span,
    fill,
    includes,
    lowest_price,
    page_of,
    prepare,
    prices,
    same_prices,
)
from application.catalog.vacancies import Vacancies
from application.documents.json_list import JsonPage
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.service_clock import ServiceClock
from domain.pricing import NOTHING
from domain.refusals import ShowNotFound
from domain.same_json import as_json

MOST_SELECTIONS = 500
MOST_PREPARED = 1000
ALONE = b"alone"
"""The form of an answer with one show, which is no page of one show; a page's is the next one."""
SORTS = ("start", "end", "price")
USUAL_SORT = ("start",)

_encode = msgspec.json.Encoder().encode

Range = tuple[Any, Any]
"""The two ends of a range; None for one that is open."""


class ShowFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which shows to list, and how to sort them: by `SORTS`, with a - before what falls.

    `lifetime` takes shows that take place at some time in the range. `price` takes those with a
    ticket that costs so much now, both ends included.
    """

    org: str | None = None
    venue: str | None = None
    country: str | None = None
    city: int | None = None
    lifetime: Range | None = None
    price: Range | None = None
    sort: tuple[str, ...] = USUAL_SORT

    def takes(self, show: ListedShow, at: datetime) -> bool:
        """Whether a show is one of those."""
        venue = show.page.venue
        return (
            self.org in {None, show.org}
            and (self.venue is None or (venue is not None and venue["id"] == self.venue))
            and (self.city is None or (venue is not None and venue["city"]["id"] == self.city))
            and (
                self.country is None
                or (venue is not None and venue["country"]["id"] == self.country)
            )
            and (self.lifetime is None or _overlaps(show, *self.lifetime))
            and (self.price is None or any(_within(each, *self.price) for each in prices(show, at)))
        )


class _Selection(msgspec.Struct, kw_only=True):
    """The shows that a filter takes for a partner, and where pages of a size begin."""

    shows: tuple[ListedShow, ...]
    starts: dict[tuple[int, int], list[int]] = {}


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a version of the catalogue while the same price rules are in force.

    It grows by what is asked for.
    """

    catalog: Catalog
    span: Span
    prepared: dict[str, PreparedShow]
    filled: dict[str, FilledShow]
    selections: dict[tuple[str, ShowFilter], _Selection]


class ShowList:
    """Answers with shows. Threads may prepare the same twice; none sees a mixture."""

    def __init__(
        self, catalog_cache: CatalogCache, clock: ServiceClock, vacancies: Vacancies
    ) -> None:
        self._catalog_cache = catalog_cache
        self._clock = clock
        self._vacancies = vacancies
        self._kept: _Kept | None = None
        self._thread = ThreadPoolExecutor(1, "shows")

    def prepare(self) -> None:
        """Make what the first shows are answered with, before anybody asks for them."""
        at = self._clock.earliest()
        kept = self._current(at)
        shows = sorted(kept.catalog.shows.values(), key=_by_start)[:MOST_PREPARED]
        vacancies = self._vacancies.of(shows, kept.catalog.version, at)
        for show in shows:
            kept.filled[show.id] = fill(self._prepared(kept, show, at), vacancies[show.id])

    def page(
        self, caller: Caller, wanted: ShowFilter, page: int, size: int, most_bytes: int
    ) -> JsonPage:
        """A page of the shows that `caller` may sell, as a JSON array; pages count from 1.

        It has at most so many shows and bytes, but one show at least.
        """
        call = partial(self._page, caller, wanted, page, (size, most_bytes))
        if self._is_prepared(caller, wanted, page, (size, most_bytes)):
            return call()
        return off_the_loop(call, self._thread)

    def _is_prepared(
        self, caller: Caller, wanted: ShowFilter, page: int, room: tuple[int, int]
    ) -> bool:
        """Whether all is prepared for a page, but for what is vacant."""
        kept = self._kept
        if kept is None or not self._is_current(kept, self._clock.of(caller.partner)):
            return False
        selection = kept.selections.get((caller.partner, wanted))
        return selection is not None and len(selection.starts.get(room, ())) > page

    def _page(
        self, caller: Caller, wanted: ShowFilter, page: int, room: tuple[int, int]
    ) -> JsonPage:
        at = self._clock.of(caller.partner)
        kept = self._current(at)
        selection = self._selection(kept, caller, wanted, at)
        first, end = self._bounds(kept, selection, room, page, at)
        next_page = page + 1 if end < len(selection.shows) else None
        form = b"%d" % (next_page or 0)
        parts, tag = self._parts(kept, selection.shows[first:end], caller, at, form)
        return JsonPage(b"".join((b"[", *parts, b"]")), tag, next_page)

    def one(self, caller: Caller, show_id: str) -> JsonPage:
        """A show. Refuses one that does not exist or that `caller` may not sell."""
        call, kept = partial(self._one, caller, show_id), self._kept
        if kept is not None and self._is_current(kept, self._clock.of(caller.partner)):
            return call()
        return off_the_loop(call, self._thread)

    def _one(self, caller: Caller, show_id: str) -> JsonPage:
        at = self._clock.of(caller.partner)
        kept = self._current(at)
        show = kept.catalog.shows.get(show_id)
        if show is None or kept.catalog.terms(show.org, caller.partner).closed is not None:
            raise ShowNotFound(event=show_id)
        parts, tag = self._parts(kept, [show], caller, at, ALONE)
        return JsonPage(b"".join(parts), tag)

    def _current(self, at: datetime) -> _Kept:
        """What is kept of the present catalogue, with what is still the same of the last one."""
        kept, catalog = self._kept, self._catalog_cache.current()
        if kept is None or not self._is_current(kept, at):
            kept = self._kept = _Kept(
                catalog=catalog,
                span=same_prices(catalog.shows.values(), at),
                prepared={} if kept is None else _still_the_same(kept.prepared, catalog),
                filled={},
                selections={},
            )
        return kept

    def _is_current(self, kept: _Kept, at: datetime) -> bool:
        return kept.catalog is self._catalog_cache.current() and includes(kept.span, at)

    def _selection(
        self, kept: _Kept, caller: Caller, wanted: ShowFilter, at: datetime
    ) -> _Selection:
        key = (caller.partner, wanted)
        known = kept.selections.get(key)
        if known is None:
            if len(kept.selections) >= MOST_SELECTIONS:
                kept.selections.clear()
            known = kept.selections[key] = _select(kept.catalog, caller, wanted, at)
        return known

    def _bounds(
        self, kept: _Kept, selection: _Selection, room: tuple[int, int], page: int, at: datetime
    ) -> tuple[int, int]:
        """Where a page begins and ends among the selected shows."""
        count = len(selection.shows)
        starts = [*selection.starts.get(room, (0,))]
        while len(starts) <= page and starts[-1] < count:
            starts.append(self._end_of(kept, selection.shows, starts[-1], room, at))
        selection.starts[room] = starts
        first = starts[page - 1] if page <= len(starts) else count
        return first, starts[page] if page < len(starts) else count

    def _end_of(
        self,
        kept: _Kept,
        shows: Sequence[ListedShow],
        first: int,
        room: tuple[int, int],
        at: datetime,
    ) -> int:
        """Where a page ends that begins with the show `first`."""
        size, left = room
        for place in range(first, min(first + size, len(shows))):
            left -= self._prepared(kept, shows[place], at).size
            if left < 0 and place > first:
                return place
        return min(first + size, len(shows))

    def _parts(
        self,
        kept: _Kept,
        shows: Sequence[ListedShow],
        caller: Caller,
        at: datetime,
        form: bytes,
    ) -> tuple[list[bytes], str]:
        """The bytes of shows with commas between, and a digest of them in a form of answer."""
        catalog = kept.catalog
        vacancies = self._vacancies.of(shows, catalog.version, self._clock.earliest())
        partner = _encode(page_of(catalog.partners.get(caller.partner), caller.partner))
        deals: dict[str, bytes] = {}
        parts: list[bytes] = []
        comma = b""
        tags = [partner, form]
        for show in shows:
            if (deal := deals.get(show.org)) is None:
                deal = deals[show.org] = _encode(catalog.terms(show.org, caller.partner).deal)
            filled = kept.filled.get(show.id)
            vacancy = vacancies[show.id]
            if filled is None or filled.vacancy is not vacancy:
                filled = kept.filled[show.id] = fill(self._prepared(kept, show, at), vacancy)
            prepared = filled.prepared
            parts += (comma, prepared.to_deal, deal, prepared.to_partner, partner, filled.rest)
            tags += (deal, filled.tag)
            comma = b","
        tag = blake2b(b"".join(tags), digest_size=DIGEST).hexdigest()
        return parts, tag

    def _prepared(self, kept: _Kept, show: ListedShow, at: datetime) -> PreparedShow:
        known = kept.prepared.get(show.id)
        if known is None or not known.holds(at):
            known = kept.prepared[show.id] = prepare(show, kept.catalog, at)
        return known


def _still_the_same(prepared: dict[str, PreparedShow], catalog: Catalog) -> dict[str, PreparedShow]:
    return {
        name: each
        for name, each in prepared.items()
        if as_json(catalog.shows.get(name)) == as_json(each.show)
        and as_json(catalog.partners.get(each.show.org)) == as_json(each.org)
    }


def _select(catalog: Catalog, caller: Caller, wanted: ShowFilter, at: datetime) -> _Selection:
    open_orgs = {
        org
        for org in {show.org for show in catalog.shows.values()}
        if catalog.terms(org, caller.partner).closed is None
    }
    sold = [show for show in catalog.shows.values() if show.org in open_orgs]
    found = sorted((show for show in sold if wanted.takes(show, at)), key=_by_start)
    for name in reversed(wanted.sort):
        found = _sorted(found, name, at)
    return _Selection(shows=tuple(found))


def _by_start(show: ListedShow) -> tuple[datetime, str]:
    return show.starts_at, show.id


def _sorted(shows: list[ListedShow], name: str, at: datetime) -> list[ListedShow]:
    """The shows by one field; those that are equal in it stay as they are."""
    falling, field = name.startswith("-"), name.removeprefix("-")
    if field == "price":
        lowest = {show.id: lowest_price(show, at) for show in shows}
        priced = [show for show in shows if lowest[show.id] is not None]
        priced.sort(key=lambda show: lowest[show.id] or NOTHING, reverse=falling)
        return [*priced, *(show for show in shows if lowest[show.id] is None)]
    if field == "end":
        return sorted(shows, key=lambda show: show.ends_at, reverse=falling)
    return sorted(shows, key=lambda show: show.starts_at, reverse=falling)


def _overlaps(show: ListedShow, since: datetime | None, till: datetime | None) -> bool:
    return (till is None or show.starts_at < till) and (since is None or since < show.ends_at)


def _within(price: Decimal, least: Decimal | None, most: Decimal | None) -> bool:
    return (least is None or least <= price) and (most is None or price <= most)
