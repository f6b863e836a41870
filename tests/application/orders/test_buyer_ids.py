"""The ids of buyers: where their secret comes from, and that they go where the log goes."""

from contextlib import closing
from threading import Thread

import msgspec
import pytest
from copies import copy_over
from databases import STORES, a_database
from seller import ORGANISER, SHOP, SHOW, BoxOffice

from application.bootstrap import build
from application.catalog.buyer_secret import DOCUMENT, ensure_buyer_secret
from application.catalog.key_secret import FINGERPRINT
from application.catalog.keys import reset_keys
from application.orders.buyer_ids import buyer_id
from application.settings import Settings
from domain.commands import Customer

SECRET, OTHER = "5e" * 32, "0e" * 32
ANNA = Customer(email="anna@example.com")


@pytest.fixture(params=STORES)
def database(request, tmp_path):
    with a_database(request.param, request, tmp_path) as address:
        yield address


def user_of(office, order):
    return office.services.history.order(order, office.caller()).order.customer.user


def test_an_id_is_keyed_by_the_secret_and_the_vendor_and_by_nothing_else():
    anna = buyer_id(SECRET, ORGANISER, "anna@example.com")
    assert anna == "0308ae86586b46da3964cd72"
    assert buyer_id(SECRET, ORGANISER, "Anna@EXAMPLE.com") == anna
    others = {
        buyer_id(OTHER, ORGANISER, "anna@example.com"),
        buyer_id(SECRET, SHOP, "anna@example.com"),
        buyer_id(SECRET, ORGANISER, "anne@example.com"),
    }
    assert len({anna, *others}) == 4


@pytest.mark.parametrize("store", STORES)
def test_a_copy_in_another_kind_of_database_has_the_same_ids(store, server, tmp_path):
    with server.database() as url:
        sqlite = f"sqlite:///{tmp_path / 'orders.db'}"
        source, target = (sqlite, url) if store == "sqlite" else (url, sqlite)
        office = BoxOffice(source)
        first = office.create(SHOW, customer=ANNA)
        known = user_of(office, first)
        office.services.close()
        copy_over(source, target)
        office = BoxOffice(target)
        with closing(office.services):
            assert user_of(office, first) == known
            assert user_of(office, office.create(SHOW, customer=ANNA)) == known


def test_new_keys_under_another_secret_leave_the_ids_as_they_are(database, tmp_path):
    office = BoxOffice(database)
    with closing(office.services):
        known = user_of(office, office.create(SHOW, customer=ANNA))
        before = office.services.store.catalog()
        reset_keys(office.services.store, office.time, office.services.key_secret)
        after = office.services.store.catalog()
        assert (after[DOCUMENT], FINGERPRINT in after) == (before[DOCUMENT], True)
        assert user_of(office, office.create(SHOW, customer=ANNA)) == known


def test_processes_that_need_a_secret_at_once_make_one(database):
    office = BoxOffice(database)
    with closing(office.services), office.services.store.change_catalog() as change:
        change.remove(*DOCUMENT)
    made = []

    def make():
        services = build(Settings(database=database))
        with closing(services), services.store.change_catalog() as change:
            made.append(ensure_buyer_secret(change))

    threads = [Thread(target=make) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 4
    with closing(build(Settings(database=database))) as services:
        assert set(made) == {msgspec.json.decode(services.store.catalog()[DOCUMENT])}
