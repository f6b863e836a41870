"""Webhooks of a database that was copied, restored from a backup, or has lost the log's end."""

from contextlib import closing

import pytest
from copies import copy_over
from databases import STORES, a_database
from log_backups import back_up, cut, put_back
from polling import until
from receiver import receiver_thread
from seller import BoxOffice
from webhook_office import add_webhook, change_webhook, delivering, positions

from application.bootstrap import open_store
from application.ports.webhooks import WebhookState

AHEAD = ("paused", "position_ahead_of_log")


def sell(url, count=2):
    """Make orders; return their positions."""
    with BoxOffice(url, real_time=True) as office:
        for _ in range(count):
            office.order()
        last = office.store.last_position()
    return list(range(last - count + 1, last + 1))


def deliver(url, webhook):
    """Deliver until the webhook stands at the end of the log."""
    with closing(open_store(url)) as store, delivering(url):
        until(lambda: stands_at_end(store, webhook), "it does not stand at the end")


def stands_at_end(store, webhook):
    found = store.webhooks().progress([webhook])[webhook.id]
    return found.position == store.last_position() and not found.lanes


def state_of(store, webhook):
    found = store.webhooks().find(webhook.id)
    return found.state.value, found.reason


def begin(url, receiver):
    """A webhook that has all events of two orders."""
    sell(url)
    with closing(open_store(url)) as store:
        webhook = add_webhook(store, receiver.address(), after=0)
    deliver(url, webhook)
    assert sorted(positions(receiver)) == [1, 2]
    return webhook


@pytest.mark.parametrize("target", STORES)
def test_a_copy_goes_on_where_its_original_stood(database, target, request, tmp_path):
    folder = tmp_path / "copied"
    folder.mkdir()
    with a_database(target, request, folder) as copy, receiver_thread() as receiver:
        webhook = begin(database, receiver)
        copy_over(database, copy)
        new = sell(copy)
        deliver(copy, webhook)
        assert positions(receiver)[2:] == new
        with closing(open_store(copy)) as store:
            assert state_of(store, webhook) == ("active", "")


def test_a_restored_backup_sends_what_it_lacks_by_other_names(sqlite, tmp_path):
    backup = tmp_path / "backup"
    with receiver_thread() as receiver:
        webhook = begin(sqlite, receiver)
        back_up(sqlite, backup)
        sell(sqlite)
        deliver(sqlite, webhook)
        assert positions(receiver)[2:] == [3, 4]
        put_back(sqlite, backup)
        sell(sqlite)
        deliver(sqlite, webhook)
        assert positions(receiver)[4:] == [3, 4]
    names = [each.headers["webhook-id"] for each in receiver.received]
    assert len(set(names)) == 6


@pytest.mark.parametrize("address", STORES, indirect=True)
def test_a_log_that_lost_its_end_pauses_webhooks_and_a_person_resumes(address):
    with receiver_thread() as receiver:
        webhook = begin(address, receiver)
        cut(address, 1)
        with closing(open_store(address)) as store, delivering(address):
            until(lambda: state_of(store, webhook) == AHEAD, "it is not paused")
            new = sell(address)
            assert len(receiver.received) == 2
            change_webhook(store, webhook, state=WebhookState.ACTIVE, reason="")
            until(lambda: stands_at_end(store, webhook), "it does not go on")
        assert positions(receiver)[2:] == new
