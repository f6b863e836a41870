"""Projects the read models: reads events by position, and commits rows and position together.

A crash at any point neither repeats nor skips an event. An event that is unknown, or that a
projection fails on, stops that projection before it, with the reason. It is retried at intervals,
and the other projections go on.

One process at a time projects a read model: the one that has its lease. When it dies, another takes
over as soon as the lease ends. A lease that was lost unnoticed does no harm, since rows are written
only if no other process has advanced the position.
"""

import os
import secrets
import socket
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec
import structlog
from eventsourcing.persistence import Notification

from application.event_log.event_mapper import event_of
from application.integrity.log_watch import LogWatch
from application.ports.log_point import Excerpt, LogPoint
from application.ports.read_models import ModelState
from application.ports.store import Store, StoreUnavailable
from application.read_models.changes import EventStream, changes
from application.read_models.registry import PROJECTIONS, Projection
from application.runtime import tracing
from application.runtime.failpoints import reach
from application.runtime.loop_thread import LoopThread
from domain.events import Event

BATCH = 500
REST_SECONDS = 0.04
"""The pause once all events are projected: projecting many events together costs far less."""
LEASE_SECONDS = 3.0
RENEW_SECONDS = 1.0

log = structlog.get_logger()


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How many events a projector takes at a time, and how long it waits in between.

    `wait_seconds` is the longest wait for new events, `retry_seconds` the shortest interval at
    which a stopped projection is retried.
    """

    batch: int = BATCH
    wait_seconds: float = 0.5
    retry_seconds: float = 1.0


class Batch(msgspec.Struct, frozen=True):
    """The next events of the log, by order, and the position of the last one.

    `start` and `end` are the log points before and at their end, where those are known.
    """

    timelines: Sequence[EventStream]
    position: int
    start: LogPoint | None = None
    end: LogPoint | None = None


def read_batch(store: Store, stored: Sequence[Notification]) -> Batch:
    """A batch of consecutive events, each order's with the events that it had before.

    Raises what reading them raises.
    """
    new: defaultdict[str, list[Event]] = defaultdict(list)
    for each in stored:
        new[str(each.originator_id)].append(event_of(each))
    older = {
        order: events[0].originator_version
        for order, events in new.items()
        if events[0].originator_version > 1
    }
    seen = store.events_before(older) if older else {}
    timelines = [
        EventStream([event_of(each) for each in seen.get(order, ())], events)
        for order, events in new.items()
    ]
    return Batch(timelines, stored[-1].id)


def batch_of(store: Store, excerpt: Excerpt) -> Batch | None:
    """The batch of an excerpt of the log; None for no events."""
    if not excerpt.events:
        return None
    batch = read_batch(store, excerpt.events)
    return msgspec.structs.replace(batch, start=excerpt.start, end=excerpt.end)


def pull(store: Store, projection: Projection, state: ModelState, limit: int = BATCH) -> bool:
    """Project the next events beyond `state`; return whether there were any.

    A read model that shows another history than the log is begun anew instead. Raises what the
    projection raises; then nothing was written.
    """
    excerpt = store.excerpt(state.position, limit)
    if has_left(state, excerpt):
        return begin_anew(store, LogWatch(store), state)
    batch = batch_of(store, excerpt)
    if batch is not None:
        project(store, projection, state, batch)
    elif state.awaited:
        store.read_models().end_wait(state)
    return batch is not None


def begin_anew(store: Store, watch: LogWatch, state: ModelState) -> bool:
    """Begin a read model of another history anew, after recording what it had seen."""
    watch.note_model(state)
    anew = store.read_models().begin_anew(state, store.last_position())
    if anew:
        log.warning("read_model_begun_anew", projection=state.name, position=state.position)
    return anew


def begin_diverged_anew(store: Store, watch: LogWatch) -> None:
    """Begin all read models anew that show another history than the log."""
    for name in PROJECTIONS:
        state = store.read_models().state(name)
        if has_left(state, store.excerpt(state.position, 0)):
            begin_anew(store, watch, state)


def has_left(state: ModelState, excerpt: Excerpt) -> bool:
    """Whether a read model shows another history than the log, of which `excerpt` was read.

    For one that an earlier version projected, only the position is known: the log has to have it.
    """
    if state.position == 0:
        return False
    if state.hash:
        return (state.log, state.hash) != (excerpt.log, excerpt.before)
    return not excerpt.before


class OtherColumns(Exception):
    """The table was made by another version of this service, for other rows."""


def project(store: Store, projection: Projection, state: ModelState, batch: Batch) -> None:
    """Write what a batch changes in a read model, unless another process has advanced it.

    Raises `OtherColumns`.
    """
    if store.read_models().shape(state) != projection.table.shape:
        raise OtherColumns(f"rebuild it: orderlog projection rebuild {state.name}")
    news = changes(projection, batch.timelines)
    if batch.start is not None and state.hash not in (b"", batch.start.hash):
        return  # the log went back after the state was read: the next check finds it
    reach("projector.read")
    name = f"project {state.name}"
    with tracing.linked(name, requests_of(batch), **{"orderlog.position": batch.position}):
        store.read_models().commit(state, news.rows, batch.position, news.gone, batch.end)
    reach("projector.after_commit")


def requests_of(batch: Batch) -> Iterator[str]:
    """The ids of the requests that brought a batch's events about."""
    return (event.request for timeline in batch.timelines for event in timeline.new)


