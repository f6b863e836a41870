"""The socket of a client of this process: how much it has not taken yet.

The server library takes every part of a stream at once and keeps it until the client takes it, so
only the kernel knows whether a client is slow. The library opens the sockets and does not hand them
out; a socket is found by the client's address. Elsewhere than on Linux none is found.
"""

import fcntl
import os
import platform
import socket
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

from interface.server.draining import OPEN_FILES_OF_THIS_PROCESS

End = tuple[IPv4Address | IPv6Address, int]
"""An address and a port."""


class ClientSocket:
    """A duplicate of a client's socket; it has to be closed."""

    def __init__(self, number: int) -> None:
        self._socket = socket.socket(fileno=number)

    def unsent(self) -> int:
        """How many bytes the client has not acknowledged."""
        found = fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4))
        return int(struct.unpack("=i", found)[0])

    def cut(self) -> None:
        """End the connection now."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()


def socket_of(client: str, server: str) -> ClientSocket | None:
    """The socket between a client and this server, each an address and a port with a colon."""
    if platform.system() != "Linux":
        return None
    wanted = _end(*client.rsplit(":", 1)), _end(*server.rsplit(":", 1))
    for number in _newest_first():
        with suppress(OSError, ValueError):
            if _ends(number) == wanted:
                return ClientSocket(os.dup(number))
    return None


def _newest_first() -> Iterator[int]:
    numbers = [int(each.name) for each in OPEN_FILES_OF_THIS_PROCESS.iterdir()]
    return iter(sorted(numbers, reverse=True))


def _ends(number: int) -> tuple[End, End]:
    """The client's end and our own. Raises `OSError`, `ValueError` for all but TCP connections."""
    borrowed = socket.socket(fileno=number)
    try:
        if borrowed.family not in {socket.AF_INET, socket.AF_INET6}:
            raise ValueError(f"{number} is not a network socket")  # as that of a system's log
        return _end(*borrowed.getpeername()[:2]), _end(*borrowed.getsockname()[:2])
    finally:
        borrowed.detach()


def _end(written: str, port: str | int) -> End:
    address = ip_address(written.strip("[]"))
    return getattr(address, "ipv4_mapped", None) or address, int(port)
