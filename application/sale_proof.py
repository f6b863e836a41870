"""Holds a log against what buyers were told: nothing oversold, nothing lost, no ticket stranded."""

from collections.abc import Iterable, Mapping

import msgspec

from application.fact_mapper import fact_of
from application.projections.tickets import owned
from application.store import Store
from application.ticket_holders import Holders, replay_holders, whole_log
from domain.order import Order
from domain.status import Status


class Promise(msgspec.Struct, frozen=True):
    """What an answer said of an order: at `version` (None: not told) it was so."""

    order: str
    status: Status
    tickets: tuple[str, ...] | None = None
    version: int | None = None


class Proof(msgspec.Struct, frozen=True):
    """What was found wrong, in words. `facts`, `orders` and `promises` were looked at."""

    oversold: list[str]
    lost: list[str]
    stranded: list[str]
    facts: int
    orders: int
    promises: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.oversold or self.lost or self.stranded)


def prove(store: Store, promises: Iterable[Promise]) -> Proof:
    """Read the whole log and hold it against `promises` and against the rows of tickets."""
    log = list(whole_log(store))
    holders = replay_holders(log)
    given = list(promises)
    return Proof(
        oversold=[
            f"ticket {each.ticket} was taken by {each.taker} at position {each.position}"
            f" while {each.holder} had it"
            for each in holders.oversold
        ],
        lost=[what for promise in given for what in _broken(store, promise)],
        stranded=list(_stranded(store, holders)),
        facts=len(log),
        orders=len(holders.orders),
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


def _stranded(store: Store, holders: Holders) -> Iterable[str]:
    """Tickets whose row does not say what the facts say."""
    shows = {order.show for order in holders.orders.values()}
    rows: Mapping[str, str | None] = {
        ticket.id: ticket.order for show in shows for ticket in store.tickets(show)
    }
    for ticket, holder in rows.items():
        if holder is not None and ticket not in owned(holders.orders.get(holder, Order())):
            yield f"ticket {ticket} is kept for {holder}, which does not have it"
    for ticket, holder in holders.holder.items():
        if rows.get(ticket) != holder:
            yield f"ticket {ticket} is {holder}'s, but is kept for {rows.get(ticket)}"
