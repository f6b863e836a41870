"""Sends one message to the address of a webhook, and says what came of it.

The receiver is a stranger: it may hang, lie about lengths, answer without end or redirect to a
machine of ours. So every step has its limit, addresses are checked after each resolution, and
nothing that it answers is unpacked or kept beyond its beginning.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Self

import aiohttp
import msgspec
from yarl import URL

from application.runtime import tracing
from application.webhooks.delivery.addresses import AddressRefused, AllowedAddresses
from application.webhooks.delivery.message import Limits, Message
from application.webhooks.delivery.outcomes import (
    Outcome,
    Reason,
    answered,
    failed,
    head_of,
)
from application.webhooks.delivery.resolving import CheckedResolver, Lookup, SystemLookup
from application.webhooks.delivery.signatures import signed_headers

AGENT = "orderlog-webhooks/1"
KEPT_ALIVE_SECONDS = 4.0
"""Receivers close idle connections, many after five seconds: ours ends before."""
MOST_REDIRECTS = 3
KEPT_METHOD = frozenset({307, 308})
"""The redirects that keep the method and the body."""


class Sender:
    """Sends messages; made, used and closed on one event loop.

    `trusted` are the certificates to trust; `lookup` resolves names.
    """

    def __init__(
        self,
        allowed: AllowedAddresses,
        now: Callable[[], datetime],
        *,
        lookup: Lookup | None = None,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed
        self._now = now
        self._limits = limits
        self._own = SystemLookup()
        self._lookup = lookup or self._own
        self._tls = trusted or ssl.create_default_context()
        self._sessions = {each: self._session(each) for each in ("https", "http")}

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        encrypted = scheme == "https"
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self._allowed, self._lookup, encrypted=encrypted),
            use_dns_cache=False,
            ssl=self._tls,
            limit=0,  # the engine has limits of its own
            keepalive_timeout=KEPT_ALIVE_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=self._limits.connect),
            headers={
                "Accept-Encoding": "identity",
                "Content-Type": "application/cloudevents+json; charset=utf-8",
                "User-Agent": AGENT,
            },
        )

    async def __aenter__(self) -> Self:
        """Use it for a while."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for each in self._sessions.values():
            await each.close()
        self._own.close()

    async def send(self, message: Message) -> Outcome:
        """Send a message once; a connection that had ended while it was idle is replaced."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with tracing.continued("deliver webhook", message.request) as traced:
            try:
                async with asyncio.timeout(self._limits.whole):
                    outcome = await self._post_anew(message, traced)
            except TimeoutError:
                outcome = failed(Reason.TIMEOUT, 0.0)
        return msgspec.structs.replace(outcome, seconds=loop.time() - begun)

    async def _post_anew(self, message: Message, traced: Mapping[str, str]) -> Outcome:
        outcome = await self._follow(message, traced)
        if outcome.reason == Reason.CONNECTION_LOST:
            outcome = await self._follow(message, traced)
        return outcome

    async def _follow(self, message: Message, traced: Mapping[str, str]) -> Outcome:
        """Post it, and follow redirects, each of which is checked like the address itself."""
        try:
            url = URL(message.address)
            for _ in range(MOST_REDIRECTS + 1):
                outcome, target = await self._post(url, message, traced)
                if target is None:
                    return outcome
                url = url.join(URL(target))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return failed(reason_of(error), 0.0)
        return failed(Reason.TOO_MANY_REDIRECTS, 0.0, outcome.status)

    async def _post(
        self, url: URL, message: Message, traced: Mapping[str, str]
    ) -> tuple[Outcome, str | None]:
        """Post it to one address; returns where the answer redirects to, if it does."""
        session = self._checked_session(url)
        now = self._now()
        headers = signed_headers(message.keys, message.name, int(now.timestamp()), message.body)
        headers = {**headers, **traced}
        async with session.post(
            url, data=message.body, headers=headers, allow_redirects=False
        ) as answer:
            target = answer.headers.get("Location")
            if answer.status in KEPT_METHOD and target:
                answer.close()
                return failed(Reason.REDIRECTED, 0.0, answer.status), target
            outcome = answered(answer.status, answer.headers.get("Retry-After"), now)
            body = await self._beginning(answer)
        if 300 <= answer.status < 400:  # noqa: PLR2004 - redirects that would change the method
            outcome = msgspec.structs.replace(outcome, reason=Reason.REDIRECTED)
        head = head_of(body, answer.headers.get("Content-Encoding", ""))
        return msgspec.structs.replace(outcome, head=head), None

    def _checked_session(self, url: URL) -> aiohttp.ClientSession:
        """The session for an address. Raises `AddressRefused`."""
        session = self._sessions.get(url.scheme)
        if session is None or not url.host or url.user or url.password:
            raise AddressRefused(f"{url.scheme} or the form of the address is refused")
        if is_literal(url.host):
            self._allowed.check([url.host], encrypted=url.scheme == "https")
        return session

    async def _beginning(self, answer: aiohttp.ClientResponse) -> bytes:
        """The beginning of an answer's body. Its status counts even if the body does not end."""
        found = bytearray()
        try:
            async with asyncio.timeout(self._limits.body):
                while len(found) < self._limits.body_bytes:
                    part = await answer.content.read(self._limits.body_bytes - len(found))
                    if not part:
                        return bytes(found)
                    found += part
        except (TimeoutError, aiohttp.ClientError, OSError):
            pass
        answer.close()
        return bytes(found)


def is_literal(host: str) -> bool:
    """Whether a host is an address itself, which no resolver is asked for."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (AddressRefused, Reason.ADDRESS_REFUSED),
    (aiohttp.ConnectionTimeoutError, Reason.CONNECT_TIMEOUT),
    (aiohttp.ClientSSLError, Reason.TLS_FAILED),
    (ssl.SSLError, Reason.TLS_FAILED),
    (aiohttp.ClientConnectorDNSError, Reason.NAME_UNKNOWN),
    (aiohttp.ClientConnectorError, Reason.CONNECTION_REFUSED),
    (aiohttp.ServerDisconnectedError, Reason.CONNECTION_LOST),
    (aiohttp.ClientOSError, Reason.CONNECTION_LOST),
    (OSError, Reason.CONNECTION_LOST),
    (ValueError, Reason.ADDRESS_REFUSED),  # of an address that cannot be read
)
"""By what is raised, the reason; the first that fits."""


def reason_of(error: Exception) -> Reason:
    """Why a message could not be sent, or its answer not be read."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(
        error.os_error, AddressRefused
    ):
        return Reason.ADDRESS_REFUSED
    return next(
        (reason for kind, reason in REASONS if isinstance(error, kind)), Reason.ANSWER_UNREADABLE
    )
