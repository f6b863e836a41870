"""Pages of lists that are kept as bytes while they stay as they are.

A caller names the state that a page shows, such as the position of a read model. A page of the
same state is still right until a hold on it ends: that is no event yet.
"""

from collections.abc import Hashable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from application.documents.json_list import JsonPage

MOST_KEPT = 64
LARGEST_KEPT = 2**18
"""So many pages of so many bytes are kept."""

K = TypeVar("K", bound=Hashable)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A page, the state that it shows, and the span in which no hold on it ends."""

    page: JsonPage
    state: Hashable
    since: datetime
    till: datetime | None

    def holds(self, state: Hashable, at: datetime) -> bool:
        """Whether this is the page at a moment."""
        return self.state == state and self.since <= at and (self.till is None or at < self.till)


class KeptPages(Generic[K]):
    """Some pages by what was asked for. Threads may add the same one twice."""

    def __init__(self) -> None:
        self._kept: dict[K, _Kept] = {}

    def known(self, key: K, state: Hashable, at: datetime) -> JsonPage | None:
        """The page that is kept, if it is the one of this state and moment."""
        kept = self._kept.get(key)
        return kept.page if kept is not None and kept.holds(state, at) else None

    def keep(
        self, key: K, page: JsonPage, state: Hashable, since: datetime, till: datetime | None
    ) -> None:
        """Keep a page that was read at `since`, or later, in a state or in one after it.

        No state may come again. On the page a hold ends at `till`, if that is given.
        """
        if len(page.body) > LARGEST_KEPT:
            return
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = _Kept(page=page, state=state, since=since, till=till)
