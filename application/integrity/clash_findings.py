"""Findings about what two orders have at once: a ticket, or a use of a promo code."""

from application.event_log.event_mapper import event_of
from application.integrity.findings import Finding, Kind
from application.integrity.holdings import Clash
from application.ports.store import Store


def used_twice(store: Store, clash: Clash) -> Finding:
    """What is found where two orders have the same use of a promo code."""
    earlier, later = (order_at(store, each) for each in (clash.earlier, clash.later))
    says = (
        f"The use {clash.ticket} of a promo code came to order {later[0]} at position"
        f" {clash.later}, while order {earlier[0]} had it since position {clash.earlier}."
    )
    return Finding(Kind.PROMOCODE, says, later[0], later[1], clash.later, clash.ticket)


def oversold(store: Store, clash: Clash) -> Finding:
    """What is found where two orders have the same ticket."""
    earlier, later = (order_at(store, each) for each in (clash.earlier, clash.later))
    says = (
        f"The ticket {clash.ticket} came to order {later[0]} at position {clash.later}, while order"
        f" {earlier[0]} had it since position {clash.earlier}."
    )
    return Finding(Kind.OVERSOLD, says, later[0], later[1], clash.later, clash.ticket)


def order_at(store: Store, position: int) -> tuple[str, int]:
    """The order and the version of the event at a position."""
    event = event_of(store.log(position - 1, 1)[0])
    return event.originator_id, event.originator_version
