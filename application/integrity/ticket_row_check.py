"""Checks the rows of tickets, and of uses of promo codes, against the orders that have them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from application.integrity.chain_check import Checked
from application.integrity.findings import Finding, Kind
from application.runtime.clock import to_ms
from domain.order import Order
from domain.promocodes import is_use
from domain.status import Status

DONE = Status.DONE

Held = tuple[int | None, str]
"""Until when a ticket is held (None: sold), and its set."""


class Owned(msgspec.Struct, frozen=True):
    """The rows of tickets that orders of a range own, by order, at a position of the log.

    `rows` is packed, since it stays in memory until it is checked.
    """

    position: int
    rows: bytes


class TicketRowCheck:
    """Checks the orders of a partition; without `owned` it does nothing."""

    def __init__(self, owned: Owned | None) -> None:
        self._owned = owned
        self._kept: defaultdict[str, dict[str, Held]] = defaultdict(dict)
        for order, ticket, till, its_set in () if owned is None else _rows_in(owned.rows):
            self._kept[order][ticket] = till, its_set

    def pass_over(self, order: str) -> None:
        """Leave out an order whose state does not follow from its events."""
        self._kept.pop(order, None)

    def order(self, order: Order, checked: Checked) -> None:
        """Compare the rows of the order's tickets with its state at their position."""
        if self._owned is None:
            return
        kept = self._kept.pop(checked.order, None) or {}
        count = checked.count(self._owned.position)
        if count < len(checked.events):
            order = Order.replay(checked.events[:count])
        owned = {**order.own_tickets, **order.own_uses} if order.uses else order.own_tickets
        if not owned and not kept:
            return
        till = None if order.status is DONE else to_ms(order.reserved_till)
        should = {ticket: (till, its_set) for ticket, its_set in owned.items()}
        if kept != should:
            _, version, _, _, place, _ = checked.rows[max(count, 1) - 1]
            checked.findings += [
                Finding(_kind(ticket), says, checked.order, version, place, ticket)
                for ticket, says in _wrong_tickets(kept, should)
            ]

    def left_over(self) -> Iterator[Finding]:
        """Findings for rows that name an order that is not in the log."""
        for order, tickets in self._kept.items():
            for ticket in tickets:
                says = f"The row of {_named(ticket)} names an order that is not in the log."
                yield Finding(_kind(ticket), says, order, ticket=ticket)


_rows_in = msgspec.msgpack.Decoder().decode


def _kind(ticket: str) -> Kind:
    return Kind.PROMOCODE if is_use(ticket) else Kind.TICKET


def _named(ticket: str) -> str:
    return f"the use {ticket}" if is_use(ticket) else f"the ticket {ticket}"


def _wrong_tickets(
    kept: Mapping[str, Held], should: Mapping[str, Held]
) -> Iterator[tuple[str, str]]:
    """Findings for tickets whose rows do not follow from the order's events."""
    for ticket, (till, its_set) in should.items():
        if ticket not in kept:
            says = f"{_named(ticket)} is this order's, but its row does not say so."
            yield ticket, says[:1].upper() + says[1:]
        elif kept[ticket][1] != its_set:
            yield ticket, f"The row of {_named(ticket)} is not in the set {its_set}."
        elif kept[ticket][0] != till:
            yield ticket, f"The row of {_named(ticket)} does not say until when it is held."
    for ticket in kept:
        if ticket not in should:
            yield ticket, f"The row of {_named(ticket)} names this order, whose it is not."
