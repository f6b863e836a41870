"""Feeds the read models: pulls facts by position and commits rows and position together.

A crash at any point neither repeats nor skips a fact. A fact that is unknown, or that a
projection cannot take, stops that projection at its position; it is tried again now and then,
and the others go on.

Of all processes one feeds a read model at a time: who has its lease. When that one dies, another
takes over as soon as the lease ends. A lease that was lost unnoticed does no harm, since rows are
written only where nobody has moved on.
"""

import os
import secrets
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

import structlog
from eventsourcing.persistence import Notification

from application.fact_mapper import fact_of
from application.projections.registry import PROJECTIONS, Projection
from application.store import ModelState, Row, Store
from domain.events import Fact

BATCH = 500
WAIT_SECONDS = 0.5
LEASE_SECONDS = 3.0
RENEW_SECONDS = 1.0

log = structlog.get_logger()


def pull(store: Store, projection: Projection, state: ModelState, limit: int = BATCH) -> bool:
    """Feed the next facts beyond `state` to its read model; tell whether there were any.

    Raises what the projection raises; then nothing was written.
    """
    stored = store.log(state.position, limit)
    if not stored:
        return False
    models = store.read_models()
    models.commit(state, _rows(store, projection, state, stored), stored[-1].id)
    return True


def catch_up(store: Store, name: str) -> None:
    """Feed a read model up to the end of the log, wherever it is fed besides."""
    projection = PROJECTIONS[name]
    while pull(store, projection, store.read_models().state(name)):
        pass


def _rows(
    store: Store, projection: Projection, state: ModelState, stored: Sequence[Notification]
) -> list[Row]:
    facts: defaultdict[str, list[Fact]] = defaultdict(list)
    for each in stored:
        fact = fact_of(each)
        facts[projection.key(fact)].append(fact)
    documents = store.read_models().rows(state, list(facts))
    return [projection.fold(documents.get(key), group) for key, group in facts.items()]


class PullLoop:
    """Keeps read models up to date from a thread of its own."""

    def __init__(self, store: Store, projections: Sequence[Projection]) -> None:
        self._store = store
        self._projections = projections
        self.feeder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self._leased: set[str] = set()
        self._lease_again = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pull-loop", daemon=True)

    def start(self) -> None:
        """Start feeding."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch under way, stop, and leave the read models to others."""
        self._stopping.set()
        if self.alive:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether it is feeding."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if time.monotonic() >= self._lease_again:
                self._lease()
            fed = [each for each in self._projections if each.table.name in self._leased]
            if fed:
                self._feed(fed)
            else:
                self._stopping.wait(self._lease_again - time.monotonic())
        self._release()

    def _feed(self, fed: Sequence[Projection]) -> None:
        """Feed a batch to each read model; where none moved on, wait for what is not seen yet."""
        try:
            seen = self._store.last_position()
            moved = [self.step(projection) for projection in fed]
            if not any(moved):
                self._store.wait_for_news(seen, WAIT_SECONDS)
        except Exception:
            log.exception("log_not_readable")
            self._stopping.wait(WAIT_SECONDS)

    def _lease(self) -> None:
        """Ask for every read model; what another process feeds is left to it."""
        self._lease_again = time.monotonic() + RENEW_SECONDS
        models = self._store.read_models()
        for name in [projection.table.name for projection in self._projections]:
            had = name in self._leased
            self._leased.discard(name)
            try:
                has = models.lease(name, self.feeder, LEASE_SECONDS)
            except Exception:
                log.exception("lease_failed", projection=name)
                continue
            if has:
                self._leased.add(name)
            if has != had:
                log.info("feeding" if has else "fed_elsewhere", projection=name)

    def _release(self) -> None:
        for name in self._leased:
            with suppress(Exception):  # it ends by itself
                self._store.read_models().release(name, self.feeder)

    def step(self, projection: Projection) -> bool:
        """Feed a batch to one read model; tell whether it moved on."""
        name = projection.table.name
        try:
            state = self._store.read_models().state(name)
            try:
                return pull(self._store, projection, state)
            except Exception:  # noqa: BLE001 - found again, one fact at a time, and noted there
                return self._one_by_one(projection, state)
        except Exception:
            log.exception("projection_failed", projection=name)
            return False

    def _one_by_one(self, projection: Projection, state: ModelState) -> bool:
        """Go on to the fact that cannot be taken, and note its position and the reason."""
        models = self._store.read_models()
        moved = False
        for _ in range(BATCH):
            state = models.state(state.name)
            try:
                if not pull(self._store, projection, state, limit=1):
                    break
            except Exception as error:  # noqa: BLE001 - any reason stops the projection, by name
                reason = f"after position {state.position}: {type(error).__name__}: {error}"
                if reason != state.stopped:
                    log.error("projection_stopped", projection=state.name, reason=reason)
                    models.stop(state, reason)
                break
            moved = True
        return moved
