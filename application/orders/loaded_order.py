"""An order as it was loaded from its events, and who may see and change it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from eventsourcing.persistence import StoredEvent

from application.catalog.access import Caller
from application.event_log.event_mapper import event_of
from application.orders.commands import Request
from domain.order import Order
from domain.refusals import NotTheVendor, UnknownOrder, VersionMismatch
from domain.status import Status, next_statuses


class LastSeenState(msgspec.Struct, kw_only=True):
    """The order as the last attempt to decide loaded it."""

    version: int = 0
    at: datetime | None = None


def replay(stored: Iterable[StoredEvent]) -> Order:
    """The order that these stored events make; an empty one for none."""
    return Order.replay(map(event_of, stored))


class Present(msgspec.Struct, frozen=True):
    """What a client that lost a race, or was refused, gets to know of the present order."""

    version: int
    status: Status
    changed_at: datetime
    paid_by_gateway: bool

    def about(self) -> dict[str, Any]:
        """The values that go into the answer."""
        return {
            "version": self.version,
            "status": self.status,
            "allowed": next_statuses(self.status, paid_by_gateway=self.paid_by_gateway),
        }


def present_of(order: Order, at: datetime) -> Present:
    """The order as it is at `at`."""
    return Present(order.version, order.status_at(at), order.changed_at, order.waits_for_gateway)


def refuse_stranger(order: Order, order_id: str, caller: Caller) -> None:
    """Refuse, as if there were no such order, unless `caller` sells it or organises its show.

    An auditor reads every order.
    """
    if not order.version or not caller.sees(order.vendor, order.org):
        raise UnknownOrder(order=order_id)


def refuse_others(order: Order, order_id: str, caller: Caller, *more: str) -> None:
    """Refuse, as if there were no such order, all but its vendor, its organiser and `more`.

    An auditor reads every order, but decides nothing.
    """
    if not order.version or caller.partner not in {order.vendor, order.org, *more}:
        raise UnknownOrder(order=order_id)


def refuse_other_version(order: Order, request: Request, present: Present) -> None:
    """Refuse a caller other than the vendor, and a version that the request does not expect."""
    if order.vendor != request.caller.partner:
        raise NotTheVendor
    _refuse_unexpected(order, request, present)


def refuse_unseen(order: Order, request: Request, at: datetime) -> None:
    """Refuse a version of the order that the request does not expect."""
    _refuse_unexpected(order, request, present_of(order, at))


def _refuse_unexpected(order: Order, request: Request, present: Present) -> None:
    if request.versions is not None and order.version not in request.versions:
        raise VersionMismatch(but="not at the one named by If-Match", **present.about())
    if request.ruled_out is None or order.version in request.ruled_out:
        raise VersionMismatch(but="which If-None-Match rules out", **present.about())