def catch_up(store: Store, name: str, limit: int = BATCH) -> None:
    """Project a read model up to the end of the log, even if another process projects it, too."""
    projection = PROJECTIONS[name]
    while pull(store, projection, store.read_models().state(name), limit):
        pass


class Projector(LoopThread):
    """Keeps read models up to date from a thread of its own.

    When it stops it finishes the current batch, and releases its leases.
    """

    def __init__(
        self,
        store: Store,
        projections: Sequence[Projection],
        watch: LogWatch | None = None,
        pace: Pace = Pace(),  # noqa: B008 - it is frozen
    ) -> None:
        """`watch` is notified of what is seen of the log, and of read models that it has left."""
        super().__init__("pull-loop")
        self._store = store
        self._projections = projections
        self._watch = watch or LogWatch(store)
        self._pace = pace
        self.projector = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self._leased: set[str] = set()
        self._lease_again = 0.0
        self._stopped_till: dict[str, float] = {}

    def _run(self) -> None:
        while not self._stopping.is_set():
            if time.monotonic() >= self._lease_again:
                self._lease()
            leased = [each for each in self._projections if each.table.name in self._leased]
            if leased:
                self._project(leased)
            else:
                self._stopping.wait(self._lease_again - time.monotonic())
        self._release()

    def _project(self, leased: Sequence[Projection]) -> None:
        """Project a batch into each read model; if none advanced, wait for new events."""
        try:
            seen = self._store.last_position()
            read: dict[int, Batch | None] = {}
            moved = False
            due = list(filter(self._is_due, leased))
            states = self._store.read_models().states([each.table.name for each in due])
            for projection in due:
                moved |= self.step(projection, read, states[projection.table.name])
            if not moved:
                self._store.wait_for_news(seen, self._pace.wait_seconds)
            elif all(batch is None or batch.position >= seen for batch in read.values()):
                self._stopping.wait(REST_SECONDS)
        except StoreUnavailable as error:
            log.warning("store_unavailable", reason=str(error))
            self._stopping.wait(self._pace.wait_seconds)
        except Exception:
            log.exception("log_not_readable")
            self._stopping.wait(self._pace.wait_seconds)

    def _lease(self) -> None:
        """Ask for the lease of every read model; skip those that another process projects."""
        self._lease_again = time.monotonic() + RENEW_SECONDS
        models = self._store.read_models()
        held, self._leased = self._leased, set()
        for name in [projection.table.name for projection in self._projections]:
            try:
                has = models.lease(name, self.projector, LEASE_SECONDS)
            except StoreUnavailable as error:
                log.warning("store_unavailable", reason=str(error))
                break
            except Exception:
                log.exception("lease_failed", projection=name)
                continue
            if has:
                self._leased.add(name)
            if has != (name in held):
                log.info("feeding" if has else "fed_elsewhere", projection=name)

    def _release(self) -> None:
        for name in self._leased:
            with suppress(Exception):  # it ends by itself
                self._store.read_models().release(name, self.projector)

    def _is_due(self, projection: Projection) -> bool:
        return time.monotonic() >= self._stopped_till.get(projection.table.name, 0.0)

    def step(
        self,
        projection: Projection,
        read: dict[int, Batch | None] | None = None,
        state: ModelState | None = None,
    ) -> bool:
        """Project a batch into one read model; return whether it advanced.

        `state` is that of the read model a moment ago. Read models at the same position share what
        was `read` there. Raises `StoreUnavailable`.
        """
        name = projection.table.name
        try:
            state = state or self._store.read_models().state(name)
            if state.diverged:
                return begin_anew(self._store, self._watch, state)
            try:
                return self._pull(projection, state, {} if read is None else read)
            except Exception:  # noqa: BLE001 - found again, one event at a time, and noted there
                return self._one_by_one(projection, state)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("projection_failed", projection=name)
            return False

    def _pull(
        self, projection: Projection, state: ModelState, read: dict[int, Batch | None]
    ) -> bool:
        if state.position not in read:
            excerpt = self._store.excerpt(state.position, self._pace.batch)
            if has_left(state, excerpt):
                return begin_anew(self._store, self._watch, state)
            self._watch.see(excerpt)
            read[state.position] = batch_of(self._store, excerpt)
        batch = read[state.position]
        if batch is not None:
            project(self._store, projection, state, batch)
        elif state.awaited:
            self._store.read_models().end_wait(state)
        return batch is not None

    def _one_by_one(self, projection: Projection, state: ModelState) -> bool:
        """Advance to the event that cannot be projected, and record its position and the reason."""
        models = self._store.read_models()
        moved = False
        for _ in range(self._pace.batch):
            state = models.state(state.name)
            excerpt = self._store.excerpt(state.position, 1)
            if not excerpt.events or has_left(state, excerpt):
                break
            try:
                batch = batch_of(self._store, excerpt)
                if batch is not None:
                    project(self._store, projection, state, batch)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - any reason stops the projection, by name
                where = excerpt.events[0].id
                self._note(state, f"at position {where}: {type(error).__name__}: {error}")
                break
            moved = True
        return moved

    def _note(self, state: ModelState, reason: str) -> None:
        self._stopped_till[state.name] = time.monotonic() + self._pace.retry_seconds
        if reason != state.stopped:
            log.error("projection_stopped", projection=state.name, reason=reason)
            self._store.read_models().stop(state, reason)
