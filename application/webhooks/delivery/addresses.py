"""To which network addresses messages may be sent.

Only to public ones, unless the operator allows others. Otherwise a partner could make the service
send requests to machines that only the service can reach. What counts is the address of the
connection, not the name, so addresses are checked after each resolution.
"""

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4"),
            *("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"),
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16"),
            *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
        ),
    )
)
"""Private, loopback, link-local, shared, reserved and multicast networks, and those of IPv6 that
lead to an IPv4 address within them, which a gateway would connect to."""


class AddressRefused(OSError):
    """An address to which nothing may be sent."""


class AllowedAddresses:
    """Checks addresses before connecting; `networks` are those that the operator allows."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._allowed: Sequence[IPv4Network | IPv6Network] = [
            ip_network(each, strict=False) for each in networks
        ]

    def check(self, addresses: Sequence[str], *, encrypted: bool) -> None:
        """Raise `AddressRefused` unless all of these may be connected to.

        Without encryption only those that the operator has named.
        """
        for each in addresses:
            address = read(each)
            if not (self._is_named(address) or (encrypted and is_public(address))):
                raise AddressRefused(f"{each} is not a public address")

    def _is_named(self, address: IPv4Address | IPv6Address) -> bool:
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._allowed)


def read(address: str) -> IPv4Address | IPv6Address:
    """An address without its zone. Raises `AddressRefused`."""
    try:
        return ip_address(address.partition("%")[0])
    except ValueError as error:
        raise AddressRefused(f"{address} is not an address") from error


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it belongs to the public internet."""
    refused = any(address in network for network in NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not refused
