"""A server that begins later gets its share of the webhooks, and nothing is sent twice for it."""

import time
from collections import Counter

import pytest
from polling import until
from receiver import receiver_thread
from seller import BoxOffice, on_one_store
from webhook_office import add_webhook, delivering, delivery_process, lease_for, positions

from application.webhooks.delivery import worker

WEBHOOKS = 4
LONG = 60.0
"""A lease that does not end, however busy the machine: then what was sent last would come twice."""


@pytest.fixture
def office(address):
    with BoxOffice(address, real_time=True) as it:
        yield it


def shares(office):
    known = office.store.webhooks().shards().values()
    owners = Counter(each.owner for each in known if each.owner)
    return sorted(owners.values())


def test_a_later_server_gets_its_share_while_orders_are_made(office, address, monkeypatch):
    lease_for(LONG, monkeypatch.setattr)
    with receiver_thread() as receiver:
        for number in range(WEBHOOKS):
            add_webhook(office.store, receiver.address(f"/{number}"), id=f"{number:024x}")
        with delivering(address) as first:
            until(lambda: shares(office) == [WEBHOOKS], "not all shards are leased")
            with delivery_process(address, quick=True, lease=LONG):

                def shared():  # no faster than they are delivered, however long it takes
                    if all_came(office, receiver):
                        time.sleep(0.2)
                        office.cancel(office.order(0))
                    return shares(office) == [WEBHOOKS // 2] * 2

                until(shared, "they do not share")
                until(lambda: all_came(office, receiver), "not all came")
            until(lambda: shares(office) == [WEBHOOKS], "what was left is not taken")
            assert first.alive
            office.order(0)
            until(lambda: all_came(office, receiver), "not all came after that")
    assert len(positions(receiver)) == WEBHOOKS * office.store.last_position()


@on_one_store
def test_a_lease_that_was_renewed_late_delays_and_stops_nothing(office, address, monkeypatch):
    monkeypatch.setattr(worker, "LEASE_SECONDS", 0.1)
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.5)
    with receiver_thread() as receiver, delivering(address):
        add_webhook(office.store, receiver.address())
        until(lambda: shares(office), "it is not leased")
        for count in (1, 2, 3):
            office.order(0)
            until(lambda count=count: len(positions(receiver)) == count, "it stands still")
            time.sleep(0.15)


def all_came(office, receiver):
    return len(receiver.received) >= WEBHOOKS * office.store.last_position()
