"""Counts events that were committed: by type, by what became of orders, and money by currency."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache

import msgspec
from eventsourcing.persistence import StoredEvent

from application.runtime.traffic_counts import TRAFFIC, TrafficCounts

ORDERS, EVENTS, RECEIVED, REFUNDED = "orders", "events", "received", "refunded"
"""The kinds of counts."""
IN_TEN_THOUSANDTHS = 10_000
"""Money is counted in these parts of a unit: no currency has smaller ones."""
BY_STATE = frozenset({"StatusChanged.1", "PaymentReceived.1", "RefundPaid.1"})
"""The stored names of events of which more is counted than their name says."""
OUTCOMES = {"OrderCreated": "created", "OrderReinstated": "reinstated"}


class _State(msgspec.Struct):
    """What of an event is counted. What it lacks is empty."""

    status: str = ""
    amount: Decimal = Decimal(0)
    currency: str = ""


_state = msgspec.json.Decoder(_State).decode


def count_committed(events: Iterable[StoredEvent], counts: TrafficCounts = TRAFFIC) -> None:
    """Count events that were committed together."""
    names: dict[str, int] = {}
    for each in events:
        names[each.topic] = names.get(each.topic, 0) + 1
        if each.topic in BY_STATE:
            counts.count(*_of_state(each.topic, _state(each.state)))
    for name, times in names.items():
        for kind, label in _of_name(name):
            counts.count(kind, label, times)


@cache
def _of_name(name: str) -> tuple[tuple[str, str], ...]:
    """What is counted of every event with this stored name."""
    event = name.partition(".")[0]
    return ((EVENTS, event), *([(ORDERS, OUTCOMES[event])] if event in OUTCOMES else []))


def _of_state(name: str, state: _State) -> tuple[str, str, int]:
    """What is counted of an event by what it says, and how often."""
    if name == "StatusChanged.1":
        return ORDERS, state.status, 1
    way = RECEIVED if name == "PaymentReceived.1" else REFUNDED
    return way, state.currency, int(state.amount * IN_TEN_THOUSANDTHS)
