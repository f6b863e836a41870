"""Holds a log against what buyers were told: nothing promised was lost, and all else is in order.

That no ticket was oversold, none is kept for an order that does not have it, and nothing was
changed, is what verifying the log proves (`audit/verification.py`); here it is asked for.
"""

from collections.abc import Iterable

import msgspec

from application.event_log.event_mapper import fact_of
from application.integrity.findings import Finding, Kind
from application.integrity.verification import Progress, Report, verify
from application.integrity.workers import Workers
from application.ports.store import Store
from domain.order import Order
from domain.status import Status


class Promise(msgspec.Struct, frozen=True):
    """What an answer said of an order: at `version` (None: not told) it was so."""

    order: str
    status: Status
    tickets: tuple[str, ...] | None = None
    version: int | None = None


class Proof(msgspec.Struct, frozen=True):
    """What the log was found to be, and in words what it does not have of so many promises."""

    report: Report
    lost: list[str]
    promises: int

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
        """Tickets whose row does not say what the facts say."""
        return self._says(Kind.TICKET)

    @property
    def wrong(self) -> list[str]:
        """All else that was found."""
        return self._says(*(kind for kind in Kind if kind not in {Kind.OVERSOLD, Kind.TICKET}))

    def _says(self, *kinds: Kind) -> list[str]:
        return [_named(each) for each in self.report.findings if each.kind in kinds]


def _named(finding: Finding) -> str:
    return finding.says if finding.order is None else f"order {finding.order}: {finding.says}"


def prove(store: Store, workers: Workers, promises: Iterable[Promise], progress: Progress) -> Proof:
    """Verify the log of `store`, and hold it against `promises`."""
    given = list(promises)
    return Proof(
        report=verify(store, workers, progress),
        lost=[what for promise in given for what in _broken(store, promise)],
        promises=len(given),
    )


def _broken(store: Store, promise: Promise) -> Iterable[str]:
    """What the log does not have of a promise."""
    facts = [fact_of(each) for each in store.facts(promise.order)]
    if not facts or len(facts) < (promise.version or 0):
        yield f"order {promise.order} has {len(facts)} facts, {promise.version} were acknowledged"
        return
    order = Order.replay(facts[: promise.version])
    if order.status is not promise.status:
        yield f"order {promise.order} is {order.status}, {promise.status} was acknowledged"
    if promise.tickets is not None and tuple(order.tickets) != promise.tickets:
        yield f"order {promise.order} has other tickets than were acknowledged"
