"""Holds a log against what buyers were told: nothing promised was lost, and all else is in order.

That no ticket was oversold, none is kept for an order that does not have it, and nothing was
changed, is what verifying the log proves (`audit/verification.py`); here it is asked for.
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
    """What an answer said of an order: at `version` (None: not told) it was so."""

    order: str
    status: Status
    tickets: tuple[str, ...] | None = None
    version: int | None = None


class Proof(msgspec.Struct, frozen=True):
    """What the log was found to be, and in words what it does not have of so many promises."""

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
        """Tickets whose row does not say what the events say."""
        return self._says(Kind.TICKET)

    @property
    def wrong(self) -> list[str]:
        """All else that was found."""
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
    """Verify the log of `store`, and hold it against `promises`."""
    given = list(acknowledged_results)
    return Proof(
        report=verify(store, workers, progress),
        lost=[what for acknowledged in given for what in _broken(store, acknowledged)],
        acknowledged_results=len(given),
    )


def _broken(store: Store, acknowledged: AcknowledgedResult) -> Iterable[str]:
    """What the log does not have of a promise."""
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
