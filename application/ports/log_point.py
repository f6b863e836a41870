"""Points in a log, and excerpts of it, by which a reader detects that it went back."""

from collections.abc import Sequence

import msgspec
from eventsourcing.persistence import Notification


class LogPoint(msgspec.Struct, frozen=True):
    """A point in a log: the log's id, a position, and the hash of the event there.

    A reader that has seen it can check later whether the log still has that history. Without an
    event at the position the hash is empty and proves nothing.
    """

    log: str
    position: int
    hash: bytes


class Excerpt(msgspec.Struct, frozen=True):
    """Events that follow the position `after`, and its log point, from one snapshot.

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
        """The log point before the events."""
        return LogPoint(self.log, self.after, self.before)

    @property
    def end(self) -> LogPoint:
        """The log point of the last event; the start if there are none."""
        if not self.events:
            return self.start
        return LogPoint(self.log, self.events[-1].id, self.hash)
