"""What the feed has to know of an order to show one of its events: partners, show and status.

Only an order's first event names them. So the orders of a page whose first event is not in it are
loaded, all at once, unless they were seen a short while ago. Events are decoded thinly: one of a
later version does not stop the feed, but is shown by its name.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from eventsourcing.persistence import Notification, StoredEvent

from application.feed.thin_event import FeedEvent, name_of, type_of
from application.ports.store import Store
from application.runtime import tracing
from application.runtime.clock import EPOCH
from domain.status import Status

MOST_KEPT = 20_000
"""How many orders a process remembers; this takes some ten megabytes."""


class _Thin(msgspec.Struct, frozen=True):
    """What is read of an event."""

    at: datetime


class _Created(_Thin, frozen=True):
    number: int = 0
    show: str = ""
    org: str = ""
    vendor: str = ""


class _Moved(_Thin, frozen=True):
    status: str = ""


class _Requested(msgspec.Struct):
    request: str = ""


_REQUEST = msgspec.json.Decoder(_Requested)
_THIN = msgspec.json.Decoder(_Thin)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "OrderCreated": msgspec.json.Decoder(_Created),
    "StatusChanged": msgspec.json.Decoder(_Moved),
}
_MOVES = {"OrderCreated": Status.EXECUTED.value, "OrderReinstated": Status.IN_PROGRESS.value}
"""The status that an order has from such an event on."""


class OrderContext(msgspec.Struct, frozen=True, kw_only=True):
    """An order as far as its event `version`: what never changes, and the latest moves.

    `moves` has the versions that changed the status, and the statuses from there on.
    """

    number: int = 0
    show: str = ""
    org: str = ""
    vendor: str = ""
    version: int = 0
    at: datetime = EPOCH
    moves: tuple[tuple[int, str], ...] = ()

    def status_at(self, version: int) -> str:
        """The status with the event of this version; empty if nothing is known of it."""
        return next((status for since, status in reversed(self.moves) if since <= version), "")

    def after(self, stored: StoredEvent) -> "OrderContext":
        """The same with the order's next event."""
        name = name_of(stored.topic)
        event = _thin(name, stored.state)
        at = self.at if event is None else event.at
        status = event.status if isinstance(event, _Moved) else _MOVES.get(name)
        moved = ((stored.originator_version, status),) if status else ()
        if isinstance(event, _Created):
            return OrderContext(
                number=event.number,
                show=event.show,
                org=event.org,
                vendor=event.vendor,
                version=stored.originator_version,
                at=at,
                moves=moved,
            )
        return msgspec.structs.replace(
            self, version=stored.originator_version, at=at, moves=self.moves + moved
        )


def _thin(name: str, state: bytes) -> _Thin | None:
    """An event as far as the feed needs it; None if this version cannot read it."""
    decoder = _DECODERS.get(name, _THIN)
    try:
        thin: _Thin = decoder.decode(state)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return thin


class OrderContexts:
    """The contexts of the orders that were seen last. Any thread may use it."""

    def __init__(self, store: Store, most: int = MOST_KEPT) -> None:
        self._store = store
        self._most = most
        self._mutex = threading.Lock()
        self._kept: OrderedDict[str, OrderContext] = OrderedDict()

    def forget(self) -> None:
        """Forget all orders: the log has another history than before."""
        with self._mutex:
            self._kept.clear()

    def feed_events(self, stored: Sequence[Notification]) -> list[FeedEvent]:
        """Events that follow each other in the log, as the feed shows them."""
        contexts = self._before(stored)
        found = []
        for each in stored:
            order = str(each.originator_id)
            context = contexts.get(order) or OrderContext()
            if context.version < each.originator_version:
                context = contexts[order] = context.after(each)
                at: datetime = context.at
            else:
                thin = _thin(name_of(each.topic), each.state)
                at = context.at if thin is None else thin.at
            event = _feed_event(each, context, at)
            found.append(_with_request(event, each.state) if tracing.is_on() else event)
        self._keep(contexts)
        return found

    def _before(self, stored: Sequence[Notification]) -> dict[str, OrderContext]:
        """By order, its context before the first of these events, or a later one."""
        first: dict[str, int] = {}
        for each in stored:
            first.setdefault(str(each.originator_id), each.originator_version)
        with self._mutex:
            found = {each: self._kept[each] for each in first if each in self._kept}
        unknown = {
            order: version
            for order, version in first.items()
            if version > 1 and (order not in found or found[order].version < version - 1)
        }
        return {**found, **self._load(unknown)} if unknown else found

    def _load(self, versions: Mapping[str, int]) -> dict[str, OrderContext]:
        loaded = self._store.events_before(versions)
        return {order: _folded(events) for order, events in loaded.items()}

    def _keep(self, contexts: Mapping[str, OrderContext]) -> None:
        with self._mutex:
            for order, context in contexts.items():
                kept = self._kept.get(order)
                if kept is None or kept.version < context.version:
                    self._kept[order] = context
                self._kept.move_to_end(order)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _with_request(event: FeedEvent, state: bytes) -> FeedEvent:
    """An event with the id of the request that caused it, which may name a trace."""
    try:
        request = _REQUEST.decode(state).request
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return event
    return msgspec.structs.replace(event, request=request)


def _folded(events: Iterable[StoredEvent]) -> OrderContext:
    context = OrderContext()
    for each in events:
        context = context.after(each)
    return context


def _feed_event(stored: Notification, context: OrderContext, at: datetime) -> FeedEvent:
    return FeedEvent(
        position=stored.id,
        order=str(stored.originator_id),
        number=context.number,
        version=stored.originator_version,
        show=context.show,
        status=context.status_at(stored.originator_version),
        type=type_of(stored.topic),
        at=at,
        org=context.org,
        vendor=context.vendor,
    )
