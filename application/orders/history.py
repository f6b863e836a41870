"""An order's history: its events one by one, and the order as it was."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from eventsourcing.persistence import Notification

from application.catalog.access import Caller
from application.catalog.scopes import BARCODES_READ
from application.event_log.event_mapper import event_of
from application.orders.commands import Answer
from application.orders.diff import changed, differences, fields_of
from application.orders.document_types import DiffDocument, EventDocument, HistoryDocument
from application.orders.loaded_order import refuse_stranger, replay
from application.orders.snapshots import Snapshots
from application.ports.store import Store
from application.runtime.clock import written
from application.runtime.service_clock import ServiceClock
from domain.events import STORED_NAMES, Event
from domain.order import Order
from domain.refusals import NotYetCreated, UnknownOrder, UnknownVersion

OF_EVERY_EVENT = ("order", "version", "at", "actor", "request", "idempotency")
"""Fields that are not an event's own. A key's digest is for verification, not for clients."""

BARCODES = "barcodes"


class Change(msgspec.Struct, frozen=True):
    """An event as the history shows it, and the fields it changed, with both values."""

    event: EventDocument
    fields: dict[str, tuple[Any, Any]]


class OrderHistory:
    """Reads orders from the log alone.

    A `caller` sees the orders it sells and those of its own shows; None is the operator.
    """

    def __init__(
        self, store: Store, clock: ServiceClock, snapshots: Snapshots | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._snapshots = snapshots or Snapshots()

    def order(self, order_id: str, caller: Caller | None = None) -> Answer:
        """The order as it is now. Refuses an unknown one."""
        snapshot = self._snapshots.of(order_id)
        stored = self._store.events(order_id, snapshot)
        order = self._snapshots.replay(stored, snapshot)
        if not stored:
            raise UnknownOrder(order=order_id)
        if caller is not None:
            refuse_stranger(order, order_id, caller)
        return Answer(order, self._clock.of(order.vendor), stored[-1].id)

    def at_version(self, order_id: str, version: int, caller: Caller | None = None) -> Answer:
        """The order after its event number `version`, seen at the time of that event."""
        stored = self.stored(order_id, caller)
        if not 1 <= version <= len(stored):
            raise UnknownVersion(order=order_id, version=version, last=len(stored))
        order = replay(stored[:version])
        return Answer(order, order.changed_at, stored[version - 1].id)

    def at_time(self, order_id: str, at: datetime, caller: Caller | None = None) -> Answer:
        """The order as it was at the moment `at`. Refuses a time before its creation.

        A future time counts as the present.
        """
        stored = self.stored(order_id, caller)
        events = [event_of(each) for each in stored]
        past = [event for event in events if event.at <= at]
        if not past:
            created_at = written(events[0].at)
            raise NotYetCreated(order=order_id, at=written(at), created_at=created_at)
        order = Order.replay(past)
        seen_at = min(at, self._clock.of(order.vendor))
        return Answer(order, seen_at, stored[len(past) - 1].id)

    def history(self, order_id: str, caller: Caller | None = None) -> HistoryDocument:
        """The order's events as the documented history."""
        stored = self.stored(order_id, caller)
        events = [_event(each) for each in stored]
        if not _sees_barcodes(caller):
            for event in events:
                event["data"].pop(BARCODES, None)
        return {"id": order_id, "events": events}

    def changes(self, order_id: str, caller: Caller | None = None) -> list["Change"]:
        """The order's events, each with the fields that it changed."""
        order = Order()
        before: dict[str, Any] = {}
        changes = []
        for stored in self.stored(order_id, caller):
            order.apply(event_of(stored))
            after = fields_of(order)
            fields = {
                name: (before.get(name), after.get(name))
                for name in changed(before, after)
                if _sees_barcodes(caller) or not name.startswith(BARCODES)
            }
            changes.append(Change(_event(stored), fields))
            before = after
        return changes

    def diff(
        self, order_id: str, from_: int, to: int, caller: Caller | None = None
    ) -> DiffDocument:
        """The documented diff between two versions (0: before it was created).

        Refuses a version that the order does not have.
        """
        stored = self.stored(order_id, caller)
        for version in (from_, to):
            if not 0 <= version <= len(stored):
                raise UnknownVersion(order=order_id, version=version, last=len(stored))
        changes = differences(map(event_of, stored), from_, to)
        if not _sees_barcodes(caller):
            changes = [each for each in changes if not each["field"].startswith(BARCODES)]
        return {"id": order_id, "from": from_, "to": to, "changes": changes}

    def stored(self, order_id: str, caller: Caller | None = None) -> Sequence[Notification]:
        """The order's events as they are stored. Refuses an unknown order."""
        stored = self._store.events(order_id)
        if not stored:
            raise UnknownOrder(order=order_id)
        if caller is not None:
            refuse_stranger(replay(stored[:1]), order_id, caller)
        return stored


def _sees_barcodes(caller: Caller | None) -> bool:
    return caller is None or caller.may(BARCODES_READ)


def _event(stored: Notification) -> EventDocument:
    event = event_of(stored)
    return {
        "version": event.originator_version,
        "position": stored.id,
        "at": written(event.at),
        "name": STORED_NAMES[type(event)].partition(".")[0],
        "actor": event.actor,
        "request": event.request,
        "data": _data(event),
    }


def _data(event: Event) -> dict[str, Any]:
    """The fields that are an event's own, as they are stored."""
    fields = msgspec.to_builtins(event)
    for name in OF_EVERY_EVENT:
        fields.pop(name, None)
    return {name: _written(getattr(event, name, None)) or value for name, value in fields.items()}


def _written(value: Any) -> str | None:
    return written(value) if isinstance(value, datetime) else None
