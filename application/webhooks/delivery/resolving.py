"""Resolves host names; the connection uses the result, without a second resolution."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from application.webhooks.delivery.addresses import AllowedAddresses, read

LOOKUPS_AT_ONCE = 32

Lookup = Callable[[str], Awaitable[list[str]]]
"""Finds the addresses of a name. Raises `OSError`."""


class SystemLookup:
    """Asks the system, in threads; one name is asked for once at a time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, "webhook-names")
        self._asked: dict[str, asyncio.Future[list[str]]] = {}

    async def __call__(self, name: str) -> list[str]:
        """The addresses of a name."""
        asked = self._asked.get(name)
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads, addresses_of, name)
            self._asked[name] = asked
            asked.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(asked)

    def _forget(self, name: str, done: asyncio.Future[list[str]]) -> None:
        self._asked.pop(name, None)
        if not done.cancelled():
            done.exception()

    def close(self) -> None:
        """Ask no more; a question under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def addresses_of(name: str) -> list[str]:
    """The addresses that the system has for a name."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class CheckedResolver(AbstractResolver):
    """Refuses a name of which any address is refused."""

    def __init__(self, allowed: AllowedAddresses, lookup: Lookup, *, encrypted: bool) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._encrypted = encrypted

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - of the library's class
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises `AddressRefused`."""
        addresses = await self._lookup(host)
        if not addresses:
            raise OSError(f"{host} has no address")
        self._allowed.check(addresses, encrypted=self._encrypted)
        return [_as_result(host, each, port) for each in addresses]

    async def close(self) -> None:
        """There is nothing to close: the lookup is its owner's."""


def _as_result(host: str, address: str, port: int) -> ResolveResult:
    version = read(address).version
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET if version == 4 else socket.AF_INET6,  # noqa: PLR2004 - IPv4
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
