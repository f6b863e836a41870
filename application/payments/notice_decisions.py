"""What an order decides on each type of notice."""

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType

from application.payments.decisions import Decision
from application.payments.late_money import Again, tickets_again, uses_again
from application.payments.notice import Notice, NoticeType
from domain.gateway import DisputeState, PaymentNotice
from domain.order import Order
from domain.order_money import (
    note_dispute,
    note_failed,
    note_received,
    note_refund_failed,
    note_refund_paid,
    note_started,
)
from domain.order_refunds import next_refund_id
from domain.payment import token_of_address
from domain.status import LET_GO

DISPUTES = MappingProxyType(
    {
        NoticeType.DISPUTE_OPENED: DisputeState.OPENED,
        NoticeType.DISPUTE_WON: DisputeState.WON,
        NoticeType.DISPUTE_LOST: DisputeState.LOST,
    }
)
PLAIN: Mapping[NoticeType, Callable[..., None]] = MappingProxyType(
    {
        NoticeType.STARTED: note_started,
        NoticeType.FAILED: note_failed,
        NoticeType.REFUND_SUCCEEDED: note_refund_paid,
        NoticeType.REFUND_FAILED: note_refund_failed,
    }
)


class UnknownBuyer(Exception):
    """No order was ever sent to this payment system with the token of a notice."""


def decide_notice(order: Order, decision: Decision, notice: Notice, again: Again) -> None:
    """Have the order decide. Raises `UnknownBuyer`, `TicketsNeeded`, `TicketsShort`."""
    _refuse_other_buyer(order, notice)
    kind = notice.type
    if kind in DISPUTES:
        note_dispute(order, notice.about, DISPUTES[kind], decision.metadata)
    elif kind in PLAIN:
        PLAIN[kind](order, notice.about, decision.metadata)
    else:
        _note_received(order, decision, notice.about, again)


def _refuse_other_buyer(order: Order, notice: Notice) -> None:
    """Refuse a token that is not of this order, or that another payment system was given."""
    token = token_of_address(order.redirect_url)
    if token != notice.customer or order.engaged != notice.about.system:
        raise UnknownBuyer


def _note_received(order: Order, decision: Decision, about: PaymentNotice, again: Again) -> None:
    known = order.money.sold_in if order.money else ""
    metadata = decision.metadata
    late = order.status_at(metadata.at) in LET_GO
    tickets = tickets_again(order, decision, again) if late else None
    note_received(
        order,
        about,
        metadata,
        secrets.token_hex(20),
        due_in=known or again.catalog.currency(order.show),
        late=again.late,
        refund=next_refund_id(order),
        tickets=tickets,
        uses=uses_again(order, decision) if tickets else order.uses,
    )
