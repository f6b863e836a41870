"""What a client does wrong harms nobody but itself."""

from contextlib import ExitStack

import pytest
from serving import EMPTY_ORDER, KEY, ORDERS

HALF_A_BODY = (
    f"POST {ORDERS} HTTP/1.1\r\nHost: orderlog\r\nAuthorization: key {KEY}\r\n"
    'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"event": '
)
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


@pytest.mark.parametrize(("half", "many"), [(HALF_A_HEAD, 100), (HALF_A_BODY, 16)])
def test_halves_keep_no_other_client_waiting(service, half, many):
    with ExitStack() as opened:
        for _ in range(many):
            opened.enter_context(service.connect()).sendall(half.encode())
        assert service.send("GET", "/health/live", {}).status == 200
        assert service.order()
