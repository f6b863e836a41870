"""Compares a log with the results acknowledged to buyers: none is lost, all else is in order.

Verifying the log (`verification.py`) proves that no ticket was oversold, none is kept for an order
that does not have it, and nothing was changed. That is done here as well.
"""

from collections.abc import Iterable

import msgspec

from application.event_log.event_mapper import event_of
from application.integrity.findings import Finding, Kind
from application.integrity.report import Report
from application.integrity.verification import Progress, verify
from application.integrity.workers import Workers
from application.ports.store import Store
from domain.order import Order
from domain.status import Status


class AcknowledgedResult(msgspec.Struct, frozen=True):
    """An order as an answer showed it, at `version` (None: the answer did not have it)."""

    order: str
    status: Status
    tickets: tuple[str, ...] | None = None
    version: int | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The log's report, the number of acknowledged results, and in words those that are lost."""

    report: Report
    lost: list[str]
    acknowledged_results: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.report.good and not self.lost

    @property
    def oversold(self) -> list[str]:
        """Tickets that two orders had at the same instant."""
        return self._says(Kind.OVERSOLD)

    @property
    def stranded(self) -> list[str]:
        """Tickets whose row differs from the events."""
        return self._says(Kind.TICKET)

    @property
    def wrong(self) -> list[str]:
        """All other findings."""
        return self._says(*(kind for kind in Kind if kind not in {Kind.OVERSOLD, Kind.TICKET}))

    def _says(self, *kinds: Kind) -> list[str]:
        return [_named(each) for each in self.report.findings if each.kind in kinds]


def _named(finding: Finding) -> str:
    return finding.says if finding.order is None else f"order {finding.order}: {finding.says}"


def prove(
    store: Store,
    workers: Workers,
    acknowledged_results: Iterable[AcknowledgedResult],
    progress: Progress,
) -> Proof:
    """Verify the log of `store`, and compare it with the acknowledged results, one by one."""
    report = verify(store, workers, progress)
    lost: list[str] = []
    count = 0
    for acknowledged in acknowledged_results:
        count += 1
        lost += _broken(store, acknowledged)
    return Proof(report=report, lost=lost, acknowledged_results=count)


def _broken(store: Store, acknowledged: AcknowledgedResult) -> Iterable[str]:
    """How the log falls short of an acknowledged result."""
    events = [event_of(each) for each in store.events(acknowledged.order)]
    if not events or len(events) < (acknowledged.version or 0):
        has = f"order {acknowledged.order} has {len(events)} events"
        yield f"{has}, {acknowledged.version} were acknowledged"
        return
    order = Order.replay(events[: acknowledged.version])
    if order.status is not acknowledged.status:
        status = acknowledged.status
        yield f"order {acknowledged.order} is {order.status}, {status} was acknowledged"
    if acknowledged.tickets is not None and tuple(order.tickets) != acknowledged.tickets:
        yield f"order {acknowledged.order} has other tickets than were acknowledged"
