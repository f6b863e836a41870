"""Checks the money of orders, to the cent: what came is earned, due back, paid back, kept or waits.

It is counted a second time here, from the events alone, and compared with what the order says.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import astuple

from domain.events import (
    DisputeChanged,
    Event,
    MoneyKept,
    OrderCreated,
    PaymentFailed,
    PaymentReceived,
    PaymentStarted,
    PaymentSystemSet,
    PromocodesApplied,
    RefundApproved,
    RefundPaid,
    RefundRequested,
    RefundRequired,
    ShortfallWaived,
)
from domain.gateway import DisputeState, payment_key
from domain.money import AMOUNTS, Balance
from domain.order import Order
from domain.order_money import attention_of, balances_of
from domain.payment import ConfirmedBy
from domain.pricing import NOTHING, Price
from domain.promocodes import Discount, discount_on
from domain.status import Status
from domain.ticket_moves import follow


class MoneyTotals(msgspec.Struct, kw_only=True):
    """The sums of many orders' balances, by currency: a number for each of `AMOUNTS`."""

    sums: dict[str, list[Decimal]] = msgspec.field(default_factory=dict)

    def add(self, balance: Balance) -> None:
        """Add the balance of an order."""
        currency, *amounts = astuple(balance)
        self._add(currency, amounts)

    def extend(self, others: "MoneyTotals") -> None:
        """Add the sums of other orders."""
        for currency, amounts in others.sums.items():
            self._add(currency, amounts)

    def _add(self, currency: str, amounts: Sequence[Decimal]) -> None:
        sums = self.sums.setdefault(currency, [])
        if not sums:
            sums += [NOTHING] * len(AMOUNTS)
        for place, amount in enumerate(amounts):
            if amount:
                sums[place] += amount

    def balances(self) -> list[Balance]:
        """The sums as balances, sorted by currency."""
        return [
            Balance(currency=currency, **dict(zip(AMOUNTS, amounts, strict=True)))
            for currency, amounts in sorted(self.sums.items())
        ]


def note_money(order: Order, events: Sequence[Event], totals: MoneyTotals) -> Iterator[str]:
    """Add the order's money to the totals; yield, in sentences, what does not add up."""
    if order.money is None and order.status is not Status.DONE:
        return
    balances = balances_of(order)
    for balance in balances:
        totals.add(balance)
    if order.money is None:
        return
    counted = _Count.of(events)
    for balance in balances:
        for name, amount in counted.of_currency(balance.currency).items():
            said = getattr(balance, name)
            if said != amount:
                yield (
                    f"The money does not add up: {name} is {said} {balance.currency}, and the"
                    f" events make it {amount}."
                )
    if any(each.attention for each in balances) and not attention_of(order):
        yield "Money of the order waits for a person, and nothing says so."


class _Count:
    """The money of one order, counted event by event. It is a fold over its tickets as well."""

    def __init__(self) -> None:
        self.currency = self.supposed = ""
        self.received: dict[str, tuple[str, Decimal]] = {}
        self.lost: dict[str, Decimal] = {}
        self.refunded: defaultdict[str, Decimal] = defaultdict(lambda: NOTHING)
        self.kept: defaultdict[str, Decimal] = defaultdict(lambda: NOTHING)
        self.values: dict[str, tuple[str, Decimal]] = {}
        self.due: dict[str, tuple[str, Decimal]] = {}
        self.given = self.less = NOTHING
        self.by_vendor = True
        self._prices: Mapping[str, Price] = {}
        self._discounts: Mapping[str, Discount] = {}
        self._held: dict[str, str] = {}

    @classmethod
    def of(cls, events: Iterable[Event]) -> "_Count":
        """The count of these events."""
        count = cls()
        for event in events:
            count.note(event)
            follow(count, [event])
        return count

    def of_currency(self, currency: str) -> dict[str, Decimal]:
        """What the events make of each amount of a balance, but for what waits."""
        own = currency == (self.currency or self.supposed)
        lost = sum(
            (amount for key, amount in self.lost.items() if self._came_in(key, currency)), NOTHING
        )
        received = sum((paid for said, paid in self.received.values() if said == currency), NOTHING)
        return {
            "received": received + (self.given if own and self.by_vendor else NOTHING),
            "earned": max(NOTHING, self.given - self.less - lost) if own else NOTHING,
            "due_back": sum((due for said, due in self.due.values() if said == currency), NOTHING),
            "refunded": self.refunded[currency],
            "charged_back": lost,
            "kept": self.kept[currency],
        }

    def _came_in(self, key: str, currency: str) -> bool:
        return key in self.received and self.received[key][0] == currency

    def note(self, event: Event) -> None:
        """Count an event of money."""
        if isinstance(event, PaymentStarted | PaymentFailed | DisputeChanged | RefundPaid):
            self.supposed = self.supposed or event.currency
        match event:
            case OrderCreated():
                self._prices = event.prices
            case PromocodesApplied():
                self._discounts = event.discounts
            case PaymentSystemSet():
                self.by_vendor = event.system.confirmed_by is not ConfirmedBy.GATEWAY
            case PaymentReceived():
                self.currency = event.due_in
                key = payment_key(event.system, event.payment)
                self.received[key] = event.currency, event.amount
            case DisputeChanged():
                self.lost.pop(payment_key(event.system, event.payment), None)
                if event.state is DisputeState.LOST:
                    self.lost[payment_key(event.system, event.payment)] = event.amount
            case MoneyKept():
                self.kept[event.currency] += event.amount
            case ShortfallWaived():
                self.less += event.amount
            case _:
                self._note_refund(event)

    def _note_refund(self, event: Event) -> None:
        match event:
            case RefundRequested():
                self.currency = event.currency
                self.values[event.refund] = event.currency, event.value
            case RefundRequired():
                self.due[event.refund] = event.currency, event.value
            case RefundApproved():
                self.due[event.refund] = self.values[event.refund]
                self.less += self.values[event.refund][1]
            case RefundPaid():
                self.due.pop(event.refund, None)
                self.refunded[event.currency] += event.amount

    def take(self, tickets: Mapping[str, str], _: Event) -> None:
        """Tickets that may be given for money."""
        self._held.update(tickets)

    def free(self, tickets: Iterable[str], _: Event) -> None:
        """Tickets that are not given."""
        for ticket in tickets:
            self._held.pop(ticket, None)

    def free_all(self, _: Event) -> None:
        """No ticket is given."""
        self._held = {}

    def sell_all(self, _: Event) -> None:
        """The tickets were given, at the order's prices."""
        sets = list(self._held.values())
        prices = [self._prices[ticket_set] for ticket_set in sets]
        self.given = sum((each.nominal + each.extra for each in prices), NOTHING)
        self.given -= discount_on(sets, self._discounts)

    def give_back(self, tickets: Iterable[str], _: Event) -> None:
        """What is paid back for them is in the events of their refund."""
