"""An operator's acknowledgement that the log went back: the service goes on from what is left.

What was lost stays lost. The loss is recorded for ever, with who acknowledged it and why. The
recorded heads begin again, and the next checkpoint names the loss.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from application.integrity.checkpoint import Checkpoints
from application.integrity.log_watch import LogWatch
from application.ports.integrity_records import Setback
from application.ports.store import Store
from application.projector.loop import begin_diverged_anew
from application.runtime.clock import to_ms
from domain.errors import UserError


class NothingToAcknowledge(UserError):
    """The log has all that was seen of it."""

    def __init__(self) -> None:
        super().__init__("The log did not go back: there is nothing to acknowledge.")


class Acknowledgements(msgspec.Struct, frozen=True):
    """Acknowledges setbacks."""

    _store: Store
    _watch: LogWatch
    _checkpoints: Checkpoints
    _clock: Callable[[], datetime]

    def acknowledge(self, by: str, reason: str) -> list[Setback]:
        """Acknowledge every open setback; return them. Raises `NothingToAcknowledge`.

        Everything that remembers the lost events is reset first, so an interrupted call can be
        repeated.
        """
        self._watch.look()
        begin_diverged_anew(self._store, self._watch)
        found = self._watch.open_setbacks()
        if not found:
            raise NothingToAcknowledge
        records = self._store.audit()
        last = records.last_checkpoint()
        records.restart_recorded_heads(0 if last is None else last.number)
        self._checkpoints.leave_lost()
        at = to_ms(self._clock())
        known = [
            msgspec.structs.replace(each, acknowledged_at=at, acknowledged_by=by, reason=reason)
            for each in found
        ]
        for each in known:
            records.note_setback(each)
        return known
