"""How many tickets of each set are vacant, counted again only where something has changed.

Counting the tickets of 200 shows takes much longer than answering with them. So a process keeps
the counts of a show until an event of one of its orders is in the log, or until a hold on it ends.
In the sale of a large show there is always such an event: its counts are kept for some seconds, and
counted anew by a thread meanwhile.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import msgspec

from application.catalog.show_changes import Changes, ShowChanges
from application.ports.store import Store
from application.runtime.greenlet_bridge import off_the_loop
from domain.shows import Show

MOST_ON_THE_LOOP = 2000
"""Of more tickets than this, an event loop has a thread count the vacant ones: a microsecond for
each, and nobody else is answered meanwhile."""
MOST_EXACT = 20_000
"""A show with more tickets than this is a large one."""
SECONDS_A_TICKET, MOST_SECONDS = 40e-6, 10.0
"""How long the counts of a large show last: forty times as long as counting takes, up to a limit.
They are counted anew after half of that."""


class Vacancy(msgspec.Struct, frozen=True):
    """By set, how many tickets of a show are vacant from `since` on; until `till`, if any."""

    counts: Mapping[str, int]
    since: datetime
    till: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether this is so at a moment, unless the log has changed."""
        return self.since <= at and (self.till is None or at < self.till)


class _Counted(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of shows as of some changes of the log and a version of the catalogue.

    `looked_at` is when the log was read, by a monotonic clock.
    """

    version: int
    changes: Changes
    looked_at: float
    shows: dict[str, Vacancy]
    since: datetime | None = None
    till: datetime | None = None

    def at(self, at: datetime) -> "_Counted":
        """The counts without those that are others at a moment."""
        if (self.since is None or self.since <= at) and (self.till is None or at < self.till):
            return self
        return self.of({show: had for show, had in self.shows.items() if had.holds(at)})

    def of(self, shows: dict[str, Vacancy]) -> "_Counted":
        """The counts of these shows instead, and the span in which all of them hold."""
        since = max((had.since for had in shows.values()), default=None)
        till = min((had.till for had in shows.values() if had.till is not None), default=None)
        return msgspec.structs.replace(self, shows=shows, since=since, till=till)


class _Large(msgspec.Struct):
    """The counts of a large show, made at a time of the monotonic clock.

    `renewing`: they are being counted anew.
    """

    vacancy: Vacancy
    version: int
    counted_at: float
    renewing: bool = False


class Vacancies:
    """Counts vacant tickets. Threads may count the same twice; none sees a mixture."""

    def __init__(self, store: Store, changes: ShowChanges) -> None:
        self._store = store
        self._changes = changes
        self._counted: _Counted | None = None
        self._large: dict[str, _Large] = {}
        self._thread = ThreadPoolExecutor(1, "vacancies")

    def of(self, shows: Sequence[Show], version: int, at: datetime) -> Mapping[str, Vacancy]:
        """The vacancies of at least these shows at `at`.

        `version` is the one of the catalogue that they are from.
        """
        known = self._up_to_date(version).at(at)
        changed = [show for show in shows if show.id not in known.shows]
        lasting = self._lasting(changed, version, at)
        missing = [show for show in changed if show.id not in lasting]
        if sum(map(_amount, missing)) > MOST_ON_THE_LOOP:
            call = partial(self._since, time.monotonic(), missing, version, at)
            found = off_the_loop(call, self._thread)
        else:
            found = self._with(known, missing, at)
        return {**found, **lasting} if lasting else found

    def _lasting(self, shows: Sequence[Show], version: int, at: datetime) -> dict[str, Vacancy]:
        """What was counted of large shows so lately that it is still answered with."""
        found = {}
        now = time.monotonic()
        for show in shows:
            had = self._large.get(show.id)
            lasts = min(_amount(show) * SECONDS_A_TICKET, MOST_SECONDS)
            if had is None or had.version != version or now > had.counted_at + lasts:
                continue
            if now > had.counted_at + lasts / 2 and not had.renewing:
                had.renewing = True  # if it fails, whoever asks when these are too old meets it
                self._thread.submit(self._since, now, [show], version, at)
            found[show.id] = had.vacancy
        return found

    def _since(
        self, asked: float, shows: Sequence[Show], version: int, at: datetime
    ) -> Mapping[str, Vacancy]:
        """The vacancies, counted since `asked`: one count is for all who have waited for it."""
        known = self._counted
        if known is None or known.looked_at < asked or known.version != version:
            known = self._up_to_date(version).at(at)
        missing = [show for show in shows if show.id not in known.shows]
        return self._with(known, missing, at)

    def _with(
        self, known: _Counted, missing: Sequence[Show], at: datetime
    ) -> Mapping[str, Vacancy]:
        if missing:
            known = known.of({**known.shows, **self._count(missing, known.version, at)})
        self._counted = known
        return known.shows

    def _up_to_date(self, version: int) -> _Counted:
        """What was counted and is as it was. The log is read before anything is counted."""
        known, now = self._counted, time.monotonic()
        changes = self._changes.look()
        if known is None or known.version != version or known.changes.begun_at != changes.begun_at:
            return _Counted(version=version, changes=changes, looked_at=now, shows={})
        if known.changes is changes:
            return known
        before = known.changes
        shows = {
            show: had
            for show, had in known.shows.items()
            if before.token(show) == changes.token(show)
        }
        return msgspec.structs.replace(known, changes=changes, looked_at=now, shows=shows)

    def _count(self, shows: Sequence[Show], version: int, at: datetime) -> dict[str, Vacancy]:
        counted_at = time.monotonic()
        sets = [each.id for show in shows for each in show.sets]
        by_set = self._store.vacant_until(sets, at)
        found = {}
        for show in shows:
            counted = {each.id: by_set[each.id] for each in show.sets}
            ends = [till for _, till in counted.values() if till is not None]
            counts = {each: count for each, (count, _) in counted.items()}
            vacancy = found[show.id] = Vacancy(counts, at, min(ends, default=None))
            if _amount(show) > MOST_EXACT:
                self._large[show.id] = _Large(vacancy, version, counted_at)
        return found


def _amount(show: Show) -> int:
    return sum(each.amount for each in show.sets)
