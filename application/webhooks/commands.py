"""The commands about webhooks, as the service takes them."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from application.catalog.access import Caller
from application.catalog.scopes import AUDIT
from application.event_log.idempotency import key_digest
from application.ports.webhooks import Webhook, WebhookState

MOST_WEBHOOKS = 50
MOST_AGAIN = 100_000
"""How many events may wait to be sent again to one webhook."""
BY_PERSON = "by_person"
"""The reason of a webhook that somebody has paused."""


OPERATOR = Caller("", "operator", "en", (AUDIT,))
"""The caller on the command line, who belongs to no partner."""


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, for which versions (None: any), and the key that makes adding a webhook repeatable.

    `actor` is as in the administrative trail; without one it is whoever runs this command.
    """

    caller: Caller
    actor: str = ""
    versions: frozenset[int] | None = None
    key: str | None = None
    fingerprint: bytes = b""

    @property
    def digest(self) -> bytes:
        """The digest of the Idempotency-Key; empty without one."""
        if self.key is None:
            return b""
        return key_digest(f"webhooks:{self.caller.partner}", self.key)


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook to be added; it begins `after` a position, or at the end of the log."""

    address: str
    types: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    asymmetric: bool = False
    after: int | None = None


class ChangeWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change; parts that are None stay."""

    address: str | None = None
    types: tuple[str, ...] | None = None
    shows: tuple[str, ...] | None = None
    asymmetric: bool | None = None
    state: WebhookState | None = None
    end_old_secret: bool = False


class SendAgain(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to send again: at `positions`, made in a range of time, or all `after` one."""

    positions: tuple[int, ...] = ()
    made: tuple[datetime, datetime] | None = None
    after: int | None = None


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tries to list, newest first: those `before` a number, of an event, only failed ones."""

    limit: int
    before: int | None = None
    position: int | None = None
    failed: bool = False


class PingOutcome(Protocol):
    """What came of a ping."""

    @property
    def status(self) -> int:
        """The status of the answer; 0 without one."""

    @property
    def reason(self) -> str:
        """Why it was not confirmed; empty if it was."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def head(self) -> str:
        """The beginning of the answer, made safe to show."""


Ping = Callable[[Webhook], PingOutcome]
"""Sends a signed message at once, and notes it in the log of deliveries."""
