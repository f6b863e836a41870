"""The clocks of the sandbox's partners: each is ahead of the service's, or behind it, by its shift.

Shifts are documents of the catalogue, so that all processes, restarts and copies have them.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from application.ports.store import Store, StoreUnavailable
from application.runtime.clock import EPOCH, MILLISECOND, to_ms
from application.runtime.greenlet_bridge import off_the_loop
from application.runtime.service_clock import ServiceClock
from domain.errors import UserError

KIND = "sandbox_clock"
"""The kind of a document with a shift in milliseconds, under the id of its partner."""

FARTHEST = timedelta(days=7305)
"""A clock is at most twenty years ahead or behind."""

_NOT_MOVED = timedelta(0)
_encode = msgspec.json.Encoder().encode


class ClockTooFar(UserError):
    """A clock would be too far from the present."""

    def __init__(self) -> None:
        super().__init__("The clock would be more than twenty years away from the present.")


class SandboxClock(ServiceClock):
    """The service's clock and those of partners, as the database had them at the last `look`."""

    def __init__(self, now: Callable[[], datetime], store: Store) -> None:
        super().__init__(now)
        self._store = store
        self._version = -1
        self._shifts: Mapping[str, timedelta] = {}
        self._mutex = threading.Lock()
        self.look()

    def of(self, partner: str) -> datetime:
        """The present of a partner."""
        return self.seen_by(partner, self())

    def seen_by(self, partner: str, moment: datetime) -> datetime:
        """What a partner's clock showed at `moment` of the service's."""
        return moment + self._shifts.get(partner, _NOT_MOVED)

    def earliest(self) -> datetime:
        """The present of the partner whose clock is the most behind."""
        return self() + min([_NOT_MOVED, *self._shifts.values()])

    def latest(self) -> datetime:
        """The present of the partner whose clock is the most ahead."""
        return self() + max([_NOT_MOVED, *self._shifts.values()])

    def moved(self, partner: str) -> datetime | None:
        """The present of a partner whose clock was moved; None for all others."""
        return self.of(partner) if partner in self._shifts else None

    def look(self) -> None:
        """Learn what was moved since, here or in another process, if the store can say it now."""
        with suppress(StoreUnavailable):
            version, shifts = off_the_loop(self._loaded)
            with self._mutex:
                if version > self._version:
                    self._version, self._shifts = version, shifts

    def forward(self, partner: str, by: timedelta) -> None:
        """Move a partner's clock forward. Raises `ClockTooFar`."""
        if by > 2 * FARTHEST:
            raise ClockTooFar
        self._move(partner, lambda shift: shift + by)

    def set(self, partner: str, at: datetime) -> None:
        """Set a partner's clock to a moment, from which it goes on. Raises `ClockTooFar`."""
        self._move(partner, lambda _: at - self())

    def reset(self, partner: str) -> None:
        """Set a partner's clock back to now."""
        self._move(partner, lambda _: _NOT_MOVED)

    def _move(self, partner: str, moved: Callable[[timedelta], timedelta]) -> None:
        def change_it() -> None:
            with self._store.change_catalog() as change:
                known = _shifts_in(change.documents())
                shift = moved(known.get(partner, _NOT_MOVED))
                if abs(shift) > FARTHEST:
                    raise ClockTooFar
                if to_ms(EPOCH + shift):
                    change.put(KIND, partner, _encode(to_ms(EPOCH + shift)))
                elif partner in known:
                    change.remove(KIND, partner)

        off_the_loop(change_it)
        self.look()

    def _loaded(self) -> tuple[int, Mapping[str, timedelta]]:
        version = self._store.catalog_version()
        if version == self._version:
            return version, self._shifts
        return version, _shifts_in(self._store.catalog())


def _shifts_in(documents: Mapping[tuple[str, str], bytes]) -> dict[str, timedelta]:
    return {
        name: msgspec.json.decode(document, type=int) * MILLISECOND
        for (kind, name), document in documents.items()
        if kind == KIND
    }
