"""Which sentences a timeline has about an order's money."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from domain.events import (
    STORED_NAMES,
    DisputeChanged,
    Event,
    MoneyKept,
    OrderReinstated,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    RefundApproved,
    RefundFailed,
    RefundPaid,
    RefundRejected,
    RefundRequested,
    RefundRequired,
    ShortfallWaived,
)
from domain.order import Order
from domain.order_money import attention_of, balance_of
from domain.pricing import NOTHING
from domain.status import LET_GO

PLAIN: Mapping[type[Event], str] = {
    PaymentStarted: "money.started",
    PaymentFailed: "money.failed",
    RefundRequired: "refund.required",
    RefundRejected: "refund.rejected",
    RefundPaid: "refund.paid",
    MoneyKept: "money.kept",
    ShortfallWaived: "money.waived",
}
"""The sentences that need only the fields of the event, the refund, and the system's alias."""

OF_MONEY: tuple[type[Event], ...] = (
    *PLAIN,
    *(PaymentReceived, DisputeChanged, OrderReinstated),
    *(RefundRequested, RefundApproved, RefundFailed),
)

NAMES_OF_MONEY = frozenset(STORED_NAMES[each].partition(".")[0] for each in OF_MONEY)
"""The entries of a timeline that are about money."""


class Sentence(msgspec.Struct, frozen=True):
    """A sentence to render: its key and the values to fill in."""

    key: str
    values: dict[str, Any]


def money_event(order: Order, event: Any) -> Iterator[Sentence]:
    """The sentences for an event about the money of `order`, as it was before."""
    values = _values(order, event)
    if isinstance(event, PaymentReceived):
        late = order.status_at(event.at) in LET_GO
        yield Sentence("money.late" if late else "money.received", values)
    elif isinstance(event, DisputeChanged):
        yield Sentence(f"dispute.{event.state}", values)
    elif isinstance(event, OrderReinstated):
        yield Sentence("reinstated", {"count": len(event.tickets)})
    elif isinstance(event, RefundRequested):
        yield Sentence("refund.requested", {**values, "count": len(event.tickets)})
    elif isinstance(event, RefundApproved):
        yield Sentence("refund.approved", values)
        if event.resold:
            yield Sentence("refund.resold", {"resold": len(event.resold)})
    elif isinstance(event, RefundFailed):
        yield Sentence("refund.failed", values)
    elif isinstance(event, MoneyKept) and event.amount < NOTHING:
        yield Sentence("money.borne", {**values, "amount": -event.amount})
    else:
        yield Sentence(PLAIN[type(event)], values)
    if getattr(event, "note", ""):
        yield Sentence("money.note", {"note": event.note})


def money_now(order: Order) -> Iterator[Sentence]:
    """The sentences for where the order's money is, if some went back or waits."""
    balance = balance_of(order)
    for name in ("refunded", "due_back"):
        if amount := getattr(balance, name):
            yield Sentence(f"now.{name}", {name: amount, "currency": balance.currency})
    if codes := attention_of(order):
        yield Sentence("now.attention", {"codes": codes})


def _values(order: Order, event: Event) -> dict[str, Any]:
    """What sentences are filled with: the event's fields, and those of the refund it is about."""
    values = msgspec.structs.asdict(event)
    refund = order.money.refunds.get(values.get("refund", "")) if order.money else None
    if refund is not None:
        about = {"value": refund.value, "currency": refund.currency, "count": len(refund.tickets)}
        values = {**about, **values}
    system = order.system
    if system is not None and values.get("system") == system.id:
        values["system"] = system.alias
    return values
