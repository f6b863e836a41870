"""What the metrics say of all webhooks together."""

from datetime import timedelta

import pytest
from seller import BoxOffice
from webhook_office import add_webhook, deed

from application.operations.metrics import figures
from application.ports.webhooks import Lane, Moves, WebhookState, shard_of
from application.runtime.clock import now
from application.webhooks.delivery.outcomes import Outcome, Verdict
from application.webhooks.delivery.try_counts import TryCounts


@pytest.fixture
def office(address):
    with BoxOffice(address, real_time=True) as it:
        for _ in range(5):
            it.order()
        yield it


def of(office, moment):
    return figures(office.store, office.services.queries, moment, 0.0).webhooks


def test_without_webhooks_nothing_is_behind(office):
    found = of(office, now())
    assert (found.behind, found.late, found.lanes) == (0, 0.0, 0)
    assert dict(found.states) == {"active": 0, "paused": 0, "off": 0}


def move(office, webhook, *lanes):
    """Have a webhook stand where its shard does, but for these orders."""
    number = shard_of(webhook.id)
    assert office.store.webhooks().lease([number], "a worker", 5.0)
    moves = Moves(endpoints={webhook.id: None}, lanes=list(lanes))
    assert office.store.webhooks().commit(number, "a worker", moves)
    office.store.webhooks().release("a worker")


def lane(webhook, since, reason):
    return Lane(
        webhook=webhook.id,
        order=f"order {since}",
        position=1,
        tries=2,
        first_failed_at=since,
        next_try_at=since,
        reason=reason,
    )


def test_the_active_webhook_that_is_last_counts_and_orders_that_wait(office):
    here = now()
    first = add_webhook(office.store, "https://a.example/", id="0" * 24, after=2)
    add_webhook(office.store, "https://b.example/", id="0" * 23 + "1", after=4)
    add_webhook(office.store, "https://c.example/", after=0, state=WebhookState.PAUSED)
    found = of(office, here + timedelta(seconds=60))
    assert dict(found.states) == {"active": 2, "paused": 1, "off": 0}
    assert found.behind == 3
    assert 60 <= found.late < 120
    move(office, first)
    assert of(office, here).behind == 1
    hour, under_way = here - timedelta(hours=1), here - timedelta(hours=2)
    move(office, first, lane(first, hour, "timeout"), lane(first, under_way, ""))
    found = of(office, here)
    assert found.lanes == 1
    assert found.late == pytest.approx(3600, abs=1)
    known = office.store.webhooks().find(first.id)
    office.store.webhooks().remove(first.id, known.revision, deed())
    assert of(office, here).lanes == 0


def test_tries_are_counted_by_few_names():
    counts = TryCounts()
    for status, reason in ((200, ""), (204, ""), (500, "answered_500"), (503, "answered_503")):
        counts.add(Outcome(verdict=Verdict.RETRY, status=status, reason=reason))
    counts.add(Outcome(verdict=Verdict.RETRY, reason="timeout"))
    counts.add(Outcome(verdict=Verdict.RETRY, status=302, reason="redirected"))
    assert list(counts.all()) == [
        ("answered_5xx", 2),
        ("confirmed", 2),
        ("redirected", 1),
        ("timeout", 1),
    ]
