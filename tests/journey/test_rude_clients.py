"""What a client does wrong harms nobody but itself."""

from contextlib import ExitStack, contextmanager

import pytest
from server import EMPTY_ORDER, KEY, ORDERS, serving

SHOP = "5d8f7c1a90b34f0c8a6e2b7d41c3f9e0"
"""The key of another partner of the sample."""
MANY = 200
HALF_A_BODY = (
    f"POST {ORDERS} HTTP/1.1\r\nHost: orderlog\r\nAuthorization: key {KEY}\r\n"
    'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"event": '
)
NO_KEY = HALF_A_BODY.replace(KEY, "0" * 32)
HALF_A_HEAD = f"POST {ORDERS} HTTP/1.1\r\nHost: orderlog\r\nAuthoriza"


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff\x16\x03\x01garbage",
        b"GET\r\n\r\n",
        b"BREW / HTCPCP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        HALF_A_HEAD.encode(),
        HALF_A_BODY.encode(),
    ],
)
def test_garbage_and_halves_change_nothing(service, said):
    before = orders_with_a_new_one(service)
    with service.connect() as connection:
        connection.sendall(said)
    assert orders_with_a_new_one(service)[1:20] == before[:19]


def orders_with_a_new_one(service):
    """Make an order; the list from it on."""
    made = service.call("POST", ORDERS, EMPTY_ORDER)
    answer = service.call("GET", ORDERS, X_Wait_For_Position=made.headers["x-log-position"])
    assert answer.body[0] == made.body
    return answer.body


@contextmanager
def many(half, service):
    """So many requests that do not come to their end."""
    with ExitStack() as opened:
        for _ in range(MANY):
            opened.enter_context(service.connect()).sendall(half.encode())
        yield


@pytest.mark.parametrize("half", [HALF_A_HEAD, HALF_A_BODY, NO_KEY])
def test_halves_keep_no_other_client_waiting(service, half):
    with many(half, service):
        assert service.send("GET", "/health/live", {}).status == 200
        made = service.call("POST", ORDERS, EMPTY_ORDER, Authorization=f"key {SHOP}")
        assert made.status == 201


LARGE = HALF_A_BODY.replace("Content-Length: 1000", "Transfer-Encoding: chunked").replace(
    '\r\n\r\n{"event": ', '\r\n\r\na\r\n{"event": \r\n'
)


def test_who_sends_too_many_large_halves_is_told_to_finish_them_first(service):
    with many(LARGE, service):
        last = service.connect()
        with last:
            last.sendall(LARGE.encode())
            said = last.recv(4096).decode()
        assert said.startswith("HTTP/1.1 429")
        assert "too_many_bodies" in said
        assert "retry-after: 1" in said
        assert service.call("POST", ORDERS, EMPTY_ORDER).status == 201


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A service that waits for a body for a moment only."""
    folder = tmp_path_factory.mktemp("impatient")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORDERLOG_BODY_SECONDS", "0.1")
        with serving(f"sqlite:///{folder}/orders.db", folder / "log") as service:
            yield service


def test_a_body_that_does_not_come_in_time_is_told_so(impatient):
    with impatient.connect() as connection:
        connection.sendall(HALF_A_BODY.replace("Host:", "X-Request-Id: slow\r\nHost:").encode())
        said = connection.recv(4096).decode()
    assert said.startswith("HTTP/1.1 408")
    assert "body_too_slow" in said
    assert "x-request-id: slow" in said
    assert "connection: close" in said


def test_what_comes_in_broken_chunks_is_told_so(impatient):
    with impatient.connect() as connection:
        chunked = HALF_A_BODY.replace("Content-Length: 1000", "Transfer-Encoding: chunked")
        connection.sendall(chunked.replace('{"event": ', "zz\r\n").encode())
        said = connection.recv(4096).decode()
    assert said.startswith("HTTP/1.1 400")
    assert "bad_json" in said
