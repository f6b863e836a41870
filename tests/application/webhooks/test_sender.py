"""Sending a message: each receiver that hangs, lies or redirects is a real one on loopback."""

import asyncio
import base64
import gzip
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import own_loop
import pytest
from certificates import Certificate
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from receiver import plain, receiving
from standardwebhooks import Webhook

from application.webhooks.delivery.addresses import AllowedAddresses
from application.webhooks.delivery.message import Limits, Message
from application.webhooks.delivery.outcomes import Verdict, head_of, seconds_of
from application.webhooks.delivery.sender import Sender
from application.webhooks.delivery.signatures import SigningKeys, signed_headers

LOOPBACK = AllowedAddresses(["127.0.0.0/8", "::1"])
NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = Limits(connect=0.3, whole=0.4, body=0.1)
BRIEF = Limits(body=0.2)
PUBLIC = ssl.create_default_context()
KEYS = SigningKeys([b"a secret of 24 bytes ..1"])
BODY = b'{"id":"12"}'


def message(address):
    return Message(address=address, name="msg_log_12", body=BODY, keys=KEYS)


def lookup_of(**names):
    async def look(name):
        found = names[name.replace(".", "_")]
        return [found] if isinstance(found, str) else found.pop(0)

    return look


def sent(answer, path="/hook", tls=None, address=None, **options):
    """The outcome of one message to a receiver that answers so, and what it received."""

    async def run():
        options.setdefault("limits", BRIEF)
        options.setdefault("trusted", PUBLIC)
        allowed = options.pop("allowed", LOOPBACK)
        async with (
            receiving(answer, tls) as receiver,
            Sender(allowed, lambda: NOW, **options) as it,
        ):
            where = address(receiver) if address else receiver.address(path)
            return await it.send(message(where)), receiver

    return own_loop.run(run())


def test_an_answer_of_success_confirms():
    outcome, receiver = sent(lambda *_: plain(204, b""))
    assert (outcome.verdict, outcome.status, outcome.reason) == (Verdict.CONFIRMED, 204, "")
    [received] = receiver.received
    assert received.body == BODY
    assert received.headers["webhook-id"] == "msg_log_12"
    assert received.headers["content-type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize(
    ("status", "verdict", "reason"),
    [
        (400, Verdict.RETRY, "answered_400"),
        (429, Verdict.RETRY, "answered_429"),
        (500, Verdict.RETRY, "answered_500"),
        (302, Verdict.RETRY, "redirected"),
        (410, Verdict.OFF, "gone"),
    ],
)
def test_any_other_answer_does_not(status, verdict, reason):
    outcome, _ = sent(lambda *_: plain(status, b"why", Location="/other"))
    assert (outcome.verdict, outcome.reason, outcome.status) == (verdict, reason, status)
    assert outcome.head == "why"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("9999999", 86_400.0),
        (format_datetime(NOW + timedelta(minutes=5)), 300.0),
        (format_datetime(NOW - timedelta(minutes=5)), 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_at_most_a_day(text, seconds):
    assert seconds_of(text, NOW) == seconds
    outcome, _ = sent(lambda *_: plain(503, Retry_After=text))
    assert outcome.retry_after == seconds


def test_the_signatures_are_those_of_standard_webhooks():
    second = b"another secret, 24 bytes"
    at = int(datetime.now(UTC).timestamp())
    headers = signed_headers(SigningKeys([*KEYS.secrets, second]), "msg_1", at, BODY)
    for secret in (*KEYS.secrets, second):
        theirs = Webhook("whsec_" + base64.b64encode(secret).decode())
        assert theirs.verify(BODY.decode(), headers) == {"id": "12"}


def test_an_asymmetric_signature_is_checked_with_the_public_key():
    seed = bytes(range(32))
    headers = signed_headers(SigningKeys([b"x" * 24], [seed]), "msg_1", 5, BODY)
    v1, v1a = headers["webhook-signature"].split(" ")
    assert v1.startswith("v1,")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    public.verify(base64.b64decode(v1a.removeprefix("v1a,")), b"msg_1.5." + BODY)
    assert len(public.public_bytes_raw()) == 32


async def hang(received, writer):
    await asyncio.sleep(5)


async def by_the_byte(received, writer):
    for each in plain(200, b"x" * 500):
        writer.write(bytes([each]))
        await writer.drain()
        await asyncio.sleep(0.05)


def reset(received, writer):
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (hang, "timeout"),
        (by_the_byte, "timeout"),
        (reset, "connection_lost"),
        (lambda *_: None, "connection_lost"),
        (lambda *_: b"SSH-2.0-OpenSSH\r\n", "answer_unreadable"),
        (lambda *_: plain(200, X="x" * 100_000), "answer_unreadable"),
        (lambda *_: plain(200, **{f"X{n}": "x" for n in range(5000)}), "answer_unreadable"),
        (lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nok", "answer_unreadable"),
    ],
)
def test_an_answer_without_a_head_confirms_nothing(answer, reason):
    outcome, _ = sent(answer, limits=QUICK if reason == "timeout" else BRIEF)
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, reason)
    assert outcome.seconds < 5


BOMB = gzip.compress(b"0" * 10**7)


