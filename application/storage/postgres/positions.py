"""Finds up to which position the log is complete while many writers append side by side.

An append holds a shared advisory lock from before it gets its positions until its end is visible to
all. A look reads the highest assigned position, *then* which appends are open. An append that was
not open at one look but is at the next got its positions in between. So every position that was
assigned by the earlier look, except for those of appends that were open then, has ended. No append
waits for a look.
"""

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eventsourcing.persistence import Notification

from application.ports.log_point import Excerpt
from application.ports.store import StoreUnavailable
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.store_deadline import StoreWait
from application.storage.postgres.connections import Backoff, Readers

FIRST_LOOK_SECONDS = 15.0
"""How long a process that has just started waits for appends that were open already.

The server ends idle ones after ten seconds.
"""


class HighWaterMark:
    """The high-water mark: no event can still appear up to the position `safe`."""

    def __init__(self) -> None:
        self.safe = 0
        self.assigned = 0
        self.known = False
        self.server: str | None = None
        self._floors: dict[str, int | None] = {}

    def note(self, server: str, assigned: int, appending: Collection[str]) -> None:
        """Take in a look: the highest position `assigned`, and then which appends were `appending`.

        Appends that were open at the first look may have any position: until they have ended,
        nothing is known. After a fail-over to another `server` it begins again.
        """
        if server != self.server:
            self.server, self._floors, self.safe = server, {}, 0
            before = None
        else:
            before = self.assigned
        self._floors = {each: self._floors.get(each, before) for each in appending}
        self.assigned = assigned
        floors = [floor for floor in self._floors.values() if floor is not None]
        self.known = len(floors) == len(self._floors)
        if self.known:
            self.safe = min([assigned, *floors])


EXCERPT = (
    "SELECT l.id, l.server, e.* FROM"
    " (SELECT id, pg_postmaster_start_time()::text AS server FROM log_identity) l"
    " LEFT JOIN LATERAL (SELECT originator_id, originator_version, topic, state,"
    " notification_id AS position, hash FROM orders_events"
    " WHERE notification_id >= %(after)s AND notification_id <= %(till)s"
    " ORDER BY notification_id LIMIT %(limit)s) e ON true ORDER BY e.position"
)


def _excerpt(rows: Sequence[tuple[Any, ...]], after: int, limit: int) -> Excerpt:
    found = {row[6]: row for row in rows if row[6] is not None}
    here = found.pop(after, None)
    events = [Notification(*row[2:7]) for row in list(found.values())[:limit]]
    last = found[events[-1].id][7] if events else b""
    return Excerpt(rows[0][0], after, here[7] if here else b"", events, last)


class Positions:
    """Reads the log by position, never beyond what is complete."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._mutex = threading.Lock()
        self._high_water_mark = HighWaterMark()
        self._last: tuple[str | None, int, int] = (None, 0, 0)

    def wait_until_safe(self) -> int:
        """Look; return the position up to which the log is complete.

        Waits only right after a start, for the appends that were open then. Raises
        `StoreUnavailable`.
        """
        return off_the_loop(self._wait_until_safe)

    def _wait_until_safe(self) -> int:
        backoff = Backoff(FIRST_LOOK_SECONDS)
        while True:
            with self._scan_lock():
                self._look()
                if self._high_water_mark.known:
                    return self._high_water_mark.safe
            if not backoff.wait():
                raise StoreUnavailable("An append has been open for too long to read the log.")

    @contextmanager
    def _scan_lock(self) -> Iterator[None]:
        """Let one thread look at a time.

        A look without an answer blocks the others only for so long.
        """
        with StoreWait() as deadline:
            free = self._mutex.acquire(timeout=max(0.0, deadline - time.monotonic()))
        if not free:
            raise StoreUnavailable("The database does not answer those who asked before.")
        try:
            yield
        finally:
            self._mutex.release()

    def _look(self) -> None:
        look = self._readers.rows("SELECT server, drawn, appending FROM orders_horizon()")[0]
        self._high_water_mark.note(*look)

    @property
    def awaited(self) -> bool:
        """Whether positions beyond the complete part are assigned: their events will come soon."""
        return (
            not self._high_water_mark.known
            or self._high_water_mark.safe < self._high_water_mark.assigned
        )

    def last(self) -> int:
        """The highest position in the complete part of the log."""
        safe, server = self.wait_until_safe(), self._high_water_mark.server
        *known, last = self._last
        if [server, safe] != known:
            rows = self._readers.rows(
                "SELECT max(notification_id) FROM orders_events WHERE notification_id <= %s",
                (safe,),
            )
            last = rows[0][0] or 0
            self._last = (server, safe, last)
        return last

    def ends_at(self, position: int) -> bool:
        """Whether the log was complete at the last look, and `position` is its last."""
        mark = self._high_water_mark
        return not self.awaited and self._last == (mark.server, mark.safe, position)

    def doubt_last(self, position: int) -> None:
        """Forget a position as the last one, if there is nothing at it."""
        if self._last[2] == position:
            self._last = (None, 0, 0)

    def read(self, after: int, limit: int) -> Sequence[Notification]:
        """At most `limit` events beyond `after` in the complete part. Fewer mean the end of it."""
        found = self._read(after, self._high_water_mark.safe, limit)
        if len(found) < limit:
            seen = found[-1].id if found else after
            found += self._read(seen, self.wait_until_safe(), limit - len(found))
        return found

    def excerpt(self, after: int, limit: int) -> Excerpt:
        """Events beyond `after` in the complete part, and the log point at `after`.

        One statement returns both, and which server it ran on: what is complete on one is not on
        another.
        """
        while True:
            till, server = self.wait_until_safe(), self._high_water_mark.server
            values = {"after": after, "till": max(till, after), "limit": limit + 1}
            rows = self._readers.rows(EXCERPT, values)
            if rows[0][1] == server:
                return _excerpt(rows, after, limit)

    def _read(self, after: int, till: int, limit: int) -> list[Notification]:
        if after >= till:
            return []
        rows = self._readers.rows(
            "SELECT originator_id, originator_version, topic, state, notification_id"
            " FROM orders_events WHERE notification_id > %s AND notification_id <= %s"
            " ORDER BY notification_id LIMIT %s",
            (after, till, limit),
        )
        return [Notification(*row) for row in rows]
