"""The delivery of webhooks over real stores, to real receivers."""

import asyncio
import base64
import time

import msgspec
import pytest
from polling import until
from receiver import plain, receiver_thread
from seller import SHOP, BoxOffice
from standardwebhooks import Webhook as Verifier
from webhook_office import (
    KEYS,
    add_webhook,
    change_webhook,
    deed,
    delivering,
    delivery_process,
    orders,
    positions,
    resume_webhook,
)

from application.ports.log_point import LogPoint
from application.ports.webhooks import Moves, Resend, WebhookState, shard_of
from application.webhooks.delivery import committer, retries
from application.webhooks.delivery.consumer import MOST_AT_ONCE


@pytest.fixture
def office(address):
    with BoxOffice(address, real_time=True) as it:
        yield it


def sell(office, count=1):
    """Orders with two events each; return the positions."""
    before = office.store.last_position()
    for _ in range(count):
        office.cancel(office.order())
    return list(range(before + 1, office.store.last_position() + 1))


def at_the_end(store, webhook):
    def true():
        found = store.webhooks().progress([webhook])[webhook.id]
        return found.position >= store.last_position() and not found.lanes

    return true


def state_of(store, webhook):
    found = store.webhooks().find(webhook.id)
    return found.state, found.reason


def failed_lanes(store, webhook):
    """Those that wait; the others are under way."""
    return [each for each in store.webhooks().lanes_of(webhook.id, 99) if each.reason]


def order_of(received):
    return msgspec.json.decode(received.body)["data"]["order"]


def test_each_event_is_sent_signed_and_in_order(office, address):
    with receiver_thread() as receiver, delivering(address):
        webhook = add_webhook(office.store, receiver.address())
        sold = sell(office, 5)
        until(lambda: len(receiver.received) == 10, "not all came")
        until(at_the_end(office.store, webhook), "it does not stand at the end")
    assert sorted(positions(receiver)) == sold
    assert set(map(tuple, orders(receiver).values())) == {(1, 2)}
    tries = office.store.webhooks().attempts(webhook.id, 100)
    assert [(each.status, each.reason, each.try_number) for each in tries] == [(200, "", 1)] * 10
    verifier = Verifier("whsec_" + base64.b64encode(KEYS.secrets[0]).decode())
    for each in receiver.received:
        assert verifier.verify(each.body.decode(), each.headers)
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 10


def test_one_goes_on_where_the_last_one_stopped(office, address):
    with receiver_thread() as receiver:
        webhook = add_webhook(office.store, receiver.address())
        sold = []
        for _ in range(3):
            sold += sell(office, 3)
            with delivering(address):
                until(at_the_end(office.store, webhook), "it does not stand at the end")
    assert sorted(positions(receiver)) == sold
    assert office.store.webhooks().positions(shard_of(webhook.id)) == {}


def test_an_order_that_fails_waits_and_others_go_on(office, address):
    failing = []

    def answer(received, writer):
        failing.append(order_of(received)) if not failing else None
        return plain(500 if order_of(received) in failing else 200, b"no")

    with receiver_thread(answer) as receiver, delivering(address):
        webhook = add_webhook(office.store, receiver.address())
        sold = sell(office, 4)
        until(lambda: len(orders(receiver)) == 4, "the others do not go on")
        [lane] = until(lambda: failed_lanes(office.store, webhook), "there is no lane")
        assert (lane.order, lane.reason) == (failing[0], "answered_500")
        failing[0] = ""
        until(at_the_end(office.store, webhook), "it does not stand at the end")
    assert set(positions(receiver)) == set(sold)
    assert orders(receiver)[lane.order][-2:] == [1, 2]
    assert 2 not in orders(receiver)[lane.order][:-1]


