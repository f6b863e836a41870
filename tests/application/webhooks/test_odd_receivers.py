"""The whole delivery to receivers that hang, lie, redirect or move, until they confirm at last."""

import asyncio
import socket
import time
from base64 import b64decode
from datetime import timedelta
from email.utils import format_datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from polling import until
from receiver import plain, receiver_thread
from seller import BoxOffice, on_one_store
from webhook_office import KEYS, add_webhook, delivering, orders, positions

from application.runtime.clock import now
from application.webhooks.delivery.message import Limits
from application.webhooks.delivery.retries import LONGEST_WAIT
from application.webhooks.delivery.signatures import SigningKeys

pytestmark = on_one_store
BRIEF = Limits(connect=0.3, whole=0.3, body=0.1)
ODD_TRIES = 2
"""So often each order's first event meets the oddity, before it is confirmed."""


@pytest.fixture
def office(address):
    with BoxOffice(address, real_time=True) as it:
        yield it


def sell(office, count=2):
    """Orders with two events each."""
    for _ in range(count):
        office.cancel(office.order(0))


def came_to_the_end(office, *webhooks):
    def true():
        last, found = office.store.last_position(), office.store.webhooks().progress(webhooks)
        return all(each.position >= last and not each.lanes for each in found.values())

    until(true, "not all is confirmed in the end")


async def hang(received, writer):
    await asyncio.sleep(1)


async def by_the_byte(received, writer):
    for each in plain(200, b"x" * 100):
        writer.write(bytes([each]))
        await writer.drain()
        await asyncio.sleep(0.02)


def reset(received, writer):
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


ODDITIES = {
    "hangs": (hang, "timeout"),
    "resets": (reset, "connection_lost"),
    "lies": (lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n", "answer_unreadable"),
    "slow": (by_the_byte, "timeout"),
    "inside": (lambda *_: plain(307, Location="http://10.0.0.1/"), "address_refused"),
    "metadata": (
        lambda *_: plain(308, Location="http://169.254.169.254/latest"),
        "address_refused",
    ),
}


def test_whatever_a_receiver_does_all_arrives_in_order_and_no_other_waits(office, address):
    met = {}

    def answer(received, writer):
        odd, _ = ODDITIES.get(received.path.strip("/"), (None, ""))
        name = (received.path, received.headers["webhook-id"])
        met[name] = met.get(name, 0) + 1
        once_more = 2 * ODD_TRIES if odd is reset else ODD_TRIES  # it is replaced at once, once
        return odd(received, writer) if odd and met[name] <= once_more else plain()

    with receiver_thread(answer) as receiver:
        quick = add_webhook(office.store, receiver.address("/quick"))
        odd = {name: add_webhook(office.store, receiver.address(f"/{name}")) for name in ODDITIES}
        with delivering(address, limits=BRIEF):
            sell(office)
            came_to_the_end(office, quick, *odd.values())
        came = list(receiver.received)
    for name, webhook in odd.items():
        tries = office.store.webhooks().attempts(webhook.id, 100)
        failed = [each.reason for each in tries if each.reason]
        assert failed == [ODDITIES[name][1]] * ODD_TRIES * 4, name
        receiver.received = [each for each in came if each.path == f"/{name}"]
        assert all(own == sorted(own) for own in orders(receiver).values()), name
        assert set(positions(receiver)) == set(range(1, office.store.last_position() + 1)), name
    assert len(office.store.webhooks().attempts(quick.id, 100)) == 4


def test_a_name_that_comes_to_mean_another_machine_gets_nothing_there(office, address):
    found = ["127.0.0.1", "10.0.0.1", "10.0.0.1", "127.0.0.1"]

    async def look(name):
        return [found.pop(0) if len(found) > 1 else found[0]]

    with receiver_thread(lambda *_: plain(200, Connection="close")) as receiver:
        webhook = add_webhook(office.store, receiver.address(host="shop.example"))
        with delivering(address, lookup=look):
            office.order(0)
            came_to_the_end(office, webhook)
            office.order(0)
            came_to_the_end(office, webhook)
    tries = office.store.webhooks().attempts(webhook.id, 9)[::-1]
    assert [each.reason for each in tries] == ["", "address_refused", "address_refused", ""]
    assert positions(receiver) == [1, 2]


def test_a_receiver_is_left_alone_for_as_long_as_it_says(office, address):
    at = {"/seconds": [], "/date": [], "/far": []}

    def answer(received, writer):
        times = at[received.path]
        times.append(time.time())
        if len(times) > 1 and received.path != "/far":
            return plain()
        wait = {
            "/seconds": "1",
            "/date": format_datetime(now() + timedelta(seconds=2), usegmt=True),
            "/far": "999999999",
        }
        return plain(503, Retry_After=wait[received.path])

    with receiver_thread(answer) as receiver:
        seconds, date, far = (add_webhook(office.store, receiver.address(path)) for path in at)
        with delivering(address):
            office.order(0)
            until(lambda: all(at.values()), "not all were tried")
            office.order(0)  # of another order, but for the same receiver
            came_to_the_end(office, seconds, date)
    for path in ("/seconds", "/date"):
        assert 0.9 <= at[path][1] - at[path][0] <= 5
    assert len(at["/far"]) == 1
    [lane] = office.store.webhooks().lanes_of(far.id, 9)
    assert timedelta(0) < lane.next_try_at - lane.first_failed_at <= timedelta(seconds=LONGEST_WAIT)


def test_v1a_is_verified_with_the_public_key_alone(office, address):
    seed = bytes(range(32))
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    with receiver_thread() as receiver:
        webhook = add_webhook(office.store, receiver.address())
        with delivering(address, keys=SigningKeys(KEYS.secrets, [seed])):
            office.order(0)
            came_to_the_end(office, webhook)
    [received] = receiver.received
    said = received.headers
    signed = f"{said['webhook-id']}.{said['webhook-timestamp']}.".encode() + received.body
    [v1a] = [each for each in said["webhook-signature"].split() if each.startswith("v1a,")]
    public.verify(b64decode(v1a.removeprefix("v1a,")), signed)
