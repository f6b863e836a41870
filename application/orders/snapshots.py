"""Snapshots of long orders, in memory: reading and changing an order costs the same at any length.

A snapshot is only a hint. Whoever reads an order hands it to the store, which compares its hash
with the log in the same statement that reads the events, and reads all of them if it is not there.
So it does not matter which process has changed the order, whether a commit was rolled back, or
whether a backup was put in the log's place.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from eventsourcing.persistence import StoredEvent

from application.event_log.event_mapper import event_of
from application.event_log.hash_chain import links
from application.ports.snapshot import Snapshot
from application.ports.store import Store
from domain.order import Order

LONG = 10
"""From this version on an order has a snapshot: a usual one is paid before, and needs none."""
MOST_TICKETS = 50_000
"""How many tickets and barcodes the snapshots may have together: some ten megabytes."""
LIKE_TICKETS = 10
"""An order without tickets counts as so many."""


class Snapshots:
    """The snapshots of the orders that were read last."""

    def __init__(self, most_tickets: int = MOST_TICKETS) -> None:
        self._most = most_tickets
        self._mutex = threading.Lock()
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()
        self._size = 0

    def of(self, order: str) -> Snapshot | None:
        """The snapshot of an order, if there is one."""
        if order not in self._kept:
            return None
        with self._mutex:
            if order in self._kept:
                self._kept.move_to_end(order)
            return self._kept.get(order)

    def replay(self, stored: Sequence[StoredEvent], snapshot: Snapshot | None = None) -> Order:
        """The order that these events make, continuing a snapshot that they were asked for with.

        It is the caller's own. Without events it is empty.
        """
        order, rest = _begun(stored, snapshot)
        for event in map(event_of, rest):
            order.apply(event)
        if rest and order.version >= LONG:
            heads = {} if rest is stored or snapshot is None else {order.id: snapshot.hash}
            self._keep(Snapshot(order.copy(), links(rest, heads)[-1]))
        return order

    def at_version(self, store: Store, order: str, version: int) -> tuple[Order, int]:
        """An order after the event of a version that it has, and the position of that event."""
        snapshot = self.of(order)
        if snapshot is not None and snapshot.version > version:
            snapshot = None
        stored = [
            each for each in store.events(order, snapshot) if each.originator_version <= version
        ]
        found, rest = _begun(stored, snapshot)
        for event in map(event_of, rest):
            found.apply(event)
        return found, stored[-1].id

    def _keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of an earlier one, and let go of those that were not used."""
        size = _size_of(snapshot)
        if size > self._most:
            return
        with self._mutex:
            earlier = self._kept.pop(snapshot.order.id, None)
            if earlier is not None:
                self._size -= _size_of(earlier)
            self._kept[snapshot.order.id] = snapshot
            self._size += size
            while self._size > self._most:
                self._size -= _size_of(self._kept.popitem(last=False)[1])


def _begun(
    stored: Sequence[StoredEvent], snapshot: Snapshot | None
) -> tuple[Order, Sequence[StoredEvent]]:
    """The order to replay events on, and those that it does not have yet.

    The store has either begun with the snapshot's own event, or with the first.
    """
    if snapshot is None or not stored or stored[0].originator_version != snapshot.version:
        return Order(), stored
    return snapshot.order.copy(), stored[1:]


def _size_of(snapshot: Snapshot) -> int:
    return LIKE_TICKETS + len(snapshot.order.tickets) + len(snapshot.order.barcodes)