def test_one_that_hangs_delays_no_other(office, address):
    async def hang(received, writer):
        await asyncio.sleep(60)

    with (
        receiver_thread(hang) as slow,
        receiver_thread() as quick,
        delivering(address),
    ):
        add_webhook(office.store, slow.address(), id="0" * 23 + "1")
        webhook = add_webhook(office.store, quick.address(), id="1" * 23 + "1")
        until(at_the_end(office.store, webhook), "it was not taken in")
        begun = time.monotonic()
        sold = sell(office, 10)
        until(lambda: len(quick.received) == 20, "not all came")
        assert time.monotonic() - begun < 3.0
        assert sorted(positions(quick)) == sold
        slow.answer = lambda *_: plain()
        until(lambda: set(positions(slow)) == set(sold), "the slow one got not all", 30)


def test_one_that_is_gone_is_off_and_one_that_fails_for_days_is_paused(
    office, address, monkeypatch
):
    monkeypatch.setattr(retries, "GIVEN_UP_AFTER", retries.GIVEN_UP_AFTER * 0)
    monkeypatch.setattr(retries, "FEWEST_TRIES", 3)
    with (
        receiver_thread(lambda *_: plain(410)) as gone,
        receiver_thread(lambda *_: plain(503)) as down,
        delivering(address),
    ):
        first = add_webhook(office.store, gone.address())
        second = add_webhook(office.store, down.address())
        sold = sell(office)
        until(lambda: state_of(office.store, first) == ("off", "gone"), "it is not off")
        paused = ("paused", "answered_503")
        until(lambda: state_of(office.store, second) == paused, "it is not paused")
        count = len(down.received)
        down.answer = lambda *_: plain()
        resume_webhook(office.store, second)
        until(at_the_end(office.store, second), "it does not go on")
        assert positions(down)[count:] == sold


def test_a_person_pauses_and_resumes(office, address):
    with receiver_thread() as receiver, delivering(address):
        webhook = add_webhook(office.store, receiver.address())
        sold = sell(office)
        until(at_the_end(office.store, webhook), "it does not stand at the end")
        change_webhook(office.store, webhook, state=WebhookState.PAUSED, reason="by_person")
        number = shard_of(webhook.id)
        until(lambda: office.store.webhooks().positions(number), "it is not paused")
        sold += sell(office)
        assert len(receiver.received) == 2
        resume_webhook(office.store, webhook)
        until(at_the_end(office.store, webhook), "it does not go on")
        assert positions(receiver) == sold


def test_events_are_sent_again_one_by_one_and_from_a_position_on(office, address):
    with receiver_thread() as receiver, delivering(address):
        webhook = add_webhook(office.store, receiver.address())
        sold = sell(office, 3)
        until(at_the_end(office.store, webhook), "it does not stand at the end")
        again = [Resend(webhook.id, sold[0]), Resend(webhook.id, sold[3])]
        office.store.webhooks().send_again(again, 100, deed())
        until(lambda: len(receiver.received) == 8, "they were not sent again")
        assert set(positions(receiver)[6:]) == {sold[0], sold[3]}
        onwards = [Resend(webhook.id, sold[2], onwards=True)]
        office.store.webhooks().send_again(onwards, 100, deed())
        until(lambda: len(receiver.received) == 12, "not all from there on")
        assert set(positions(receiver)[8:]) == set(sold[2:])
        until(lambda: not office.store.webhooks().resends(shard_of(webhook.id), 9), "requests stay")
    names = [each.headers["webhook-id"] for each in receiver.received]
    assert len(set(names)) == 6
    assert any(each.again for each in office.store.webhooks().attempts(webhook.id, 50))


def test_only_what_is_wanted_is_sent(office, address):
    with receiver_thread() as receiver, delivering(address):
        add_webhook(office.store, receiver.address("/shop"), partner=SHOP)
        typed = ("orderlog.order.OrderCreated",)
        add_webhook(office.store, receiver.address("/typed"), types=typed)
        add_webhook(office.store, receiver.address("/show"), shows=("f" * 24,))
        webhook = add_webhook(office.store, receiver.address("/all"))
        sell(office, 2)
        until(at_the_end(office.store, webhook), "it does not stand at the end")
        until(lambda: len(receiver.received) >= 6, "not all came")
    paths = sorted(each.path for each in receiver.received)
    assert paths == ["/all"] * 4 + ["/typed"] * 2


