"""The socket of a client is found among all that a process has open."""

import socket
import sys
from contextlib import closing

import pytest

from interface.server.client_socket import socket_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="found on Linux only")


def test_the_socket_of_a_client_is_found_beside_sockets_of_other_kinds():
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as listening,
        closing(socket.create_connection(listening.getsockname())) as client,
        closing(listening.accept()[0]) as ours,
    ):
        first, second = socket.socketpair()  # newer than the connection, and looked at before it
        with closing(first), closing(second):
            ends = [f"{host}:{port}" for host, port in (ours.getpeername(), ours.getsockname())]
            found = socket_of(*ends)
            assert found is not None
            client.sendall(b"question")
            ours.sendall(b"answer")
            assert found.unsent() <= len(b"answer")
            found.close()


def test_no_socket_is_found_for_a_client_that_has_gone():
    assert socket_of("127.0.0.1:1", "127.0.0.1:2") is None
