"""How an order decides about refunds of its tickets."""

from collections.abc import Iterable
from decimal import Decimal

from domain import refusals
from domain.commands import CommandMetadata
from domain.events import RefundApproved, RefundPaid, RefundRejected, RefundRequested
from domain.order import Order
from domain.order_money import balance_of
from domain.pricing import NOTHING, worth
from domain.refunds import (
    MOST_REFUNDS,
    OWED,
    TAKEN,
    Culprit,
    Refund,
    RefundStatus,
    part_paid_back,
    refund_id,
    rounded,
)
from domain.shows import Show
from domain.status import Status


def request_refund(
    order: Order,
    refund: str,
    tickets: Iterable[str],
    metadata: CommandMetadata,
    *,
    show: Show,
    culprit: Culprit,
    stay: bool = False,
) -> None:
    """Ask for a refund of tickets of a done order; with `stay`, of all others.

    The amount follows the show's policy at this moment, and never exceeds what is left of the
    order's money (less is left after a lost dispute, or if less than the price was accepted).
    Refuses tickets that the order does not have or that are in another refund, and a buyer's
    request once the show has begun.
    """
    named = list(dict.fromkeys(tickets))
    going = _going(order, named, metadata, stay=stay)
    if culprit is Culprit.USER and metadata.at >= show.starts_at:
        raise refusals.ShowHasBegun(at=show.starts_at)
    part = part_paid_back(show.refunds.policy, culprit, metadata.at, show.starts_at)
    full = [order.price(order.tickets[ticket]) for ticket in going]
    value = sum((rounded(worth([each]).full * part) for each in full), NOTHING)
    order.record(
        RefundRequested,
        metadata,
        refund=refund,
        culprit=culprit,
        tickets=tuple(going),
        stay=tuple(named) if stay else (),
        value=min(value, _left_to_give_back(order)),
        currency=(order.money and order.money.sold_in) or show.currency,
    )


def _going(order: Order, named: list[str], metadata: CommandMetadata, *, stay: bool) -> list[str]:
    """The tickets to refund. Refuses those that cannot be refunded."""
    if order.status is not Status.DONE:
        raise refusals.NotRefundable(status=order.status_at(metadata.at))
    for ticket in named:
        if ticket not in order.tickets:
            raise refusals.TicketNotOfOrder(ticket=ticket)
    going = [each for each in order.tickets if each not in named] if stay else named
    if not going:
        raise refusals.NothingToRefund
    if len(refunds_of(order)) >= MOST_REFUNDS:
        raise refusals.TooManyRefunds(most=MOST_REFUNDS)
    taken = {each for known in refunds_of(order) if known.status in TAKEN for each in known.tickets}
    for ticket in going:
        if ticket in taken:
            raise refusals.TicketInRefund(ticket=ticket)
    return going


def approve_refund(order: Order, refund: str, show: Show | None, metadata: CommandMetadata) -> None:
    """Approve a refund: its tickets become invalid, and go on sale again if the show says so.

    Refuses if less money is left by now than the refund needs.
    """
    known = refund_of(order, refund)
    if known.status is RefundStatus.APPROVED:
        return
    _refuse_decided(known)
    left = balance_of(order).earned
    if known.value > left:
        raise refusals.RefundExceedsMoney(value=known.value, left=left)
    resell = show is not None and show.refunds.resell and metadata.at < show.starts_at
    resold = tuple(known.tickets) if resell else ()
    order.record(RefundApproved, metadata, refund=refund, resold=resold)


def reject_refund(order: Order, refund: str, metadata: CommandMetadata) -> None:
    """Reject a refund: its tickets stay valid."""
    known = refund_of(order, refund)
    if known.status is RefundStatus.REJECTED:
        return
    _refuse_decided(known)
    order.record(RefundRejected, metadata, refund=refund)


def pay_refund(order: Order, refund: str, metadata: CommandMetadata, note: str = "") -> None:
    """Record that the money of an approved refund went back, as the vendor or operator says."""
    known = refund_of(order, refund)
    if known.status is RefundStatus.PAID:
        return
    if known.status not in OWED:
        raise refusals.RefundNotApproved(status=known.status)
    order.record(
        RefundPaid,
        metadata,
        refund=refund,
        amount=known.value,
        currency=known.currency,
        note=note,
    )


def next_refund_id(order: Order) -> str:
    """The id of the order's next refund."""
    return refund_id(order.id, len(refunds_of(order)) + 1)


def refunds_of(order: Order) -> list[Refund]:
    """All refunds of the order, oldest first."""
    return list(order.money.refunds.values()) if order.money else []


def refund_of(order: Order, refund: str) -> Refund:
    """A refund of the order. Raises `UnknownRefund`."""
    known = order.money.refunds.get(refund) if order.money else None
    if known is None:
        raise refusals.UnknownRefund(refund=refund)
    return known


def _left_to_give_back(order: Order) -> Decimal:
    asked = [each.value for each in refunds_of(order) if each.status is RefundStatus.NEW]
    return max(NOTHING, balance_of(order).earned - sum(asked, NOTHING))


def _refuse_decided(known: Refund) -> None:
    if known.status is not RefundStatus.NEW:
        raise refusals.RefundDecided(status=known.status)
