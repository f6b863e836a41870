"""Which addresses a webhook may have, as far as can be told before a name is resolved."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import msgspec

from domain.refusals import BadWebhookAddress

MOST_CHARACTERS = 2000
VISIBLE = re.compile(r"[!-~]+\Z")
LABEL = "[A-Za-z0-9_][A-Za-z0-9_-]{0,62}"
NAME = re.compile(rf"{LABEL}(\.{LABEL})*\.?\Z")
MOST_OF_A_NAME = 253


class NetworkCheck(Protocol):
    """Checks to which network addresses messages may be sent."""

    def check(self, addresses: Sequence[str], *, encrypted: bool) -> None:
        """Raise `OSError` unless all of these may be sent to."""


class AddressForm(msgspec.Struct, frozen=True):
    """The form of addresses. `allows_http`: the operator has allowed networks."""

    networks: NetworkCheck
    allows_http: bool = False

    def check(self, address: str) -> None:
        """Raise `BadWebhookAddress`, which says why."""
        for why in self._faults(address):
            raise BadWebhookAddress(why=why)

    def _faults(self, address: str) -> Iterator[str]:
        """What is wrong. Each check relies on the ones before it."""
        if len(address) > MOST_CHARACTERS:
            yield f"it has more than {MOST_CHARACTERS} characters"
        if not VISIBLE.match(address) or "\\" in address:
            yield "it has characters that no address has; percent-encode them"
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            yield "it is malformed"
            return
        if parts.scheme != "https" and not (self.allows_http and parts.scheme == "http"):
            yield "it has to begin with https://"
        if "@" in parts.netloc:
            yield "it may not have credentials"
        if "#" in address:
            yield "it may not have a fragment"
        if port == 0:
            yield "its port is none"
        yield from self._faults_of_host(parts)

    def _faults_of_host(self, parts: SplitResult) -> Iterator[str]:
        host = parts.hostname or ""
        try:
            ip_address(host)
        except ValueError:
            if len(host) > MOST_OF_A_NAME or not NAME.match(host):
                yield "it names no host"
            return
        try:
            self.networks.check([host], encrypted=parts.scheme == "https")
        except OSError:
            yield "it leads to a network that webhooks may not be sent to"
