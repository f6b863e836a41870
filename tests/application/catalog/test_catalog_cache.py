import threading

import pytest
from polling import until

from application.catalog.cache import CatalogCache
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
        catalog_cache = CatalogCache(store)
        gate = threading.Barrier(BUYERS)
        found = []

        def come(catalog_cache=catalog_cache, gate=gate, found=found):
            gate.wait(60)
            found.append(len(catalog_cache.current().shows))

        buyers = [threading.Thread(target=come) for _ in range(BUYERS)]
        for buyer in buyers:
            buyer.start()
        for buyer in buyers:
            buyer.join()
        assert found == [len(catalog_cache.current().shows)] * BUYERS
        assert catalog_cache.current().shows


def test_a_changed_catalogue_is_noticed(store):
    catalog_cache = CatalogCache(store, refresh_seconds=0)
    assert catalog_cache.current().shows == {}
    load_sample(store, now())
    assert catalog_cache.current().shows


def test_an_unchanged_catalogue_is_not_read_again(store):
    load_sample(store, now())
    catalog_cache = CatalogCache(store, refresh_seconds=0)
    assert catalog_cache.current() is catalog_cache.current()


def test_a_thread_notices_a_changed_catalogue_while_nobody_asks(store):
    catalog_cache = CatalogCache(store)
    assert catalog_cache.current().shows == {}
    catalog_cache.start()
    try:
        load_sample(store, now())
        until(lambda: catalog_cache._catalog.shows, "it is not noticed")
        assert catalog_cache.current().shows
    finally:
        catalog_cache.stop()
