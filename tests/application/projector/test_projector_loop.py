"""The loop that projects the read models: kills, events it cannot take, waking up."""

import msgspec
import pytest
from clock import NOON
from eventsourcing.persistence import StoredEvent
from killing import Fuse, Killed, Mortal
from mixed_orders import load_shows, make_mixed_orders

from application.event_log import event_mapper
from application.operations import health
from application.ports.read_models import Table
from application.projector.loop import Pace, Projector, catch_up
from application.projector.read_your_writes import wait_until_shown
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS
from domain.errors import UnknownEvent
from domain.events import CustomerSet

NAMES = list(PROJECTIONS)
ORDERS, HOLDS = PROJECTIONS["orders"], PROJECTIONS["holds"]


def quietly(done, total):
    pass


def state(services, name="orders"):
    return services.store.read_models().state(name)


def agrees(services, name):
    """Whether the live table is what the log tells."""
    outcome = rebuild(services.store, PROJECTIONS[name], quietly, check=True)
    return outcome.incomparable is None and outcome.differences == 0


@pytest.fixture
def sold(services):
    load_shows(services.store, 400)
    make_mixed_orders(services, 40, batch=20)
    return services


def project_until_killed(services, calls):
    """Project all read models; return whether it was killed on the way."""
    mortal = Mortal(services.store, Fuse(calls))
    loop = Projector(mortal, list(PROJECTIONS.values()), pace=Pace(batch=17))
    try:
        while any([loop.step(each) for each in PROJECTIONS.values()]):  # noqa: C419 - each has its turn
            pass
    except Killed:
        return True
    return False


def test_a_loop_that_is_killed_anywhere_repeats_and_skips_nothing(sold):
    """The next one is killed a call later; at the end nothing was taken twice or not at all."""
    calls = 1
    while project_until_killed(sold, calls):
        calls = calls % (4 * len(PROJECTIONS)) + 1  # enough for a look at every one of them
    for name in NAMES:
        assert state(sold, name).position == sold.store.last_position()
        assert agrees(sold, name)


def poison(services, order, version):
    """An event of an order that this version of the service does not know; its position."""
    said = {"order": order, "version": version, "at": NOON, "actor": "bishop", "request": "r"}
    event = StoredEvent(order, version, "OrderBlessed.1", msgspec.json.encode(said))
    return services.store.recorder.insert_events([event])[0]


def project(services):
    for projection in PROJECTIONS.values():
        while services.loop.step(projection):
            pass


def test_a_event_that_is_not_known_stops_every_read_model_right_before_it(sold):
    last = sold.store.last_position()
    position = poison(sold, "6" * 24, 1)
    make_mixed_orders(sold, 5, seed=2)
    project(sold)
    for name in NAMES:
        assert state(sold, name).position == last
        assert state(sold, name).stopped == (
            f"at position {position}: UnknownEvent: {UnknownEvent('OrderBlessed.1', '6' * 24)}"
        )


def test_it_goes_on_by_itself_once_the_event_is_known(sold, monkeypatch):
    project(sold)
    order = next(iter(sold.store.log(0, 1))).originator_id
    poison(sold, order, len(sold.store.events(order)) + 1)
    make_mixed_orders(sold, 5, seed=2)
    project(sold)
    assert state(sold).stopped
    monkeypatch.setitem(event_mapper.DECODERS, "OrderBlessed.1", msgspec.json.Decoder(CustomerSet))
    project(sold)
    for name in NAMES:
        assert state(sold, name).position == sold.store.last_position()
        assert state(sold, name).stopped is None
        assert agrees(sold, name)


def without(projection, order):
    """A projection that cannot take this order."""

    def rows(events):
        if events[0].originator_id == order:
            raise ValueError("no room for this one")
        return projection.rows(events)

    return msgspec.structs.replace(projection, rows=rows, rows_of=None)


def test_a_read_model_that_cannot_take_an_order_does_not_hold_up_the_others(sold):
    order = sold.store.log(2, 1)[0].originator_id
    stubborn = without(HOLDS, order)
    loop = Projector(sold.store, [ORDERS, stubborn])
    while any([loop.step(ORDERS), loop.step(stubborn)]):
        pass
    assert state(sold, "orders").position == sold.store.last_position()
    assert state(sold, "holds").position == sold.store.events(order)[0].id - 1
    assert "no room for this one" in state(sold, "holds").stopped
    found = health.check(sold.store, sold.store_clock)
    assert found.checks["projection holds"] == state(sold, "holds").stopped
    assert found.checks["projection orders"] == "0 behind"


def test_a_row_that_cannot_be_written_stops_its_read_model(sold):
    wide = msgspec.structs.replace(
        ORDERS,
        rows_of=None,
        rows=lambda events: [msgspec.structs.replace(ORDERS.rows(events)[0], columns=(1,))],
    )
    assert not Projector(sold.store, [wide]).step(wide)
    assert state(sold).stopped.startswith(f"at position {sold.store.log(0, 1)[0].id}: ")
    assert sold.loop.step(ORDERS)
    assert state(sold).stopped is None


def test_a_table_of_other_columns_is_not_written_to(sold):
    other = msgspec.structs.replace(ORDERS, table=Table("orders", {"vendor": str}))
    assert not Projector(sold.store, [other]).step(other)
    assert "orderlog projection rebuild orders" in state(sold).stopped


def test_the_loop_wakes_up_for_what_is_written(sold):
    loop = Projector(sold.store, list(PROJECTIONS.values()), pace=Pace(wait_seconds=600))
    loop.start()
    for seed in range(2, 12):
        make_mixed_orders(sold, 1, seed=seed)
        for name in NAMES:
            wait_until_shown(sold.store, name, sold.store.last_position(), seconds=20)
    loop._stopping.set()
    make_mixed_orders(sold, 1, seed=12)
    loop.stop()
    for name in NAMES:
        catch_up(sold.store, name)
    assert all(agrees(sold, name) for name in NAMES)


def test_two_processes_that_project_the_same_count_nothing_twice(open_services):
    first, second = open_services(), open_services()
    load_shows(first.store, 400)
    make_mixed_orders(first, 30)
    sales = PROJECTIONS["sales"]
    loops = [Projector(each.store, [sales], pace=Pace(batch=7)) for each in (first, second)]
    while any([each.step(sales) for each in loops]):  # noqa: C419 - each has its turn
        pass
    catch_up(second.store, "sales")
    assert agrees(first, "sales")
