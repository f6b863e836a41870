"""Writes the log of a PostgreSQL database: group commits, each of them one transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from eventsourcing.persistence import IntegrityError
from psycopg import errors

from application.event_log.committed_events import count_committed
from application.ports.store import StoreUnavailable
from application.ports.unit_of_work import T, TicketTaken, UnitOfWork, Written
from application.runtime.failpoints import reach
from application.runtime.traffic_counts import TRAFFIC
from application.storage.postgres.batch import InDoubt, PostgresBatch
from application.storage.postgres.connections import Backoff, PipelinePool, passes, unavailable
from application.storage.postgres.in_doubt_commit import Connections, outcome_of_commit
from application.storage.postgres.pipeline import Lost
from application.storage.shared.batch import Outcome, events_of
from application.storage.shared.group_commit import Claim, GroupCommit

LOST_TICKET = "OL001"
TRIES_OF_CONFLICTS = 5


class Claimed(msgspec.Struct):
    """A unit of work, and whether its caller still waits for it."""

    write: UnitOfWork[Any]
    claim: Claim


class GivenUpMeanwhile(Exception):
    """A caller has abandoned a unit of work of this batch before it was committed."""


GIVEN_UP = StoreUnavailable("The caller has given this request up.")


class PostgresWriter:
    """Carries out units of work, those that come at the same time in one transaction."""

    def __init__(
        self,
        connections: Connections,
        writers: PipelinePool,
        threads: int,
        notify: Callable[[int], None],
    ) -> None:
        """`notify` gets the last position of each commit that appended something."""
        self._connections = connections
        self._writers = writers
        self._notify = notify
        self._commits: GroupCommit[Claimed, Written[Any]] = GroupCommit(
            self._commit, threads=threads, limited=True, name="commits", counted=TRAFFIC.batch
        )

    def write_all(self, writes: Sequence[UnitOfWork[T]]) -> list[Written[T] | Exception]:
        """Carry out `writes` in a shared commit. Waits no longer than a `StoreWait`.

        What was not committed in time is `StoreUnavailable` and never will be committed; if its
        commit had begun, it is `OutcomeUnknown`.
        """
        claim = Claim()
        return self._commits.submit([Claimed(write, claim) for write in writes], claim)

    def _commit(self, wanted: list[Claimed]) -> list[Outcome]:
        """Carry out a batch, and what was deferred in further ones, until the backoff ends."""
        waiting = dict(enumerate(wanted))
        outcomes: dict[int, Outcome] = {}
        backoff = Backoff()
        while waiting:
            done = self._attempt(waiting)
            outcomes.update(done)
            for place in done:
                del waiting[place]
            if waiting and not backoff.wait():
                busy = StoreUnavailable("Others keep what this request needs.")
                outcomes.update(dict.fromkeys(waiting, busy))
                break
        return [outcomes[place] for place in range(len(wanted))]

    def _attempt(self, wanted: Mapping[int, Claimed]) -> dict[int, Outcome]:
        """Carry out what fits in one transaction; if a write makes it fail, each in its own."""
        outcomes: dict[int, Outcome] = {
            place: GIVEN_UP for place, each in wanted.items() if each.claim.given_up
        }
        wanted = {place: each for place, each in wanted.items() if place not in outcomes}
        if not wanted:
            return outcomes
        try:
            return outcomes | self._carry_out(wanted)
        except GivenUpMeanwhile:
            return outcomes | self._attempt(wanted)
        except Exception as failure:  # noqa: BLE001 - each write gets its own outcome
            cause = _named(failure)
            if len(wanted) == 1 or isinstance(cause, StoreUnavailable):
                return outcomes | dict.fromkeys(wanted, cause)
        for place, each in wanted.items():
            outcomes.update(self._attempt({place: each}))
        return outcomes

    def _carry_out(self, wanted: Mapping[int, Claimed]) -> dict[int, Outcome]:
        """One transaction, again while it fails for a temporary reason."""
        backoff = Backoff()
        conflicts = 0
        while True:
            try:
                return self._transact(wanted)
            except psycopg.Error as error:
                lone_conflict = isinstance(error, errors.UniqueViolation) and len(wanted) == 1
                conflicts += lone_conflict
                again = passes(error) or (lone_conflict and conflicts < TRIES_OF_CONFLICTS)
                if not again or not backoff.wait():
                    raise
                if isinstance(error, Lost):
                    self._writers.check()

    def _transact(self, wanted: Mapping[int, Claimed]) -> dict[int, Outcome]:
        """Find, decide, store. Raises `Lost` only where nothing was committed."""
        with self._writers.connection() as connection:
            batch = PostgresBatch(connection, {place: each.write for place, each in wanted.items()})
            try:
                batch.find()
                reach("append.found")
                batch.decide()
                reach("append.before_commit")
                _begin([wanted[place].claim for place in batch.decided])
                in_doubt = False
                positions = batch.store(self._connections.replicating(connection))
            except InDoubt:
                in_doubt = True
            except BaseException:
                batch.give_up()
                raise
        if in_doubt:
            positions = outcome_of_commit(self._connections, batch)
        reach("append.after_commit")
        if positions:
            self._notify(positions[-1])
            count_committed(events_of(batch.pending_writes))
        return batch.outcomes(positions)

    def close(self) -> None:
        """Stop carrying out work."""
        self._commits.close()


def _begin(claims: Sequence[Claim]) -> None:
    """Let none of these be abandoned from here on. Raises `GivenUpMeanwhile`."""
    if not all(claim.begin() for claim in claims):
        raise GivenUpMeanwhile


def _named(failure: Exception) -> Exception:
    """A failure as an error of the port."""
    if isinstance(failure, psycopg.Error):
        if failure.sqlstate == LOST_TICKET:
            return TicketTaken(failure.diag.message_detail)
        if isinstance(failure, errors.UniqueViolation):
            return IntegrityError(str(failure))
        if passes(failure) or isinstance(failure, errors.QueryCanceled):
            return unavailable(failure)
    return failure
