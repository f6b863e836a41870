"""Clocks that jump while tries wait, and the log of deliveries as months go by."""

from datetime import timedelta

import pytest
from clock import Clock
from polling import until
from receiver import plain, receiver_thread
from seller import BoxOffice
from webhook_office import add_webhook, delivering, positions

from application.ports.webhooks import Attempt, WebhookState, shard_of
from application.runtime.clock import now
from application.webhooks.delivery import worker


@pytest.fixture
def office(address):
    with BoxOffice(address, real_time=True) as it:
        yield it


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_jumps_by_an_hour_changes_no_try(office, address, hours):
    clock = Clock(now())
    with receiver_thread(lambda *_: plain(500)) as receiver:
        webhook = add_webhook(office.store, receiver.address())
        pauses = []

        def pause_after(tries, chance, wait):
            pauses.append(tries)
            return 0.3

        with delivering(address, clock=clock, pause_after=pause_after):
            office.order(0)
            until(lambda: pauses, "it was not tried")
            clock.forward(hours=hours)
            count = len(pauses)
            until(lambda: len(pauses) > count, "it is not tried again")
            receiver.answer = lambda *_: plain()
            store = office.store.webhooks()
            until(lambda: not store.attempts(webhook.id, 1)[0].reason, "it is not confirmed")
        assert store.find(webhook.id).state is WebhookState.ACTIVE
    moments = {each.at for each in store.attempts(webhook.id, 100)}
    assert max(moments) - min(moments) == timedelta(hours=1)
    stamps = [int(each.headers["webhook-timestamp"]) for each in receiver.received]
    assert stamps[-1] - stamps[0] == 3600 * hours
    assert set(positions(receiver)) == {1}


def test_one_that_begins_after_a_jump_goes_on_with_what_waited(office, address):
    clock = Clock(now())
    with receiver_thread(lambda *_: plain(500)) as receiver:
        webhook = add_webhook(office.store, receiver.address())
        store, number = office.store.webhooks(), shard_of(webhook.id)
        with delivering(address, clock=clock, pause_after=lambda *_: 600.0):
            office.order(0)
            until(lambda: store.lanes(number), "it was not tried")
        receiver.answer = lambda *_: plain()
        clock.forward(hours=1)
        with delivering(address, clock=clock, pause_after=lambda *_: 600.0):
            until(lambda: not store.lanes(number), "it is not tried again")
    assert [each.reason for each in store.attempts(webhook.id, 9)] == ["", "answered_500"]


def test_tries_are_kept_for_thirty_days(office, address, monkeypatch):
    monkeypatch.setattr(worker, "PRUNE_SECONDS", 0.1)
    monkeypatch.setattr(worker, "PRUNED_AT_ONCE", 2)
    monkeypatch.setattr(worker, "PRUNE_PAUSE", 0.01)
    clock, store = Clock(now()), office.store.webhooks()
    webhook = add_webhook(office.store, "https://shop.example/")
    ages = [40, 35, 31, 31, 30.1, 29.9, 10, 0]
    for age in ages:
        at = clock.moment - timedelta(days=age)
        store.note(
            Attempt(
                webhook=webhook.id,
                position=1,
                order="o",
                at=at,
                status=200,
                reason="",
                seconds=0.1,
                head="",
            )
        )

    def kept():
        return len(store.attempts(webhook.id, 99))

    with delivering(address, clock=clock):
        until(lambda: kept() == 3, "the old ones are kept")
        clock.forward(days=20)
        until(lambda: kept() == 2, "those that have grown old are kept")
        clock.forward(days=9.9)
        until(lambda: kept() == 1, "those that have grown old are kept")