def test_a_log_that_went_back_pauses_with_the_reason(office, address):
    with receiver_thread() as receiver:
        webhook = add_webhook(office.store, receiver.address())
        sell(office)
        with delivering(address):
            until(at_the_end(office.store, webhook), "it does not stand at the end")
        number, end = shard_of(webhook.id), office.store.last_position()
        ahead = LogPoint(office.store.log_id(), end + 10, b"x" * 32)
        assert office.store.webhooks().lease([number], "restored", 0.01)
        assert office.store.webhooks().commit(number, "restored", Moves(point=ahead))
        office.store.webhooks().release("restored")
        with delivering(address):
            reason = ("paused", "position_ahead_of_log")
            until(lambda: state_of(office.store, webhook) == reason, "it is not paused")
            assert len(receiver.received) == 2
            resume_webhook(office.store, webhook)
            sold = sell(office)
            until(lambda: positions(receiver)[2:] == sold, "it does not go on")


def test_nothing_is_sent_while_nothing_can_be_stored(office, address, monkeypatch):
    with receiver_thread() as receiver, delivering(address) as deliveries:
        webhook = add_webhook(office.store, receiver.address())
        sell(office)
        until(at_the_end(office.store, webhook), "it does not stand at the end")
        records = deliveries._store.webhooks()
        kind = type(records)
        real = kind.commit_all

        def away(*_):
            raise RuntimeError("no space")

        monkeypatch.setattr(kind, "commit_all", away)
        sell(office, 10)
        until(lambda: len(receiver.received) > 2, "nothing was sent")
        time.sleep(0.5)
        seen = len(receiver.received)
        sold = sell(office, 10)
        time.sleep(0.3)
        assert len(receiver.received) == seen
        monkeypatch.setattr(kind, "commit_all", real)
        until(lambda: set(sold) < set(positions(receiver)), "it does not go on")
        assert len(positions(receiver)) == len(set(positions(receiver)))


def test_little_is_sent_that_is_not_stored_yet(office, address, monkeypatch):
    monkeypatch.setattr(committer, "MOST_CHANGES", 3)
    monkeypatch.setattr(committer, "COMMIT_SECONDS", 0.4)
    waiting = []
    with receiver_thread() as receiver:
        webhook = add_webhook(office.store, receiver.address())
        sold = sell(office, 15)

        def at_end():
            came = len(receiver.received)
            waiting.append(came - len(office.store.webhooks().attempts(webhook.id, 100)))
            return at_the_end(office.store, webhook)()

        with delivering(address):
            until(at_end, "it does not stand at the end")
    assert sorted(positions(receiver)) == sold
    assert max(waiting) <= 3 + MOST_AT_ONCE


def owners(store):
    found = {}
    for state in store.webhooks().shards().values():
        found.setdefault(state.owner, []).append(state)
    return found


def test_servers_share_the_shards_and_take_over_those_of_another(office, address):
    def all_came(count):
        return sum(len(set(each)) for each in by_path(receiver).values()) == count

    with (
        receiver_thread() as receiver,
        delivery_process(address, quick=True) as other,
        delivering(address) as first,
    ):
        for number in range(16):
            add_webhook(office.store, receiver.address(f"/{number}"), id=f"{number:024x}")
        until(lambda: len(owners(office.store)) == 2, "they do not share")
        sell(office)
        until(lambda: all_came(32), "not all came")
        other.kill()
        begun = time.monotonic()
        until(lambda: owners(office.store).keys() == {first.owner}, "no one takes over")
        assert time.monotonic() - begun < 8.0
        sell(office)
        until(lambda: all_came(64), "not all came after that")


def by_path(receiver):
    found = {}
    for each in receiver.received:
        found.setdefault(each.path, []).append(each.headers["webhook-id"])
    return found
