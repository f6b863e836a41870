"""Notices that are nonsense, over a real socket: each is refused, and nothing is recorded."""

import gzip
from datetime import UTC, datetime

import pytest
from gateway import signed
from paying import ADDRESS, ask, being_paid, history, look, paid_by_gateway, sell_by_gateway, told


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    url = f"sqlite:///{folder / 'orders.db'}"
    sell_by_gateway(url)
    with paid_by_gateway(url, folder / "log") as service:
        yield service


def deep(opens, closes, levels=30_000):
    return opens * levels + closes * levels


def changed(body, **headers):
    return lambda sent: (body(sent), headers)


BAD = {
    "huge": (413, changed(lambda sent: sent[:-1] + b',"more":"' + b"x" * 100_000 + b'"}')),
    "nested arrays": (400, changed(lambda sent: sent[:-1] + b',"more":' + deep(b"[", b"]") + b"}")),
    "nested amount": (400, changed(lambda sent: sent.replace(b'"100.00"', deep(b"[", b"]")))),
    "nested objects": (400, changed(lambda sent: deep(b'{"data":', b"}", 5_000))),
    "compressed": (415, changed(gzip.compress, **{"Content-Encoding": "gzip"})),
    "not a number": (400, changed(lambda sent: sent.replace(b'"100.00"', b"NaN"))),
    "as a text": (400, changed(lambda sent: sent.replace(b"100.00", b"NaN"))),
    "too large": (400, changed(lambda sent: sent.replace(b'"100.00"', b"1e400"))),
    "too large a text": (400, changed(lambda sent: sent.replace(b"100.00", b"1e400"))),
    "negative": (400, changed(lambda sent: sent.replace(b"100.00", b"-100.00"))),
    "three decimals": (400, changed(lambda sent: sent.replace(b"100.00", b"100.001"))),
    "no text": (400, changed(lambda sent: b"\xff\xfe")),
    "empty": (400, changed(lambda sent: b"")),
}


@pytest.fixture(scope="module")
def order(service):
    return being_paid(service)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_notice_is_refused_and_leaves_nothing(service, order, name):
    status, change = BAD[name]
    before = history(service, order)
    method, path, _, good = told(order)
    body, more = change(good)
    headers = signed_anew(body)
    answer = ask(service, (method, path, headers | more, body))
    assert answer.status == status, answer.content
    assert answer.headers["content-type"] == "application/problem+json"
    assert history(service, order) == before


def signed_anew(body):
    """The headers of these bytes, well signed."""
    return {"Content-Type": "application/json", **signed(body, datetime.now(UTC))}


def test_pieces_without_a_length_are_refused(service):
    pieces = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    connection = service.connect()
    try:
        head = "".join(f"{name}: {value}\r\n" for name, value in pieces.items())
        connection.sendall(
            f"POST {ADDRESS} HTTP/1.1\r\nHost: a\r\n{head}\r\n2\r\n{{}}\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 411 ")
    finally:
        connection.close()


def test_a_good_one_is_taken_after_all_of_them(service):
    order = being_paid(service)
    assert ask(service, told(order)).body == {"status": "kept"}
    assert look(service, order)["status"] == "done"
    assert service.alive
