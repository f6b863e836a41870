"""Detects that the log went back: it has another event, or none, where one was seen.

This happens when an older backup is restored, the end of the log is cut off, or a server takes over
that lacks the last events. What was seen is remembered by everything that does not go back together
with the log: this process, the files beside an embedded log, the read models and the signer.
"""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec
import structlog

from application.integrity.signer_memory import BadMemory, SignerMemory
from application.ports.integrity_records import Setback, SignedCheckpoint
from application.ports.log_point import Excerpt, LogPoint
from application.ports.read_models import ModelState
from application.ports.store import Store
from application.runtime.background_thread import BackgroundThread
from application.runtime.clock import to_ms

LOOK_SECONDS = 1.0
ID_BYTES = 16

Seen = tuple[str, LogPoint | None]
"""Who saw which point of which log; None: a signed checkpoint is gone, at an unknown point."""

log = structlog.get_logger()


class LogWatch:
    """Compares the log with what was seen of it, and records each setback.

    A setback stays open until an operator acknowledges it (`projector/acknowledgements.py`).
    """

    def __init__(
        self,
        store: Store,
        memory: Callable[[], SignerMemory | None] = lambda: None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """`memory` is the signer's, where this process has access to it."""
        self._store = store
        self._memory = memory
        self._clock = clock or store.moment
        self._seen: set[LogPoint] = set()
        self._name = f"process {socket.gethostname()}:{os.getpid()}"
        self._mutex = threading.Lock()

    def see(self, excerpt: Excerpt) -> None:
        """Remember the end of an excerpt until `look` has compared it.

        It takes the place of the excerpt's start only, since other points that were seen may belong
        to another history.
        """
        if excerpt.end.hash:
            with self._mutex:
                self._seen.discard(excerpt.start)
                self._seen.add(excerpt.end)

    def look(self) -> None:
        """Compare the log with all that was seen of it. Raises `StoreUnavailable`.

        What this process has seen is taken first, so that the present end, which takes its place,
        comes after it. If the log goes back after both, the comparison finds it.
        """
        with self._mutex:
            own = sorted(self._seen, key=lambda point: point.position)
        records, present = self._store.audit(), self._present()
        seen = self._all_seen(own)
        lost = {seen_by: point for seen_by, point in seen if self._is_lost(point)}
        for seen_by, point in lost.items():
            self._note(seen_by, point, present)
        if present.hash and (lost or present != records.seen()):
            records.see(present)
        with self._mutex:
            self._seen.difference_update(own)
            if present.hash:
                self._seen.add(present)

    def note_model(self, state: ModelState) -> None:
        """Record a setback to a point that a read model has seen and the log no longer has."""
        point = LogPoint(state.log, state.position, state.hash)
        self._note(f"read model {state.name}", point, self._present())

    def open_setbacks(self) -> list[Setback]:
        """The setbacks that nobody has acknowledged."""
        return [each for each in self._store.audit().setbacks() if each.is_open]

    def _present(self) -> LogPoint:
        point = self._store.point_at(self._store.last_position())
        if point.position and not point.hash:  # it was the last one until this moment
            point = self._store.point_at(self._store.last_position())
        return point

    def _all_seen(self, own: Iterable[LogPoint]) -> Iterator[Seen]:
        """Those of this process come in order: the furthest that is lost is the one to be noted."""
        for point in own:
            yield self._name, point
        records = self._store.audit()
        kept = records.seen()
        if kept is not None:
            yield "the record of what was seen", kept
        yield "the recorded heads", LogPoint("", records.recorded(), b"")
        yield from self._signed()

    def _signed(self) -> Iterator[Seen]:
        """Signed checkpoints that are gone, and stored ones over events that are not there.

        What was recorded is read first: another one may be stored at this moment.
        """
        records = self._store.audit()
        known = records.recorded_checkpoint()
        last = records.last_checkpoint()
        number = 0 if last is None else last.number
        if known > number:
            yield f"checkpoint {known}, which was kept", None
        if last is not None:
            yield f"checkpoint {number}", LogPoint("", position_of(last), b"")
        memory = self._memory()
        if memory is None:
            return
        try:
            signed = memory.missing_in(records)
        except (BadMemory, OSError):
            yield "what the signer remembers", None
            return
        if signed is not None:
            seen_by = f"the signer, by checkpoint {signed.number}"
            own = bytes.fromhex(signed.hash)
            point = LogPoint(signed.log, signed.position, own)
            yield seen_by, point if self._is_lost(point) else None

    def _is_lost(self, point: LogPoint | None) -> bool:
        """Whether the log lacks the event seen at a point; without a hash: has no event there."""
        if point is None:
            return True
        if point.position == 0:
            return False
        there = self._store.point_at(point.position)
        if not point.hash:
            return not there.hash
        return there != point

    def _note(self, seen_by: str, seen: LogPoint | None, present: LogPoint) -> None:
        """Store a setback, unless one by the same observer or at the same point is open."""
        point = seen or LogPoint("", 0, b"")
        for each in self.open_setbacks():
            same_point = (each.log, each.position, each.hash) == (
                point.log,
                point.position,
                point.hash,
            )
            if same_point and (point.hash or each.seen_by == seen_by):
                return
        log.error(
            "log_went_back",
            seen_by=seen_by,
            position=point.position,
            log=point.log,
            found_position=present.position,
            found_log=present.log,
        )
        self._store.audit().note_setback(
            Setback(
                id=secrets.token_hex(ID_BYTES),
                at=to_ms(self._clock()),
                seen_by=seen_by,
                log=point.log,
                position=point.position,
                hash=point.hash,
                found_log=present.log,
                found_position=present.position,
            )
        )


class Stated(msgspec.Struct):
    """The position in a checkpoint's statement."""

    position: int


def position_of(checkpoint: SignedCheckpoint) -> int:
    """The position up to which a checkpoint covers the log; 0 for one that cannot be read."""
    try:
        return msgspec.json.decode(checkpoint.statement, type=Stated).position
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0


class Watcher(BackgroundThread):
    """Checks every second, and once more when stopped: the next start compares with that."""

    def __init__(self, watch: LogWatch) -> None:
        super().__init__("log-watch", watch.look, LOOK_SECONDS, once_more=True)
