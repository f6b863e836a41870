"""The service's metrics. All but one are read from the store.

So every process reports the same, and one that was just started knows as much as the others. The
exception is the clock skew of the process's own machine.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from application.operations.event_age import waited
from application.operations.last_checkpoint import last_checkpoint
from application.operations.read_model_status import read_model_status
from application.orders.queries import OrderQueries
from application.payments.waiting_money import waiting_by_code
from application.ports.integrity_records import Verification
from application.ports.store import Store
from application.read_models.registry import PROJECTIONS


class ModelFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a read model.

    `behind` is how many positions of the log it does not show (negative: it is ahead of the log),
    `late` for how many seconds the oldest event there has waited (None: not known). If it has
    stopped, it was at `stopped_since`, in milliseconds since the epoch.
    """

    name: str
    position: int
    behind: int
    late: float | None
    stopped: bool
    stopped_since: int | None
    rebuilding: bool


class CheckpointFigures(msgspec.Struct, frozen=True):
    """The last checkpoint: how old it is in seconds, and how far beyond it the log goes."""

    number: int
    age: float
    unsigned: int


class WebhookFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All webhooks together: there may be ten thousand.

    `behind` is how many positions the last of the active ones has not passed, `late` for how many
    seconds what it lacks first has waited (None: not known), `lanes` how many orders wait for
    another try.
    """

    states: Mapping[str, int] = MappingProxyType({})
    behind: int = 0
    late: float | None = 0.0
    lanes: int = 0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics at one moment.

    `holds_due` are holds that have ended without that being recorded, `holds_active` the others.
    `log_went_back` is whether the log lacks events that were seen and nobody has acknowledged that.
    `clock_skew` is how many seconds this machine's clock is ahead of the one that decides.
    `wal_bytes` is the size of the write-ahead log beside an SQLite file. `waiting` has how many
    orders and notices have money that waits for a person, by the code of why.
    """

    position: int
    clock_skew: float
    models: list[ModelFigures]
    holds_due: int
    holds_active: int
    verification: Verification | None
    log_went_back: bool = False
    wal_bytes: int | None = None
    waiting: Mapping[str, int] = MappingProxyType({})
    webhooks: WebhookFigures = WebhookFigures()
    checkpoint: CheckpointFigures | None = None


def figures(store: Store, queries: OrderQueries, moment: datetime, clock_skew: float) -> Figures:
    """Read the metrics at `moment`. Raises what the store raises."""
    last = store.last_position()
    return Figures(
        position=last,
        clock_skew=clock_skew,
        models=list(_models(store, last, moment)),
        holds_due=queries.due_count(),
        holds_active=queries.held_count(),
        verification=store.audit().last_verification(),
        log_went_back=any(each.is_open for each in store.audit().setbacks()),
        wal_bytes=store.wal_bytes(),
        waiting=waiting_by_code(store, moment),
        webhooks=webhook_figures(store, moment),
        checkpoint=_checkpoint(store, last, moment),
    )


def _checkpoint(store: Store, last: int, moment: datetime) -> CheckpointFigures | None:
    """The last checkpoint; None if there is none that can be read."""
    found = last_checkpoint(store)
    if found is None:
        return None
    age = (moment - found.at).total_seconds()
    return CheckpointFigures(found.number, age, last - found.position)


def webhook_figures(store: Store, moment: datetime) -> WebhookFigures:
    """The figures of all webhooks together."""
    last, totals = store.last_position(), store.webhooks().totals()
    position = last if totals.position is None else min(totals.position, last)
    late = waited(store, position, moment) if position < last else 0.0
    if late is not None and totals.waiting_since is not None:
        late = max(late, (moment - totals.waiting_since).total_seconds())
    return WebhookFigures(
        states=totals.states, behind=last - position, late=late, lanes=totals.lanes
    )


def _models(store: Store, last: int, moment: datetime) -> Iterator[ModelFigures]:
    models = store.read_models()
    for name in PROJECTIONS:
        status = read_model_status(store, name, last)
        yield ModelFigures(
            name=name,
            position=status.position,
            behind=status.behind,
            late=waited(store, status.position, moment) if status.position < last else 0.0,
            stopped=status.stopped is not None,
            stopped_since=status.stopped_since,
            rebuilding=models.is_rebuilding(name),
        )
