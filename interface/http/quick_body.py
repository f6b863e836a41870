"""Decodes the most usual bodies in one step: the first try of `body.load_body`.

The schemas (`schemas.py`) are the contract. A body is decoded here only if they load it as the same
command; every other body, above all every faulty one, is left to them. A duplicate name shows in
the number of quotation marks: there are more of them than the decoded values account for.
"""

import re
from typing import Annotated

import msgspec

from application.orders.commands import ChangeOrder, ChoosePayment
from domain.commands import BestAvailable, TicketsById
from domain.status import Status

MOST_TICKETS = 1000

Count = Annotated[int, msgspec.Meta(ge=1, le=MOST_TICKETS)]
ID = re.compile(r"[0-9a-f]{24}\Z").match
ALIAS = re.compile(r"[!-~]{1,100}\Z").match


class _Order(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    event: str
    random: dict[str, Count] | msgspec.UnsetType = msgspec.UNSET
    tickets: list[str] | msgspec.UnsetType = msgspec.UNSET


class _Payment(msgspec.Struct, forbid_unknown_fields=True):
    system: str


class _Change(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    payment: _Payment | msgspec.UnsetType = msgspec.UNSET
    status: Status | msgspec.UnsetType = msgspec.UNSET


_order = msgspec.json.Decoder(_Order).decode
_change = msgspec.json.Decoder(_Change).decode


def quick_order(body: bytes) -> tuple[str, ChangeOrder] | None:
    """The event and the command of a body that has nothing but tickets; None for any other."""
    try:
        order = _order(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    wanted = order.random or order.tickets
    if not wanted or not ID(order.event) or not all(map(ID, wanted)):
        return None
    if body.count(b'"') != 6 + 2 * len(wanted):
        return None
    tickets = _best_available(wanted) if isinstance(wanted, dict) else _seats(wanted)
    return None if tickets is None else (order.event, ChangeOrder(tickets=tickets))


def _best_available(wanted: dict[str, int]) -> BestAvailable | None:
    return None if sum(wanted.values()) > MOST_TICKETS else BestAvailable(wanted)


def _seats(wanted: list[str]) -> TicketsById | None:
    each = tuple(dict.fromkeys(wanted))
    return TicketsById(each) if len(each) == len(wanted) <= MOST_TICKETS else None


def quick_change(body: bytes) -> ChangeOrder | None:
    """The command of a body that sets a payment system or a status; None for any other."""
    try:
        change = _change(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    payment = None
    if change.payment is not msgspec.UNSET:
        if not ALIAS(change.payment.system):
            return None
        payment = ChoosePayment(change.payment.system)
    status = None if change.status is msgspec.UNSET else change.status
    if body.count(b'"') != 6 * (payment is not None) + 4 * (status is not None):
        return None
    return ChangeOrder(payment=payment, status=status)
