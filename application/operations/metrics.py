"""The service's metrics. All but one are read from the store.

So every process reports the same, and one that was just started knows as much as the others. The
exception is the clock skew of the process's own machine.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from application.integrity.statement import BadStatement, statement_of
from application.operations.read_model_status import read_model_status
from application.orders.queries import OrderQueries
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


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics at one moment. `holds_due` are holds that have ended without that being recorded.

    `log_went_back` is whether the log lacks events that were seen and nobody has acknowledged that.
    `clock_skew` is how many seconds this machine's clock is ahead of the one that decides.
    `wal_bytes` is the size of the write-ahead log beside an SQLite file.
    """

    position: int
    clock_skew: float
    models: list[ModelFigures]
    holds_due: int
    verification: Verification | None
    log_went_back: bool = False
    wal_bytes: int | None = None
    checkpoint: CheckpointFigures | None = None


class Dated(msgspec.Struct):
    """When an event was recorded, whether this version knows its kind or not."""

    at: datetime


_DATED = msgspec.json.Decoder(Dated)


def figures(store: Store, queries: OrderQueries, moment: datetime, clock_skew: float) -> Figures:
    """Read the metrics at `moment`. Raises what the store raises."""
    last = store.last_position()
    return Figures(
        position=last,
        clock_skew=clock_skew,
        models=list(_models(store, last, moment)),
        holds_due=queries.due_count(),
        verification=store.audit().last_verification(),
        log_went_back=any(each.is_open for each in store.audit().setbacks()),
        wal_bytes=store.wal_bytes(),
        checkpoint=_checkpoint(store, last, moment),
    )


def _checkpoint(store: Store, last: int, moment: datetime) -> CheckpointFigures | None:
    """The last checkpoint; None if there is none that can be read."""
    found = store.audit().last_checkpoint()
    if found is None:
        return None
    try:
        statement = statement_of(found)
        age = moment - datetime.fromisoformat(statement.at)
    except (BadStatement, ValueError, TypeError):
        return None
    return CheckpointFigures(found.number, age.total_seconds(), last - statement.position)


def _models(store: Store, last: int, moment: datetime) -> Iterator[ModelFigures]:
    models = store.read_models()
    for name in PROJECTIONS:
        status = read_model_status(store, name, last)
        yield ModelFigures(
            name=name,
            position=status.position,
            behind=status.behind,
            late=_late(store, status.position, moment) if status.position < last else 0.0,
            stopped=status.stopped is not None,
            stopped_since=status.stopped_since,
            rebuilding=models.is_rebuilding(name),
        )


def _late(store: Store, position: int, moment: datetime) -> float | None:
    """For how long the first event beyond a position has been there."""
    events = store.log(position, 1)
    if not events:
        return 0.0
    try:
        recorded = _DATED.decode(events[0].state).at
        return max(0.0, (moment - recorded).total_seconds())
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        return None
