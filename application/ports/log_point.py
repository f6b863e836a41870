"""Places in a log, and excerpts of it, by which a reader can tell whether it went back."""

from collections.abc import Sequence

import msgspec
from eventsourcing.persistence import Notification


class LogPoint(msgspec.Struct, frozen=True):
    """A place in a log: the log's id, a position, and the hash of the event there.

    Whoever has seen it can tell later whether the log still has that history. Without an event
    at the position the hash is empty and says nothing.
    """

    log: str
    position: int
    hash: bytes


class Excerpt(msgspec.Struct, frozen=True):
    """Events that follow `after`, and where that is, all read at one moment.

    `before` is the hash of the event at `after`, `hash` that of the last one of `events`; each is
    empty where there is none.
    """

    log: str
    after: int
    before: bytes
    events: Sequence[Notification]
    hash: bytes

    @property
    def start(self) -> LogPoint:
        """Where the events begin."""
        return LogPoint(self.log, self.after, self.before)

    @property
    def end(self) -> LogPoint:
        """Where the last event is; the start for none."""
        if not self.events:
            return self.start
        return LogPoint(self.log, self.events[-1].id, self.hash)
