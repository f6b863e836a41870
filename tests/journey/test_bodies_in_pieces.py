"""A body in chunks costs a turn of the event loop for each, so who sends many is slowed down."""

import asyncio
import json
import socket
import time
from pathlib import Path

import pytest
from polling import until
from server import EMPTY_ORDER, KEY, ORDERS, serving

from interface.server.bodies import SMALL_PIECES_A_SECOND, SMALL_PIECES_AT_ONCE, Pace

BAD = "0" * 32
CHUNKED = "Transfer-Encoding: chunked"
EXPECT = "Expect: 100-continue\r\nContent-Length: 2"
FORM = "application/x-www-form-urlencoded"


def begun(service, path, *lines, body=b""):
    """What a service answers to a body of which more is to come."""
    head = (f"POST {path} HTTP/1.1", "Host: orderlog", *lines, "", "")
    with service.connect() as connection:
        connection.settimeout(5)
        connection.sendall("\r\n".join(head).encode() + body)
        return connection.recv(4096).decode()


@pytest.mark.parametrize("key", [None, BAD])
@pytest.mark.parametrize("how", [CHUNKED, EXPECT, "Content-Length: 60000000"])
@pytest.mark.parametrize(
    ("path", "status"), [(ORDERS, 401), (f"{ORDERS}/{'0' * 24}", 405), ("/nowhere", 404)]
)
def test_nobody_is_answered_before_the_body_comes(service, key, how, path, status):
    keys = [] if key is None else [f"Authorization: key {key}"]
    said = begun(service, path, how, "Content-Type: application/json", *keys)
    assert said.startswith(f"HTTP/1.1 {status}")


def test_a_partner_is_told_to_go_on(service):
    key = f"Authorization: key {KEY}"
    said = begun(service, ORDERS, EXPECT, "Content-Type: application/json", key)
    assert said.startswith("HTTP/1.1 100")


def test_a_form_comes_with_its_length(service):
    said = begun(service, "/console/sign-in", CHUNKED, f"Content-Type: {FORM}", body=b"1\r\na\r\n")
    assert said.startswith("HTTP/1.1 411")
    assert "length_required" in said


def chunked(text):
    return b"".join(b"1\r\n%c\r\n" % each for each in text.encode()) + b"0\r\n\r\n"


def test_small_chunks_are_read_slowly_and_wholly(service):
    text = json.dumps(EMPTY_ORDER) + " " * 600
    keyed = (CHUNKED, "Content-Type: application/json", f"Authorization: key {KEY}")
    began = time.monotonic()
    assert begun(service, ORDERS, *keyed, body=chunked(text)).startswith("HTTP/1.1 201")
    assert time.monotonic() - began > 400 / SMALL_PIECES_A_SECOND


def test_all_small_chunks_of_a_partner_share_one_pace():
    loop = asyncio.new_event_loop()
    now = [0.0]
    loop.time = lambda: now[0]
    pace = Pace(loop)
    many = SMALL_PIECES_AT_ONCE + SMALL_PIECES_A_SECOND
    now[0] = 100.0
    assert not any(pace.pause("a") for _ in range(SMALL_PIECES_AT_ONCE // 2))
    pauses = [pace.pause("a") for _ in range(many)]
    assert max(pauses) == pytest.approx(1.0, rel=0.1)
    assert pace.pause("b") == 0
    now[0] += 10
    assert pace.pause("a") == 0
    loop.close()


def test_who_takes_no_answer_is_let_go(tmp_path):
    database, quick = f"sqlite:///{tmp_path}/orders.db", {"ORDERLOG_BODY_SECONDS": "0.5"}
    with (
        serving(database, tmp_path / "log", **quick) as service,
        socket.socket() as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect((service.host, service.port))
        client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: orderlog\r\n\r\n" * 90)
        until(lambda: connections(service), "the client is not connected")
        until(lambda: not connections(service), "the client is waited for")


def connections(service):
    """How many established connections its processes have; a client that is let go is not told."""
    lines = [each.split() for each in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = f":{service.port:04X}"
    return sum(each[1].endswith(ours) and each[3] == "01" for each in lines)
