"""What is asked of orders, as the service takes it, and what comes of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from application.catalog.access import Caller
from application.event_log.idempotency import key_digest
from domain.commands import Customer, TicketSelection
from domain.order import Order
from domain.status import Status


class ChoosePayment(msgspec.Struct, frozen=True):
    """How to pay, with the payment system by its alias or id."""

    system: str | None = None
    success_url: str | None = None
    failure_url: str | None = None


class ChangeOrder(msgspec.Struct, frozen=True):
    """The command to change an order, or to fill a new one. What is None stays as it is."""

    tickets: TicketSelection | None = None
    all_or_nothing: bool = False
    customer: Customer | None = None
    payment: ChoosePayment | None = None
    status: Status | None = None


class Request(msgspec.Struct, frozen=True):
    """The caller, under which request id, and what makes it safe to repeat or to race.

    `versions` are those named by If-Match (None: any); `key` is the Idempotency-Key and
    `fingerprint` tells whether two requests are the same.
    """

    caller: Caller
    id: str
    versions: frozenset[int] | None = None
    key: str | None = None
    fingerprint: bytes = b""

    @property
    def digest(self) -> bytes:
        """The digest of the key that there is."""
        return key_digest(self.caller.partner, self.key or "")


class Answer(msgspec.Struct, frozen=True):
    """An order as it was left by a request, seen at `at`, and the log's position that shows it.

    `document` has its bytes where they were made with the decision: there they cost half.
    """

    order: Order
    at: datetime
    position: int = 0
    document: bytes = b""
    repeated: bool = False


class RejectedRequest(msgspec.Struct, frozen=True):
    """A command on an order at `version` that was rejected, or got less than it asked for.

    `code` is that of the refusal, or one of this file's where nothing was refused.
    """

    order: str
    version: int
    at: datetime
    request: Request
    command: ChangeOrder
    code: str
    about: Mapping[str, Any]


TICKETS_SHORT = "tickets_short"
"""The requested tickets could not be had, or not all: the answer shows those that were."""

CONTENDED = "contended"
"""Other requests were faster, each time that it was tried."""