async def without_end(received, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize(
    "answer",
    [
        lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort",
        without_end,
        lambda *_: plain(200, BOMB, Content_Encoding="gzip"),
    ],
)
def test_the_status_counts_even_if_the_body_lies_or_does_not_end(answer):
    outcome, _ = sent(answer)
    assert outcome.verdict is Verdict.CONFIRMED
    assert len(outcome.head) <= 500
    assert outcome.seconds < 3


def test_the_head_of_an_answer_is_safe_to_print():
    assert head_of("é\x1b[31m\0<b>\u202e".encode(), "") == "é [31m <b> "
    assert head_of(b"\xff\xfe", "") == " "
    assert head_of(b"x" * 9000, "") == "x" * 500
    assert not head_of(b"x", "gzip")


REFUSED = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"),
]


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused_after_resolution(address):
    outcome, receiver = sent(
        lambda *_: plain(),
        address=lambda it: f"https://shop.example:{it.port}/hook",
        allowed=AllowedAddresses(),
        lookup=lookup_of(shop_example=address),
    )
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "address_refused")
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "form",
    [
        "https://127.0.0.1:{}/hook",
        "https://[::1]:{}/hook",
        "https://[::ffff:127.0.0.1]:{}/hook",
        "http://127.0.0.1:{}/hook",
        "https://127.1:{}/hook",
        "https://2130706433:{}/hook",
        "https://user:pw@shop.example:{}/hook",
        "ftp://shop.example:{}/hook",
        "https:///hook",
    ],
)
def test_a_literal_or_another_form_is_refused_without_a_connection(form):
    outcome, receiver = sent(
        lambda *_: plain(),
        address=lambda it: form.format(it.port),
        allowed=AllowedAddresses(),
        lookup=lookup_of(shop_example="8.8.8.8"),
    )
    assert outcome.reason == "address_refused"
    assert receiver.connections == 0


def test_one_refused_address_of_a_name_refuses_all():
    outcome, receiver = sent(
        lambda *_: plain(),
        address=lambda it: f"http://shop.example:{it.port}/",
        allowed=AllowedAddresses(["127.0.0.1"]),
        lookup=lookup_of(shop_example=[["127.0.0.1", "127.0.0.2"]]),
    )
    assert outcome.reason == "address_refused"
    assert receiver.connections == 0


def test_without_encryption_a_public_address_is_refused():
    outcome, _ = sent(
        lambda *_: plain(),
        address=lambda it: f"http://shop.example:{it.port}/",
        lookup=lookup_of(shop_example="8.8.8.8"),
    )
    assert outcome.reason == "address_refused"


def test_a_name_that_changes_is_checked_at_each_connection():
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def run():
        allowed = AllowedAddresses(["127.0.0.1"])
        look = lookup_of(shop_example=answers)
        close = lambda *_: plain(200, Connection="close")  # noqa: E731
        async with receiving(close) as it, Sender(allowed, lambda: NOW, lookup=look) as sender:
            address = it.address(host="shop.example")
            return [(await sender.send(message(address))).reason for _ in range(2)], it

    reasons, receiver = own_loop.run(run())
    assert reasons == ["", "address_refused"]
    assert receiver.received[0].headers["host"] == f"shop.example:{receiver.port}"


def test_a_redirect_that_keeps_the_method_is_followed():
    def answer(received, writer):
        return plain(308, Location="/new") if received.path == "/hook" else plain()

    outcome, receiver = sent(answer)
    assert outcome.verdict is Verdict.CONFIRMED
    assert [each.path for each in receiver.received] == ["/hook", "/new"]
    assert {each.body for each in receiver.received} == {BODY}


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "http://inside.example/", "file:///etc/passwd", "http://[::1"]
)
def test_a_redirect_to_a_refused_address_is_not_followed(target):
    outcome, _ = sent(
        lambda *_: plain(307, Location=target), lookup=lookup_of(inside_example="192.168.0.1")
    )
    assert outcome.reason == "address_refused"


def test_redirects_in_a_circle_end():
    outcome, receiver = sent(lambda *_: plain(307, Location="/hook"))
    assert outcome.reason == "too_many_redirects"
    assert len(receiver.received) == 4


def test_a_connection_that_is_not_accepted_is_a_reason():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        outcome, _ = sent(None, address=lambda _: f"http://127.0.0.1:{port}/")
    assert outcome.reason == "connection_refused"


def test_a_name_that_hangs_or_does_not_exist_is_a_reason():
    async def unknown(name):
        raise socket.gaierror(-2, "Name or service not known")

    async def hangs(name):
        await asyncio.sleep(5)

    address = lambda _: "https://shop.example/"  # noqa: E731
    assert sent(None, address=address, lookup=unknown)[0].reason == "name_unknown"
    assert sent(None, address=address, lookup=hangs, limits=QUICK)[0].reason == "connect_timeout"


def test_an_idle_connection_that_had_ended_is_replaced_at_once():
    async def run():
        async with receiving() as it, Sender(LOOPBACK, lambda: NOW) as sender:
            first = await sender.send(message(it.address()))
            it.answer = lambda *_: None
            broken = await sender.send(message(it.address()))
            it.answer = lambda *_: plain()
            return first, broken, await sender.send(message(it.address()))

    first, broken, last = own_loop.run(run())
    assert [each.verdict for each in (first, broken, last)] == ["confirmed", "retry", "confirmed"]


def test_connections_are_kept_between_messages():
    async def run():
        async with receiving() as it, Sender(LOOPBACK, lambda: NOW) as sender:
            for _ in range(3):
                await sender.send(message(it.address()))
            return it.connections

    assert own_loop.run(run()) == 1


def test_certificates_are_checked_for_the_name(tmp_path):
    own = Certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own.cert, own.key)
    names = {"lookup": lookup_of(localhost="127.0.0.1", shop_example="127.0.0.1")}

    def to(host, **options):
        return sent(
            lambda *_: plain(),
            tls=tls,
            address=lambda it: it.address(host=host),
            **names,
            **options,
        )[0].reason

    assert not to("localhost", trusted=own.trusted())
    assert to("shop.example", trusted=own.trusted()) == "tls_failed"
    assert to("localhost") == "tls_failed"
