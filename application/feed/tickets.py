"""Tickets that open a stream for clients that cannot send a key, such as a browser's `EventSource`.

A key must not be part of an address, which proxies and browsers store. A ticket may: it opens only
the stream, only for a minute, and not after its key was revoked. No process stores it: it is
signed with the secret of keys.
"""

import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from application.catalog.access import Access, Caller
from application.catalog.key_secret import KeySecret
from application.runtime.clock import from_ms, to_ms

LIFE = timedelta(seconds=60)
PURPOSE = b"orderlog feed ticket 1\0"
FORM = re.compile(r"ft\.([0-9a-zA-Z_-]{1,64})\.([0-9]{1,15})\.([0-9a-f]{64})\Z")


class Ticket(msgspec.Struct, frozen=True):
    """A ticket, and until when a stream can be opened with it."""

    text: str
    expires_at: datetime


class Tickets:
    """Makes tickets, and finds whose they are."""

    def __init__(self, access: Access, secret: KeySecret, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._secret = secret
        self._clock = clock

    def make(self, caller: Caller) -> Ticket:
        """A ticket for what the caller may see."""
        till = to_ms(self._clock() + LIFE)
        return Ticket(f"ft.{caller.key}.{till}.{self._signature(caller.key, till)}", from_ms(till))

    def caller(self, text: str, *, local: bool = False) -> Caller | None:
        """Whose ticket this is; None if it is invalid, too old, or its key no longer works."""
        match = FORM.match(text)
        if match is None:
            return None
        key, till, signature = match[1], int(match[2]), match[3]
        if not hmac.compare_digest(signature, self._signature(key, till)):
            return None
        if to_ms(self._clock()) >= till:
            return None
        return self._access.caller_by_id(key, local=local)

    def _signature(self, key: str, till: int) -> str:
        return self._secret.derived(PURPOSE + f"{key}\0{till}".encode()).hex()
