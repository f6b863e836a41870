"""Stops a server process without cutting off a request that has arrived or is on its way.

Closing a listening socket resets the connections that wait in its queue, and closing a kept-alive
connection may meet the next request on its way. So first the server goes on for a moment, but each
answer asks to close its connection. Then the kernel ignores new connections, while those that have
begun are completed and served. In the end only idle connections are closed.
"""

import asyncio
import ctypes
import os
import platform
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

LISTENING_SECONDS = 0.5
"""While there are clients, new connections are accepted for so long."""
HANDSHAKE_SECONDS = 0.2
"""The time that a new connection has to be established."""
QUIET_SECONDS = 0.5
"""Connections without a request for so long are idle."""
ARRIVING_SECONDS = 5.0
"""After this time idle connections are closed in any case; requests in flight go on."""
LOOK_SECONDS = 0.02

OPEN_FILES_OF_THIS_PROCESS = Path("/proc/self/fd")
LENGTH_OF_QUEUE = 24
"""Where `struct tcp_info` has, of a listening socket, how many connections wait to be accepted."""

PASS_OVER_NEW_CONNECTIONS = (
    (0x30, 0, 0, 13),  # load the byte of a TCP segment that has its flags
    (0x54, 0, 0, 0x12),  # of which SYN and ACK count
    (0x15, 0, 1, 0x02),  # SYN alone begins a connection:
    (0x06, 0, 0, 0),  # drop it, the client sends it again after a second;
    (0x06, 0, 0, 0xFFFFFFFF),  # let all else through
)
"""A filter for a socket, in the kernel's own language (`linux/filter.h`)."""
SO_ATTACH_FILTER = 26


class Traffic(msgspec.Struct, kw_only=True):
    """How many requests arrived at this process, and how many of them are answered."""

    come: int = 0
    answered: int = 0
    draining: bool = False


class Sockets(msgspec.Struct, kw_only=True):
    """The sockets of a server in this process: clients, and connections not accepted yet."""

    clients: int = 0
    waiting: int = 0


async def drain(port: int, traffic: Traffic, stop: Callable[[], None]) -> None:
    """Finish the requests that arrive at `port`; then `stop`."""
    traffic.draining = True
    quiet = Quiet(port, traffic)
    try:
        await reached(quiet.nobody_is_here, LISTENING_SECONDS)
        pass_over_new_connections(port)
        await asyncio.sleep(HANDSHAKE_SECONDS)
        await reached(quiet.nothing_comes, ARRIVING_SECONDS)
    finally:
        stop()


async def reached(state: Callable[[], bool], seconds: float) -> None:
    """Wait for a state, but no longer than `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not state() and loop.time() < deadline:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(LOOK_SECONDS)


class Quiet:
    """Finds out when no further request is about to arrive."""

    def __init__(self, port: int, traffic: Traffic) -> None:
        self._port = port
        self._traffic = traffic
        self._come = traffic.come
        self._last = time.monotonic()

    def nobody_is_here(self) -> bool:
        """Whether no client has a connection."""
        sockets = self._look()
        return sockets is not None and sockets.clients + sockets.waiting == 0

    def nothing_comes(self) -> bool:
        """Whether each client waits for an answer, or is idle."""
        sockets = self._look()
        under_way = self._traffic.come - self._traffic.answered
        if sockets is not None and (sockets.waiting or sockets.clients <= under_way):
            return not sockets.waiting
        return time.monotonic() - self._last > QUIET_SECONDS

    def _look(self) -> Sockets | None:
        if self._traffic.come != self._come:
            self._come, self._last = self._traffic.come, time.monotonic()
        return sockets_of(self._port)


def sockets_of(port: int) -> Sockets | None:
    """The sockets of the server on `port`; None where the system does not show them."""
    if platform.system() != "Linux":
        return None
    found = Sockets()
    for each, listens in _sockets_on(port):
        if listens:
            info = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LENGTH_OF_QUEUE + 4)
            found.waiting += struct.unpack_from("=I", info, LENGTH_OF_QUEUE)[0]
        else:
            found.clients += 1
    return found


def listens_on(port: int) -> bool:
    """Whether this process listens on `port`; assumed where the system does not show it."""
    if platform.system() != "Linux":
        return True
    return any(listens for _, listens in _sockets_on(port))


def end_unread_connections(port: int, seconds: float) -> None:
    """Have the kernel end each new connection whose client takes no answer for so long."""
    if platform.system() != "Linux":
        return
    for each, listens in _sockets_on(port):
        if listens:  # the connections that it accepts inherit it
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))


def pass_over_new_connections(port: int) -> None:
    """Have the kernel drop the first segment of each new connection, as if it was lost.

    The client tries again after a second, and is then refused, or served by another process.
    """
    if platform.system() != "Linux":
        return
    steps = b"".join(struct.pack("=HBBI", *each) for each in PASS_OVER_NEW_CONNECTIONS)
    program = ctypes.create_string_buffer(steps, len(steps))
    count = len(PASS_OVER_NEW_CONNECTIONS)
    described = struct.pack("@HP", count, ctypes.addressof(program))
    for each, listens in _sockets_on(port):
        if listens:
            each.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, described)


def _sockets_on(port: int) -> Iterator[tuple[socket.socket, bool]]:
    """The TCP sockets of this process on a port of its own, and whether each one listens.

    The server library opens them and does not hand them out. Each is open until the next follows.
    """
    for number in _numbers_of_sockets():
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as each:
            if each.family not in {socket.AF_INET, socket.AF_INET6}:
                continue
            if each.type != socket.SOCK_STREAM or each.getsockname()[1] != port:
                continue
            listens = each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listens or _has_peer(each):
                yield each, bool(listens)


def _numbers_of_sockets() -> Iterator[int]:
    for each in list(OPEN_FILES_OF_THIS_PROCESS.iterdir()):
        with suppress(FileNotFoundError):
            if str(each.readlink()).startswith("socket:"):
                yield int(each.name)


def _has_peer(each: socket.socket) -> bool:
    try:
        each.getpeername()
    except OSError:
        return False
    return True
