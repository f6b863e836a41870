"""Pages of an event's tickets as bytes, kept while nothing on them changes.

A page is read again when an order of its event has a new event in the log, a hold on the page ends,
or the catalogue changes. Where the log does not show that yet, each page is read. One thread reads.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from application.catalog.access import Caller
from application.catalog.availability import ShowQueries, TicketPage
from application.catalog.show_changes import ShowChanges, Token
from application.documents.json_list import JsonPage, page_of
from application.documents.kept_pages import KeptPages
from application.ports.store import Store
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.service_clock import ServiceClock

Key = tuple[str, TicketPage]
"""A show and which of its tickets."""
State = tuple[int, Token]
"""The catalogue's version, and what names the state of a show's tickets."""

_encode = msgspec.json.Encoder().encode


class TicketPages:
    """Answers with tickets."""

    def __init__(
        self, store: Store, shows: ShowQueries, clock: ServiceClock, changes: ShowChanges
    ) -> None:
        self._store = store
        self._shows = shows
        self._clock = clock
        self._changes = changes
        self._kept = KeptPages[Key]()
        self._thread = ThreadPoolExecutor(1, "ticket pages")

    def page(self, show_id: str, caller: Caller, wanted: TicketPage, most_bytes: int) -> JsonPage:
        """A page of a show's tickets as a JSON array: as many as have room, but one at least.

        Refuses a show that does not exist or that `caller` may not sell.
        """
        self._shows.require_sold_by(show_id, caller)
        key = (show_id, wanted)
        known = self._known(key, self._state(show_id))
        if known is not None:
            return known
        return off_the_loop(partial(self._read, key, caller, most_bytes), self._thread)

    def _state(self, show_id: str) -> State | None:
        """What names the present state of a show's tickets, where the log shows it."""
        version, changes = self._shows.catalog_version, self._changes.look()
        return (version, changes.token(show_id)) if self._store.ends_at(changes.position) else None

    def _known(self, key: Key, state: State | None) -> JsonPage | None:
        return None if state is None else self._kept.known(key, state, self._clock.earliest())

    def _read(self, key: Key, caller: Caller, most_bytes: int) -> JsonPage:
        """A page that was not kept, unless somebody has had it read meanwhile."""
        show_id, wanted = key
        state = self._state(show_id)
        known = self._known(key, state)
        if known is not None:
            return known
        read = self._shows.tickets(show_id, caller, wanted)
        found = page_of(map(_encode, read.documents()), most_bytes, read.cursor_behind)
        if state is not None and not wanted.statuses:
            ends = [each.held_till for each in read.tickets if each.held_till is not None]
            till = min((end for end in ends if end > read.at), default=None)
            self._kept.keep(key, found, state, read.at, till)
        return found
