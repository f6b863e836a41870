"""The read model `orders`, made again from the log, is what it was."""

import threading

from mixed_orders import load_shows, make_mixed_orders

from application.orders.loaded_order import replay
from application.ports.read_models import Page
from application.projector.loop import catch_up
from application.projector.rebuild import rebuild
from application.read_models.orders import order_of
from application.read_models.registry import PROJECTIONS
from domain.status import Status

ORDERS = PROJECTIONS["orders"]


def quietly(position, last):
    pass


def table(services):
    """All rows of the live table by key."""
    models = services.store.read_models()
    with models.snapshot(models.state("orders")) as (_, rows):
        return {row.key: row for row in rows}


def lists(services):
    """All rows as each column sorts them: tables that agree here agree in their columns."""
    models = services.store.read_models()
    pages = {name: Page(sort=name, limit=10_000) for name in ORDERS.table.columns}
    return {name: models.page("orders", page) for name, page in pages.items()}


def told_by_the_log(services, ids):
    return {each: replay(services.store.events(each)) for each in ids}


def test_a_rebuilt_table_of_mixed_orders_is_the_live_one(services):
    load_shows(services.store, 3000)
    ids = make_mixed_orders(services, 2000)
    catch_up(services.store, "orders")
    live, sorted_live = table(services), lists(services)
    position = rebuild(services.store, ORDERS, quietly).position
    assert position == services.store.last_position()
    assert services.store.read_models().state("orders").generation == 2
    assert table(services) == live
    assert lists(services) == sorted_live
    orders = {key: order_of(row) for key, row in live.items()}
    assert orders == told_by_the_log(services, ids)
    assert {order.status for order in orders.values()} == set(Status)


def test_orders_made_during_a_rebuild_are_in_the_rebuilt_table(open_services):
    """The other process sells and projects the live table until the rebuild is over."""
    services, other = open_services(), open_services()
    load_shows(services.store, 3000)
    ids = make_mixed_orders(services, 500)
    catch_up(services.store, "orders")
    before = services.store.last_position()
    over = threading.Event()

    def sell_on():
        seed = 2
        while not over.is_set():
            ids.extend(make_mixed_orders(other, 60, seed=seed, batch=20))
            catch_up(other.store, "orders")
            seed += 1

    selling = threading.Thread(target=sell_on)
    selling.start()
    try:
        services.store.wait_for_news(before + 100, seconds=10)
        position = rebuild(services.store, ORDERS, quietly).position
    finally:
        over.set()
        selling.join()
    assert position > before + 100
    catch_up(services.store, "orders")
    assert services.store.read_models().state("orders").generation == 2
    orders = {key: order_of(row) for key, row in table(services).items()}
    assert orders == told_by_the_log(services, ids)
