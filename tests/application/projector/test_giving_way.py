"""Whatever a rebuild does for long gives way to sales: loading, indexes, the comparison."""

import threading
import time

import pytest
from mixed_orders import load_shows, make_mixed_orders

from application.bootstrap import opener_of
from application.projector.loop import catch_up
from application.projector.partitions import AT_ONCE, load_range
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS
from application.runtime import pacing
from application.runtime.pacing import LONGEST_AT, LOOK_SECONDS, ROWS, paced_by
from application.runtime.worker_processes import opened_at_pace, worker_processes
from application.storage.sqlite import generations

ORDERS = PROJECTIONS["orders"]


@pytest.fixture
def sold(services):
    load_shows(services.store, 400)
    make_mixed_orders(services, 150, batch=50)
    catch_up(services.store, "orders")
    return services


@pytest.fixture
def paused(monkeypatch):
    """The pauses of this process, which thinks that something is sold."""
    monkeypatch.setattr(generations, "STEPS", 100)  # the tables here are small
    monkeypatch.setattr(pacing, "SHORTEST_SECONDS", 0.0)
    pauses = []
    real = pacing.Pace.give_way

    def give_way(pace, elsewhere=0.0):
        pauses.append(elsewhere)
        real(pace, elsewhere)

    monkeypatch.setattr(pacing.Pace, "give_way", give_way)
    begun = time.monotonic()
    with paced_by(lambda: int((time.monotonic() - begun) * LONGEST_AT / 10)):
        time.sleep(2.5 * LOOK_SECONDS)
        pauses.clear()
        yield pauses


def quietly(done, total):
    pass


def loaded(store):
    """A new generation of the read model `orders` that is loaded, without its indexes."""
    models = store.read_models()
    build = models.begin(ORDERS.table, "code", store.last_position(), ())
    [everything] = models.pending(build.state)
    load_range(store, ORDERS, build.state, everything, build.target, store)
    return build


def test_loading_gives_way_after_some_orders_and_after_some_rows(sold, paused):
    loaded(sold.store)
    assert len(paused) >= 150 / AT_ONCE + 150 / ROWS


def test_making_indexes_gives_way(sold, paused):
    models, build = sold.store.read_models(), loaded(sold.store)
    paused.clear()
    models.finish(build)
    assert len(paused) >= len(ORDERS.table.indexes)


def test_the_comparison_gives_way(sold, paused):
    models, build = sold.store.read_models(), loaded(sold.store)
    models.finish(build)
    with models.comparison(models.state("orders"), models.reload(build.state)) as (_, agree):
        paused.clear()
        assert agree()
    assert len(paused) >= 2


def test_a_rebuild_beside_sales_makes_what_it_makes_alone(sold, paused):
    outcome = rebuild(sold.store, ORDERS, quietly)
    assert (outcome.differences, outcome.swapped) == (0, True)


def test_a_worker_process_is_paced(sold, address):
    with worker_processes(1, "") as pool:
        assert not pool.submit(is_paced).result()
        pool.submit(open_at_pace, opener_of(address)).result()
        assert pool.submit(is_paced).result()


def open_at_pace(opener):
    opened_at_pace(opener)


def is_paced():
    return any(each.name == "pace" for each in threading.enumerate())
