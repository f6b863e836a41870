"""What waits for webhooks, counted from the log."""

from datetime import timedelta

import pytest
from seller import SHOP, BoxOffice
from webhook_office import add_webhook

from application.ports.webhooks import Lane, Moves, shard_of
from application.runtime.clock import now
from application.webhooks import backlog
from application.webhooks.backlog import Backlog

CANCELLED = "orderlog.order.StatusChanged"


@pytest.fixture
def office(address):
    with BoxOffice(address, real_time=True) as it:
        yield it


def waits(office, *webhooks):
    found = office.services.webhooks.backlogs(webhooks)
    return [found[each.id] for each in webhooks]


def sell(office, count):
    """Orders with two events each; return the events of all."""
    for _ in range(count):
        office.cancel(office.order())
    return office.services.feed.scan(0, 10_000).events


def test_only_what_a_webhook_is_for_waits_for_it(office):
    everything = add_webhook(office.store, "https://a.example/", after=0)
    typed = add_webhook(office.store, "https://b.example/", after=0, types=(CANCELLED,))
    other = add_webhook(office.store, "https://c.example/", after=0, partner=SHOP)
    events = sell(office, 3)
    at_the_end = add_webhook(office.store, "https://d.example/")
    assert waits(office, everything, typed, other, at_the_end) == [
        Backlog(events=6, since=events[0].at),
        Backlog(events=3, since=events[1].at),
        Backlog(),
        Backlog(),
    ]


def test_events_of_orders_that_wait_count_as_well(office):
    events = sell(office, 3)
    webhook = add_webhook(office.store, "https://a.example/")
    since = now() - timedelta(hours=2)
    lane = Lane(
        webhook=webhook.id,
        order=events[2].order,
        position=events[2].position,
        tries=1,
        first_failed_at=since,
        next_try_at=since,
        reason="timeout",
    )
    shard = shard_of(webhook.id)
    office.store.webhooks().lease([shard], "mine", 60)
    assert office.store.webhooks().commit(shard, "mine", Moves(lanes=[lane]))
    assert waits(office, webhook) == [
        Backlog(events=1, since=since.replace(microsecond=since.microsecond // 1000 * 1000))
    ]


def test_of_a_long_backlog_so_much_is_counted_and_the_rest_is_said_to_be_more(office, monkeypatch):
    webhook = add_webhook(office.store, "https://a.example/", after=0)
    events = sell(office, 4)
    monkeypatch.setattr(backlog, "COUNTED", 3)
    late = add_webhook(office.store, "https://b.example/", after=events[-3].position)
    assert waits(office, webhook, late) == [
        Backlog(events=3, more=True, since=events[0].at),
        Backlog(events=2, since=events[-2].at),
    ]
