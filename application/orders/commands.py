"""Commands on orders as the service takes them, and their outcomes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from application.catalog.access import Caller
from application.event_log.idempotency import key_digest
from domain.commands import Customer, TicketsById, TicketSelection, VendorData
from domain.order import Order
from domain.status import Status

NOTHING = TicketsById(())
"""A selection of no tickets."""


class ChoosePayment(msgspec.Struct, frozen=True):
    """How to pay, with the payment system by its alias or id."""

    system: str | None = None
    success_url: str | None = None
    failure_url: str | None = None
    send_tickets: bool | None = None


class ChangeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The command to change an order, or to fill a new one. Parts that are None do not change.

    `promocodes` are the codes, as they were written, that the order is to have afterwards.
    """

    tickets: TicketSelection | None = None
    all_or_nothing: bool = False
    customer: Customer | None = None
    payment: ChoosePayment | None = None
    status: Status | None = None
    promocodes: tuple[str, ...] | None = None
    vendor_data: VendorData | None = None


class Request(msgspec.Struct, frozen=True):
    """The caller, the request id, and what makes the request safe to retry and to race.

    `versions` are those of If-Match (None: any), `ruled_out` those of If-None-Match (None: all);
    `key` is the Idempotency-Key, and requests with the same `fingerprint` are the same.
    """

    caller: Caller
    id: str
    versions: frozenset[int] | None = None
    ruled_out: frozenset[int] | None = frozenset()
    key: str | None = None
    fingerprint: bytes = b""

    @property
    def digest(self) -> bytes:
        """The digest of the key, which has to be given."""
        return key_digest(self.caller.partner, self.key or "")


class Answer(msgspec.Struct, frozen=True):
    """An order after a request, seen at `at`, and the log's position that shows it.

    `document` has its bytes if they were made with the decision, where they cost half as much.
    """

    order: Order
    at: datetime
    position: int = 0
    document: bytes = b""
    repeated: bool = False


class RejectedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A command on an order at `version` that was rejected, or got less than it asked for.

    `code` is that of the refusal, or one of this file's if nothing was refused. `asked` is what a
    command about its money wanted.
    """

    order: str
    version: int
    at: datetime
    request: Request
    command: ChangeOrder = ChangeOrder()
    code: str
    about: Mapping[str, Any]
    asked: Mapping[str, Any] = msgspec.field(default_factory=dict)


TICKETS_SHORT = "tickets_short"
"""Not all the requested tickets were vacant: the answer shows those that the order got."""

CONTENDED = "contended"
"""Other requests were faster, at each attempt to decide."""
