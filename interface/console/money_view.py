"""The view of an order's money: what came, what was done, and what its visitor may decide."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
from flask import g, request

from application.bootstrap import Services
from application.catalog.access import Caller
from application.catalog.scopes import PAYMENTS_WRITE
from application.orders.commands import Answer
from application.orders.document_types import StoryEntryDocument
from application.orders.timeline.money import NAMES_OF_MONEY
from application.payments.document_types import OrderRefundDocument, PaymentsDocument
from application.payments.unknown_buyers import NoSuchNotice
from domain.order import Order
from domain.refunds import OWED
from domain.refusals import (
    CannotAccept,
    ChangedMeanwhile,
    NothingToResolve,
    RefundNotApproved,
    Refusal,
    RequestReused,
    UnknownOrder,
    VersionMismatch,
)
from domain.status import Status
from interface.console.page_session import teller
from interface.http.input_fields import OBJECT_ID

AMOUNTS = ("earned", "due_back", "refunded", "charged_back", "kept", "waiting")
"""The parts that `received` is the sum of, in the order in which pages show them."""


TOO_LATE: tuple[type[Refusal], ...] = (
    *(CannotAccept, ChangedMeanwhile, NothingToResolve),
    *(RefundNotApproved, RequestReused, VersionMismatch),
)
"""The refusals that a page explains: the order is not what was looked at any more."""

FAILED = frozenset({"note", *(each.code for each in TOO_LATE)})
"""Why nothing came of a press."""

DECIDED = frozenset({"MoneyKept", "RefundRequired", "ShortfallWaived", "RefundPaid"})
"""The events that a press makes."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Money that waits, or `lacks`: more went away than came; and what may be decided about it."""

    amount: str
    currency: str
    resolutions: list[str]
    lacks: bool = False


class OrderMoney(msgspec.Struct, frozen=True, kw_only=True):
    """The money of an order. `choices` and `to_pay` are empty where the visitor may not decide.

    `key` makes each form of a page one request, however often it is sent.
    """

    order: Order
    status: Status
    document: PaymentsDocument
    entries: list[StoryEntryDocument]
    choices: list[Choice]
    to_pay: list[OrderRefundDocument]
    key: str

    @property
    def known(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.document["payments"] or self.document["refunds"]) or any(
            float(each["received"]) for each in self.balances
        )

    @property
    def balances(self) -> Sequence[PaymentsDocument]:
        """The amounts by currency, the order's own first."""
        return [self.document, *self.document["balances"]]  # type: ignore[list-item]


def order_money(services: Services, answer: Answer, caller: Caller) -> OrderMoney:
    """The money of an order as it was seen, without its timeline."""
    order = answer.order
    status = order.status_at(answer.at)
    document = services.payments.document(order)
    writes = caller.may(PAYMENTS_WRITE)
    decides = writes and caller.partner in {order.vendor, order.org}
    pays = writes and caller.partner == order.vendor
    return OrderMoney(
        order=order,
        status=status,
        document=document,
        entries=[],
        choices=_choices(document, status) if decides else [],
        to_pay=[each for each in document["refunds"] if pays and each["status"] in OWED],
        key=new_key(),
    )


def new_key() -> str:
    """A key for the forms of a page that is shown now."""
    return secrets.token_hex(16)


def money_with_timeline(services: Services, answer: Answer) -> OrderMoney:
    """The money of an order with its timeline."""
    timeline = services.timelines.explain(answer.order.id, teller(), g.caller)
    entries = [each for each in timeline["story"] if each["name"] in NAMES_OF_MONEY]
    return msgspec.structs.replace(order_money(services, answer, g.caller), entries=entries)


def outcome_of(services: Services) -> dict[str, Any]:
    """What came of the press before: from what is recorded, never from the address alone."""
    failed = request.args.get("failed", "")
    order, name = request.args.get("decided", ""), request.args.get("notice", "")
    outcome: dict[str, Any] = {"decided": None, "resolved": None}
    outcome["failed"] = failed if failed in FAILED else None
    if OBJECT_ID.match(order):
        with suppress(UnknownOrder):
            money = money_with_timeline(services, services.history.order(order, g.caller))
            entries = [each for each in money.entries if each["name"] in DECIDED]
            outcome["decided"] = {"order": money.order, "entry": entries[-1]} if entries else None
    if name:
        with suppress(NoSuchNotice):
            notice = services.unknown_buyers.find(name, g.caller)
            outcome["resolved"] = notice if notice.resolved_at else None
    return outcome


def _choices(document: PaymentsDocument, status: Status) -> list[Choice]:
    found = []
    for each in (document, *document["balances"]):
        if not float(each["waiting"]):
            continue
        if each["waiting"].startswith("-"):
            bear = {"amount": each["waiting"].removeprefix("-"), "currency": each["currency"]}
            found.append(Choice(**bear, resolutions=["keep"], lacks=True))
            continue
        accepted = each is document and status is Status.IN_PROGRESS
        found.append(
            Choice(
                amount=each["waiting"],
                currency=each["currency"],
                resolutions=[*(["accept"] if accepted else []), "refund", "keep"],
            )
        )
    return found
