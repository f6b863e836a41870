"""Pages of an event's tickets as bytes, kept while nothing on them changes.

A page is read again when an order of its event has a new event in the log, a hold on the page ends,
or the catalogue changes. Where the log does not show that yet, each page is read. One thread reads.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from hashlib import sha256

import msgspec

from application.catalog.access import Caller
from application.catalog.availability import FoundTickets, ShowQueries, TicketPage
from application.catalog.show_changes import ShowChanges, Token
from application.documents.json_list import array_of, fitting
from application.ports.store import Store
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.service_clock import ServiceClock

MOST_KEPT = 64
LARGEST_KEPT = 2**18
"""So many pages of so many bytes are kept."""
TAG_LENGTH = 32

Key = tuple[str, TicketPage]
"""A show and which of its tickets."""
State = tuple[int, Token]
"""The catalogue's version, and what names the state of a show's tickets."""

_encode = msgspec.json.Encoder().encode


class TicketList(msgspec.Struct, frozen=True):
    """An answer with tickets: its bytes, what names them, and where the list goes on."""

    body: bytes
    tag: str
    cursor: int | None


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A page, the state that it shows, and the span in which no hold on it ends."""

    found: TicketList
    state: State
    since: datetime
    till: datetime | None

    def holds(self, state: State | None, at: datetime) -> bool:
        """Whether this is the page at a moment."""
        return self.state == state and self.since <= at and (self.till is None or at < self.till)


class TicketPages:
    """Answers with tickets."""

    def __init__(
        self, store: Store, shows: ShowQueries, clock: ServiceClock, changes: ShowChanges
    ) -> None:
        self._store = store
        self._shows = shows
        self._clock = clock
        self._changes = changes
        self._kept: dict[Key, _Kept] = {}
        self._thread = ThreadPoolExecutor(1, "ticket pages")

    def page(self, show_id: str, caller: Caller, wanted: TicketPage, most_bytes: int) -> TicketList:
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

    def _known(self, key: Key, state: State | None) -> TicketList | None:
        kept = self._kept.get(key)
        known = kept is not None and kept.holds(state, self._clock.earliest())
        return kept.found if kept is not None and known else None

    def _read(self, key: Key, caller: Caller, most_bytes: int) -> TicketList:
        """A page that was not kept, unless somebody has had it read meanwhile."""
        show_id, wanted = key
        state = self._state(show_id)
        known = self._known(key, state)
        if known is not None:
            return known
        read = self._shows.tickets(show_id, caller, wanted)
        found = _in_json(read, most_bytes)
        if state is not None and not wanted.statuses and len(found.body) <= LARGEST_KEPT:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            ends = [each.held_till for each in read.tickets if each.held_till is not None]
            till = min((end for end in ends if end > read.at), default=None)
            self._kept[key] = _Kept(found=found, state=state, since=read.at, till=till)
        return found


def _in_json(read: FoundTickets, most_bytes: int) -> TicketList:
    entries = fitting(map(_encode, read.documents()), most_bytes)
    body, cursor = array_of(entries), read.cursor_behind(len(entries))
    tag = sha256(body + b"%d" % (cursor or 0)).hexdigest()[:TAG_LENGTH]
    return TicketList(body, tag, cursor)
