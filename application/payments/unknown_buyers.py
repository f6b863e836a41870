"""Notices of gateways that wait: those of unknown buyers, until a person resolves them.

One that its order could not decide about is listed with them after a minute, for a person to know:
it is tried again by itself. No order has their money, so no partner does: who may read everything
sees them, and the operator.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from heapq import merge
from itertools import islice, takewhile

import msgspec

from application.catalog.access import Caller
from application.catalog.deeds import deed_of
from application.orders.commands import Request
from application.orders.queries import cursor_at, read_cursor
from application.payments.document_types import OrderPaymentsDocument, UnknownNoticeDocument
from application.payments.notice import BadNotice, NoticeType, notice_of
from application.payments.resolving import OPERATOR
from application.ports.admin_trail import Action
from application.ports.gateway_notices import GatewayNotice, NoticeState
from application.ports.store import Store
from application.runtime.amounts import written_amount
from application.runtime.clock import from_ms, to_ms, written
from domain.errors import UserError
from domain.pricing import NOTHING

UNKNOWN_BUYER = "unknown_buyer"
"""Why the money of such a notice waits, as a code beside those of orders."""
NOT_YET_HANDLED = "not_yet_handled"
"""The same of one that its order could not decide about."""
SOON = timedelta(minutes=1)
"""How long a notice may be pending before it is shown: most are handled by the next try."""
SORT = "came_at"

NAME = re.compile(r"[0-9a-f]{64}\Z")
Place = tuple[datetime, bytes]
"""When a notice came, and its digest: where a list goes on."""


class NoticeResolution(StrEnum):
    """What a person can decide about money whose order is not known."""

    REFUND = "refund"
    KEEP = "keep"


class NoSuchNotice(UserError):
    """No notice of an unknown buyer has this name, or not for this caller."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no notice {name[:100]} of an unknown buyer.")


def sees_unknown(caller: Caller | None) -> bool:
    """Whether a caller sees notices of unknown buyers; None is the operator."""
    return caller is None or caller.sees_all


class UnknownBuyers(msgspec.Struct, frozen=True):
    """Lists the notices of unknown buyers, and notes what a person decides about them."""

    _store: Store
    _clock: Callable[[], datetime]

    def page(self, after: Place | None, limit: int) -> list[GatewayNotice]:
        """At most `limit` of them that are not resolved, oldest first, and of those pending."""
        records, till = self._store.notices(), self._clock() - SOON
        pending = takewhile(lambda each: each.came_at <= till, records.pending(limit, after))
        both = merge(pending, records.unknown(after, limit), key=_place)
        return list(islice(both, limit))

    def find(self, name: str, caller: Caller) -> GatewayNotice:
        """The notice with this name, whether it is resolved or not. Raises `NoSuchNotice`."""
        digest = bytes.fromhex(name) if NAME.match(name) else b""
        found = self._store.notices().find(digest) if caller.sees_all else None
        if found is None or found.state is not NoticeState.UNKNOWN_BUYER:
            raise NoSuchNotice(name)
        return found

    def resolve(
        self, name: str, resolution: NoticeResolution, request: Request, note: str
    ) -> GatewayNotice:
        """Note what was decided, in the notice and in the administrative trail, in one commit.

        Returns the notice afterwards; one that was resolved before stays as it was. Raises
        `NoSuchNotice`.
        """
        caller = request.caller
        notice = self.find(name, caller)
        about = notice_document(notice)
        deed = deed_of(
            self._clock(),
            Action.NOTICE_RESOLVED,
            "" if caller is OPERATOR else caller.actor,
            notice=about["id"],
            payment=about["payment"],
            amount=about["amount"],
            currency=about["currency"],
            resolution=resolution.value,
            note=note,
            request=request.id,
        )
        self._store.notices().resolve(notice.digest, deed)
        return self.find(name, caller)


def read_place(cursor: str) -> Place:
    """Where a list of notices goes on. Raises `BadCursor`."""
    came_at, name = read_cursor(cursor, SORT)
    return from_ms(came_at), bytes.fromhex(name)


def cursor_after(notice: GatewayNotice) -> str:
    """The cursor that continues a list of notices."""
    return cursor_at(SORT, to_ms(notice.came_at), notice.digest.hex())


def _place(notice: GatewayNotice) -> Place:
    return notice.came_at, notice.digest


def notice_document(notice: GatewayNotice) -> UnknownNoticeDocument:
    """What came, as documents show it. One that only a later version can read names no money."""
    payment, amount, currency = "", NOTHING, ""
    with suppress(BadNotice):
        about = notice_of(notice.system, notice.notice, notice.body).about
        payment, amount, currency = about.payment, about.amount, about.currency
    return {
        "id": notice.digest.hex(),
        "system": notice.system,
        "notice": notice.notice,
        "type": notice.type,
        "payment": payment,
        "amount": written_amount(amount),
        "currency": currency,
        "came_at": written(notice.came_at),
        "order": notice.order,
    }


def waiting_document(notice: GatewayNotice) -> OrderPaymentsDocument:
    """The notice among orders' money: no order has it, and all of its money waits."""
    about = notice_document(notice)
    pending = notice.state is NoticeState.PENDING
    amount = Decimal(about["amount"])

    def if_type(kind: NoticeType) -> Decimal:
        return amount if about["type"] == kind else NOTHING

    received = if_type(NoticeType.SUCCEEDED)
    refunded = if_type(NoticeType.REFUND_SUCCEEDED)
    charged_back = if_type(NoticeType.DISPUTE_LOST)
    return {
        "order": None,
        "number": None,
        "event": None,
        "org": None,
        "vendor": None,
        "status": None,
        "notice": about,
        "changed_at": about["came_at"],
        "currency": about["currency"],
        "received": written_amount(received),
        "earned": "0.00",
        "due_back": "0.00",
        "refunded": written_amount(refunded),
        "charged_back": written_amount(charged_back),
        "kept": "0.00",
        "waiting": written_amount(received - refunded - charged_back),
        "disputed": written_amount(if_type(NoticeType.DISPUTE_OPENED)),
        "attention": [NOT_YET_HANDLED if pending else UNKNOWN_BUYER],
        "payments": [],
        "refunds": [],
        "balances": [],
    }
