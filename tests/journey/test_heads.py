"""What is refused by the head of a request alone, and what every answer carries."""

import gzip
import resource
import socket
import time
from contextlib import ExitStack, suppress

import pytest
from server import KEY, ORDERS, serving

CLOSE = "Connection: close"
HEAD_SECONDS = 0.5
SILENT = 1_100
"""More connections than closed the service once."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A service that waits for a head for half a second."""
    folder = tmp_path_factory.mktemp("heads")
    environment = {"ORDERLOG_HEAD_SECONDS": str(HEAD_SECONDS)}
    address = f"sqlite:///{folder}/orders.db"
    with serving(address, folder / "log", **environment) as service:
        yield service


def answer_to(service, *lines):
    """All that a service sends to a head."""
    return sent(service, "\r\n".join([*lines, CLOSE, "", ""]).encode())


def sent(service, data):
    with service.connect() as connection:
        connection.sendall(data)
        parts = []
        try:
            while part := connection.recv(65_536):
                parts.append(part)
        except ConnectionResetError:
            pass
        return b"".join(parts).decode()


def status_of(answer):
    return int(answer.split()[1])


def frame(kind, flags, stream, payload):
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def bomb():
    """A small frame of HTTP/2 that stands for sixteen megabytes: one header, repeated by index."""
    usual = b"\x82\x84\x86\x41\x01a"
    length = b"\x7f" + bytes([(4000 - 127) & 127 | 128, (4000 - 127) >> 7])
    header = b"\x40\x01x" + length + b"a" * 4000
    headers = frame(1, 5, 1, usual + header + b"\xbe" * 3900)
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + headers


def test_nobody_speaks_http_2_to_it(alone):
    with alone.connect() as connection:
        connection.sendall(bomb())
        began = time.monotonic()
        assert alone.send("GET", "/health/live", {}).status == 200
        assert time.monotonic() - began < 2
        connection.settimeout(5)
        with suppress(ConnectionResetError):
            assert connection.recv(4096) == b""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([f"X-{number}: 1" for number in range(101)], 431),
        (["X-Same: 1"] * 101, 431),
        (["X-Same: 1"] * 90, 200),
        ([f"X-Long: {'a' * 66_000}"], 431),
        ([f"X-{number}: {'a' * 1000}" for number in range(90)], 431),
        ([f"X-{number}: {'a' * 600}" for number in range(90)], 200),
    ],
)
def test_a_head_has_a_size(alone, headers, status):
    answer = answer_to(alone, "GET /health/live HTTP/1.1", "Host: orderlog", *headers)
    assert status_of(answer) == status


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [
        ("1.1", ["orderlog"], 200),
        ("1.1", ["[::1]:8080"], 200),
        ("1.0", [], 200),
        ("1.0", ["a", "b"], 400),
        ("1.1", [], 400),
        ("1.1", ["a", "b"], 400),
        ("1.1", ["a", "a"], 400),
        ("1.1", [""], 400),
        ("1.1", ["a, b"], 400),
        ("1.1", ["a/b"], 400),
        ("1.1", ["\u00e4"], 400),
    ],
)
def test_a_request_has_one_host(alone, version, hosts, status):
    lines = [f"Host: {host}" for host in hosts]
    answer = answer_to(alone, f"GET /health/live HTTP/{version}", *lines)
    assert status_of(answer) == status
    assert ("bad_host" in answer) == (status == 400)


@pytest.mark.parametrize(
    ("target", "hosts", "status"),
    [
        ("http://elsewhere/health/live", ["orderlog"], 200),
        ("http://elsewhere:81/health/live", ["orderlog"], 200),
        ("http://user@elsewhere/health/live", ["orderlog"], 400),
        ("http://elsewhere/health/live", [], 400),
        ("http://elsewhere/health/live", ["a", "b"], 400),
        ("http://elsewhere/health/live", ["a/b"], 400),
        ("http://elsewhere//health/live", ["orderlog"], 404),
        ("http://elsewhere", ["orderlog"], 303),
        ("elsewhere", ["orderlog"], 404),
        ("*", ["orderlog"], 404),
    ],
)
def test_the_host_in_a_target_is_the_one_that_counts(alone, target, hosts, status):
    lines = [f"Host: {host}" for host in hosts]
    answer = answer_to(alone, f"GET {target} HTTP/1.1", "Accept: text/html", *lines)
    assert status_of(answer) == status


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "BREW"])
def test_methods_that_nothing_has_are_refused(alone, method):
    target = "elsewhere:1" if method == "CONNECT" else "/health/live"
    assert status_of(answer_to(alone, f"{method} {target} HTTP/1.1", "Host: a")) in {404, 405}


@pytest.mark.parametrize(
    "path",
    [
        "/metrics/",
        "//metrics",
        "///metrics",
        "/./metrics",
        "/x/../metrics",
        "/Metrics",
        "/health//live",
        "/health/live/",
        "//openapi.json",
        f"/{ORDERS}",
        f"{ORDERS}/",
        "/console/",
        "//console/sign-in",
        "/console/static//console.css",
        "/console/static/./console.css",
        "/nowhere",
        "/v1/nowhere",
    ],
)
@pytest.mark.parametrize("key", [KEY, None])
def test_a_path_has_one_spelling(alone, path, key):
    more = [] if key is None else [f"Authorization: key {key}"]
    answer = answer_to(alone, f"GET {path} HTTP/1.1", "Host: orderlog", *more)
    assert status_of(answer) == 404


def test_what_is_there_asks_for_a_key(alone):
    assert status_of(answer_to(alone, f"GET {ORDERS} HTTP/1.1", "Host: orderlog")) == 401
    assert status_of(answer_to(alone, f"PUT {ORDERS} HTTP/1.1", "Host: orderlog")) == 405


@pytest.mark.parametrize(
    "path", ["/health/live", "/metrics", ORDERS, f"{ORDERS}/{'0' * 24}", "/nowhere", "/console"]
)
def test_browsers_and_caches_are_told_what_they_may_not_do(alone, path):
    answer = alone.call("GET", path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers
    behind_tls = alone.call("GET", path, X_Forwarded_Proto="https")
    assert "max-age=" in behind_tls.headers["strict-transport-security"]


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP"])
def test_a_compressed_body_is_called_what_it_is(alone, encoding):
    body = gzip.compress(b"{}")
    lines = (
        f"POST {ORDERS} HTTP/1.1",
        "Host: orderlog",
        f"Authorization: key {KEY}",
        "Content-Type: application/json",
        f"Content-Encoding: {encoding}",
        f"Content-Length: {len(body)}",
        CLOSE,
    )
    answer = sent(alone, "\r\n".join([*lines, "", ""]).encode() + body)
    assert status_of(answer) == 415
    assert "bad_content_encoding" in answer
    assert "accept-encoding: identity" in answer


@pytest.mark.parametrize("begun", [b"", b"GET /health/live HTTP/1.1\r\nHost: order"])
def test_a_head_that_does_not_come_ends_its_connection(alone, begun):
    with alone.connect() as connection:
        connection.sendall(begun)
        began = time.monotonic()
        connection.settimeout(10 * HEAD_SECONDS)
        assert connection.recv(4096) == b""
        assert time.monotonic() - began < 8 * HEAD_SECONDS


def test_silent_connections_leave_room_for_others(alone):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4 * SILENT, hard), hard))
    try:
        with ExitStack() as opened:
            for _ in range(SILENT):
                silent = socket.create_connection((alone.host, alone.port), 5)
                opened.enter_context(silent)
            began = time.monotonic()
            assert alone.send("GET", "/health/live", {}).status == 200
            assert time.monotonic() - began < 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
