import threading

import pytest
from polling import until

from application.catalog.cache import CatalogKeeper
from application.catalog.loading import load_sample
from application.runtime.clock import now
from application.storage.sqlite.store import SqliteStore

BUYERS, OPENINGS = 16, 20


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(str(tmp_path / "orders.db"))
    yield store
    store.close()


def test_all_who_come_first_find_the_catalogue(store):
    load_sample(store, now())
    for _ in range(OPENINGS):
        keeper = CatalogKeeper(store)
        gate = threading.Barrier(BUYERS)
        found = []

        def come(keeper=keeper, gate=gate, found=found):
            gate.wait(10)
            found.append(len(keeper.current().shows))

        buyers = [threading.Thread(target=come) for _ in range(BUYERS)]
        for buyer in buyers:
            buyer.start()
        for buyer in buyers:
            buyer.join()
        assert found == [len(keeper.current().shows)] * BUYERS
        assert keeper.current().shows


def test_a_changed_catalogue_is_noticed(store):
    keeper = CatalogKeeper(store, refresh_seconds=0)
    assert keeper.current().shows == {}
    load_sample(store, now())
    assert keeper.current().shows


def test_an_unchanged_catalogue_is_not_read_again(store):
    load_sample(store, now())
    keeper = CatalogKeeper(store, refresh_seconds=0)
    assert keeper.current() is keeper.current()


def test_a_thread_notices_a_changed_catalogue_while_nobody_asks(store):
    keeper = CatalogKeeper(store)
    assert keeper.current().shows == {}
    keeper.start()
    try:
        load_sample(store, now())
        until(lambda: keeper._catalog.shows, "it is not noticed")
        assert keeper.current().shows
    finally:
        keeper.stop()
