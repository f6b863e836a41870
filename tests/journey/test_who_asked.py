"""Every line of the log says who asked for what, also where the event loop answers."""

import json

import pytest
from polling import until
from server import EMPTY_ORDER, KEY, ORDERS, PARTNER, SECONDS, serving

ORDER = "5" * 24
ROUTE = f"{ORDERS}/<order_id:order>"


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    quiet = {"ORDERLOG_LOG_LEVEL": "DEBUG"}  # probes leave no line otherwise
    with serving(f"sqlite:///{folder}/orders.db", folder / "log", **quiet) as service:
        yield service


def sent(service, head, body=b""):
    """The status of a request, and its line in the log."""
    number = f"r{abs(hash(head))}"
    head = f"{head}\r\nX-Request-Id: {number}\r\nConnection: close\r\n\r\n"
    with service.connect() as connection:
        connection.sendall(head.encode() + body)
        connection.settimeout(SECONDS)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    line = until(
        lambda: [each for each in service.log("request") if each["id"] == number],
        "the line does not come",
    )[0]
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[0].decode().lower(), line


@pytest.mark.parametrize(
    ("head", "status", "route", "order"),
    [
        (f"GET {ORDERS}/{ORDER} HTTP/1.1\r\nHost: a b", 400, ROUTE, ORDER),
        (f"GET {ORDERS} HTTP/1.1\r\nHost: a\r\nX: {'x' * 65_000}{'y' * 600}", 431, ORDERS, None),
        ("GET /health/live HTTP/1.1\r\nHost: a", 200, "/health/live", None),
        ("GET /metrics HTTP/1.1\r\nHost: a", 200, "/metrics", None),
    ],
)
def test_what_the_loop_answers_is_logged_like_all_others(asked, head, status, route, order):
    found, headers, line = sent(asked, f"{head}\r\nAuthorization: key {KEY}")
    assert found == status
    assert (line["partner"], line["route"], line["order"]) == (PARTNER, route, order)
    assert line["key"]
    assert line["address"] == "127.0.0.1"
    assert "x-partner" not in headers  # nobody learns here whether a key is good


def test_a_guess_too_many_has_its_route(asked):
    for number in range(30):
        head = f"GET {ORDERS}/{ORDER} HTTP/1.1\r\nHost: a\r\nAuthorization: key {number}"
        status, _, line = sent(asked, head)
        if status == 429:
            break
    assert (status, line["route"], line["order"], line["partner"]) == (429, ROUTE, ORDER, None)


def test_no_header_makes_a_caller(asked):
    for name in ("orderlog.caller", "orderlog-caller", "Orderlog_Caller"):
        answer = asked.send("GET", ORDERS, {name: PARTNER})
        assert answer.status == 401


def test_a_form_in_chunks_is_asked_for_its_length(asked):
    form = b"key=" + b"x" * 20_000
    head = "POST /console/sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    head += "Content-Type: application/x-www-form-urlencoded"
    body = f"{len(form):x}\r\n".encode() + form + b"\r\n0\r\n\r\n"
    assert sent(asked, head, body)[0] == 411


def test_a_chunked_body_within_the_limit_is_read(asked):
    body = json.dumps(EMPTY_ORDER).encode()
    head = f"POST {ORDERS} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    head += f"Content-Type: application/json\r\nAuthorization: key {KEY}"
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    status, _, line = sent(asked, head, chunk)
    assert (status, line["partner"]) == (201, PARTNER)
