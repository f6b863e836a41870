"""Reads in one step the bodies that an on-sale is made of.

The schemas (`schemas.py`) are the contract. What is read here is only what they would read as the
same wish; every other body, and above all every faulty one, is left to them. One that names
something twice is told by its quotation marks: there are more than what was read accounts for.
"""

import re
from typing import Annotated

import msgspec

from application.order_service import OrderWish, PaymentWish
from domain.status import Status
from domain.wishes import AtRandom

MOST_TICKETS = 1000

Count = Annotated[int, msgspec.Meta(ge=1, le=MOST_TICKETS)]
ID = re.compile(r"[0-9a-f]{24}\Z").match
ALIAS = re.compile(r"[!-~]{1,100}\Z").match


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    event: str
    random: dict[str, Count]


class _Payment(msgspec.Struct, forbid_unknown_fields=True):
    system: str


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    payment: _Payment | msgspec.UnsetType = msgspec.UNSET
    status: Status | msgspec.UnsetType = msgspec.UNSET


_order = msgspec.json.Decoder(_Order).decode
_change = msgspec.json.Decoder(_Change).decode


def quick_order(body: bytes) -> tuple[str, OrderWish] | None:
    """The event and the wish of a body that asks for tickets at random; None for any other."""
    try:
        order = _order(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not ID(order.event) or not all(map(ID, order.random)):
        return None
    if sum(order.random.values()) > MOST_TICKETS or body.count(b'"') != 6 + 2 * len(order.random):
        return None
    return order.event, OrderWish(tickets=AtRandom(order.random))


def quick_change(body: bytes) -> OrderWish | None:
    """The wish of a body that chooses a payment system or a status; None for any other."""
    try:
        change = _change(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    payment = None
    if change.payment is not msgspec.UNSET:
        if not ALIAS(change.payment.system):
            return None
        payment = PaymentWish(change.payment.system)
    status = None if change.status is msgspec.UNSET else change.status
    if body.count(b'"') != 6 * (payment is not None) + 4 * (status is not None):
        return None
    return OrderWish(payment=payment, status=status)
