"""Who held which ticket, told by the log alone: the proof that no ticket was sold twice.

A ticket is an order's from the fact that takes it until the fact that lets it go. Facts are read
by position: for one ticket, positions are in the order in which its holders followed each other.
"""

from collections.abc import Iterable, Iterator

import msgspec
from eventsourcing.persistence import Notification

from application.fact_mapper import fact_of
from application.projections.tickets import owned
from application.store import Store
from domain.order import Order

BATCH = 5000


class Oversold(msgspec.Struct, frozen=True):
    """A ticket that an order took at `position` while another one had it."""

    ticket: str
    holder: str
    taker: str
    position: int


class Holders:
    """Replays a log and notes every ticket that was taken from under its holder."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.holder: dict[str, str] = {}
        self.oversold: list[Oversold] = []

    def apply(self, stored: Notification) -> None:
        """Go on by one fact."""
        fact = fact_of(stored)
        order = self.orders.setdefault(fact.originator_id, Order())
        before = owned(order)
        order.apply(fact)
        after = owned(order)
        if before == after:
            return
        for ticket in before:
            if self.holder.get(ticket) == order.id:
                del self.holder[ticket]
        for ticket in after:
            holder = self.holder.setdefault(ticket, order.id)
            if holder != order.id:
                self.oversold.append(Oversold(ticket, holder, order.id, stored.id))


def whole_log(store: Store) -> Iterator[Notification]:
    """All facts by position."""
    position = 0
    while stored := store.log(position, BATCH):
        yield from stored
        position = stored[-1].id


def replay_holders(log: Iterable[Notification]) -> Holders:
    """The holders of tickets at the end of a log, and what was oversold on the way."""
    holders = Holders()
    for stored in log:
        holders.apply(stored)
    return holders
