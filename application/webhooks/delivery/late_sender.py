"""Opens the sender of webhooks at the first message.

Most services have no webhook, and its library (aiohttp) takes as long to import as all of ours.
"""

import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self

import msgspec

from application.webhooks.delivery.addresses import AllowedAddresses
from application.webhooks.delivery.message import Limits, Message
from application.webhooks.delivery.outcomes import Outcome
from application.webhooks.delivery.retries import pause_after

if TYPE_CHECKING:  # see above
    from application.webhooks.delivery.resolving import Lookup
    from application.webhooks.delivery.sender import Sender

LOWER = 5
"""How much lower the priority of the sending thread is, where threads have one: sales go first."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How messages are sent: `allowed` are the networks that the operator has named."""

    allowed: Sequence[str] = ()
    lookup: "Lookup | None" = None
    trusted: ssl.SSLContext | None = None
    limits: Limits = Limits()
    lower: int = LOWER
    pause_after: Callable[[int, float, float | None], float] = pause_after


class LateSender:
    """Sends messages; made, used and closed on one event loop."""

    def __init__(self, options: Options, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._sender: Sender | None = None

    async def __aenter__(self) -> Self:
        """Use it for a while."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        if self._sender is not None:
            await self._sender.close()

    async def send(self, message: Message) -> Outcome:
        """Send a message once."""
        if self._sender is None:
            self._sender = self._opened()
        return await self._sender.send(message)

    def _opened(self) -> "Sender":
        from application.webhooks.delivery.sender import Sender  # noqa: PLC0415 - see above

        options = self._options
        return Sender(
            AllowedAddresses(options.allowed),
            self._now,
            lookup=options.lookup,
            limits=options.limits,
            trusted=options.trusted,
        )
