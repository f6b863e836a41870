"""The state of the whole service on one page, and what of it needs somebody."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from application.operations.event_age import waited
from application.operations.last_checkpoint import MOST_MISSED, last_checkpoint
from application.operations.metrics import WebhookFigures, webhook_figures
from application.operations.read_model_status import (
    ReadModelStatus,
    Rebuild,
    read_model_status,
    rebuild_of,
)
from application.ports.integrity_records import Verification
from application.ports.store import Store
from application.ports.webhooks import ShardState
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import from_ms
from application.runtime.store_clock import StoreClock


class Problem(msgspec.Struct, frozen=True):
    """Something that needs somebody: its code, and what it is about."""

    code: str
    about: str = ""


class CheckpointSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The last checkpoint: it signs the log up to `position`, and `newer` positions are beyond.

    The first of those has waited for so many seconds; None if that is not known.
    """

    number: int
    at: datetime
    position: int
    newer: int
    waits: float | None


class VerificationSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The last verification of the log."""

    at: datetime
    seconds: float
    found: Verification


class ShardLease(msgspec.Struct, frozen=True, kw_only=True):
    """Who delivers to so many of the shards with active webhooks; nobody does without `owner`.

    It is `dead` if it has ended and nobody has taken over.
    """

    owner: str | None
    shards: int
    till: datetime | None
    dead: bool


class SystemStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the service at a moment, with the `problems` first."""

    position: int
    models: Sequence[ReadModelStatus]
    rebuilds: Mapping[str, Rebuild]
    checkpoint: CheckpointSeen | None
    verification: VerificationSeen | None
    webhooks: WebhookFigures
    leases: Sequence[ShardLease]
    problems: Sequence[Problem]

    @property
    def projectors(self) -> Mapping[str, Sequence[str]]:
        """The read models that each process projects, by its name; empty for those that none does.

        They come in the order of the registry.
        """
        found: dict[str, list[str]] = {}
        for each in self.models:
            found.setdefault(each.projector or "", []).append(each.name)
        return found


def system_status(
    store: Store, clock: StoreClock, now: datetime, checkpoint_seconds: float
) -> SystemStatus:
    """Read the state of the service. Raises `StoreUnavailable`."""
    models, rebuilds, unreadable = _models(store)
    last = store.audit().last_verification()
    status = SystemStatus(
        position=store.last_position(),
        models=models,
        rebuilds=rebuilds,
        checkpoint=_checkpoint(store, now),
        verification=None if last is None else _verification(last),
        webhooks=webhook_figures(store, now),
        leases=list(_shard_leases(store)),
        problems=[],
    )
    problems = [
        *_of_the_store(store, clock),
        *_of_the_log(status, now, checkpoint_seconds),
        *unreadable,
        *_of_models(models),
        *_of_webhooks(status),
    ]
    return msgspec.structs.replace(status, problems=problems)


def _models(store: Store) -> tuple[list[ReadModelStatus], dict[str, Rebuild], list[Problem]]:
    """The read models; one that cannot be read is a problem, and hides nothing else."""
    records, last = store.read_models(), store.last_position()
    models, rebuilds, problems = [], {}, []
    for name, projection in PROJECTIONS.items():
        try:
            models.append(read_model_status(store, name, last))
            rebuild = rebuild_of(records, projection.table)
        except Exception as error:  # noqa: BLE001 - it can be made again, and sales do not need it
            problems.append(Problem("model_stopped", f"{name}: {type(error).__name__}: {error}"))
            continue
        if rebuild is not None:
            rebuilds[name] = rebuild
    return models, rebuilds, problems


def _checkpoint(store: Store, now: datetime) -> CheckpointSeen | None:
    """The last checkpoint; None if there is none that can be read."""
    found = last_checkpoint(store)
    if found is None:
        return None
    newer = store.last_position() - found.position
    return CheckpointSeen(
        number=found.number,
        at=found.at,
        position=found.position,
        newer=max(newer, 0),
        waits=waited(store, found.position, now) if newer > 0 else 0.0,
    )


def _verification(found: Verification) -> VerificationSeen:
    return VerificationSeen(at=from_ms(found.at), seconds=found.took / 1000, found=found)


def _shard_leases(store: Store) -> Iterator[ShardLease]:
    """Who has the shards with active webhooks, by name; those that nobody has at the end."""
    moment, active = store.moment(), store.webhooks().totals().shards
    known = store.webhooks().shards()
    had: dict[str, list[ShardState]] = {}
    free = 0
    for shard in active:
        each = known.get(shard)
        if each is None or each.owner is None:
            free += 1
        else:
            had.setdefault(each.owner, []).append(each)
    for owner, shards in sorted(had.items()):
        till = max((each.till for each in shards if each.till is not None), default=None)
        dead = not any(each.is_leased(moment) for each in shards)
        yield ShardLease(owner=owner, shards=len(shards), till=till, dead=dead)
    if free:
        yield ShardLease(owner=None, shards=free, till=None, dead=False)


def _of_the_store(store: Store, clock: StoreClock) -> Iterator[Problem]:
    for name, trouble in store.troubles().items():
        yield Problem("store", f"{name}: {trouble}")
    for each in store.undurable_settings():
        yield Problem("undurable", each)
    if (says := clock.trouble()) is not None:
        yield Problem("clock", says)
    for lost in store.audit().setbacks():
        if lost.is_open:
            yield Problem("log_went_back", lost.says)


def _of_the_log(
    status: SystemStatus, now: datetime, checkpoint_seconds: float
) -> Iterator[Problem]:
    if (last := status.verification) is not None:
        if last.found.oversold > 0:
            yield Problem("oversold", str(last.found.oversold))
        if last.found.findings > 0:
            yield Problem("findings", str(last.found.findings))
    seen = status.checkpoint
    late = MOST_MISSED * checkpoint_seconds
    if seen is not None and late and (seen.waits or 0.0) > late:
        since = now - seen.at
        yield Problem("checkpoint_late", str(int(since.total_seconds() // 60)))


def _of_models(models: Sequence[ReadModelStatus]) -> Iterator[Problem]:
    for each in models:
        if each.trouble is not None:
            yield Problem("model_stopped", f"{each.name}: {each.trouble}")
        elif not each.projector:
            yield Problem("model_left", each.name)


def _of_webhooks(status: SystemStatus) -> Iterator[Problem]:
    """Where nobody delivers to some of the active webhooks while events wait."""
    left = sum(each.shards for each in status.leases if each.dead or each.owner is None)
    if left and status.webhooks.behind:
        yield Problem("webhooks_left", str(left))
