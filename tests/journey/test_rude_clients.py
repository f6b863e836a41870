"""What a client does wrong harms nobody but itself."""

from contextlib import ExitStack, contextmanager

import pytest
from serving import EMPTY_ORDER, KEY, ORDERS, until

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


def test_who_sends_too_many_halves_is_told_to_finish_them_first(service):
    with many(HALF_A_BODY, service):
        refused = service.call("POST", ORDERS, EMPTY_ORDER, X_Request_Id="one-too-many")
        assert (refused.status, refused.body["code"]) == (429, "too_many_bodies")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["x-request-id"] == "one-too-many"
        assert refused.headers["retry-after"]
        assert service.call("GET", ORDERS).status == 200
    until(lambda: service.call("POST", ORDERS, EMPTY_ORDER).status == 201, "it never forgives")
