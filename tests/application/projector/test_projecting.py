"""The pull loop: no event is repeated or skipped, and one bad read model holds up no other."""

import sqlite3
import threading
import time
from collections import Counter
from shutil import copy2

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from mixed_orders import load_shows, make_mixed_orders

from application.bootstrap import build
from application.event_log import event_mapper
from application.event_log.event_mapper import event_of
from application.ports.read_models import Page, Row, Table
from application.ports.store import StoreUnavailable
from application.projector.loop import Pace, Projector, pull
from application.read_models.orders import order_of
from application.read_models.registry import PROJECTIONS, Projection
from application.settings import Settings
from application.storage.postgres import connections as postgres_connections
from domain.events import CustomerSet
from domain.order import Order

ORDERS = PROJECTIONS["orders"]
WITHIN_SECONDS = 60
BATCH = 8


def counted(events):
    return [Row(events[0].originator_id, (len(events),))]


TALLY = Projection(Table("tally", {"facts": int}, sums=("facts",)), counted)
"""How many events an order has: added up, so that an event that is projected twice counts twice."""


def ensure(services, *projections):
    for projection in projections:
        services.store.read_models().ensure(projection.table)


def until(happens):
    """Wait for something that another thread does."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def sold(services, orders=60):
    """Sell tickets; return the events by position."""
    load_shows(services.store, 500)
    make_mixed_orders(services, orders)
    return services.store.log(0, 10_000)


def state(services, projection):
    return services.store.read_models().state(projection.table.name)


def rows(services, projection):
    page = Page(sort="key", limit=10_000)
    name = projection.table.name
    return {row.key: row for row in services.store.read_models().page(name, page)}


def agrees_with_the_log(services, events):
    """Whether both read models are what the log up to their position tells."""
    seen = [each for each in events if each.id <= state(services, TALLY).position]
    tally = {key: row.columns[0] for key, row in rows(services, TALLY).items()}
    assert tally == Counter(each.originator_id for each in seen)
    timelines = {}
    for each in events:
        if each.id <= state(services, ORDERS).position:
            timelines.setdefault(each.originator_id, []).append(event_of(each))
    orders = {key: order_of(row) for key, row in rows(services, ORDERS).items()}
    assert orders == {key: Order.replay(timeline) for key, timeline in timelines.items()}
    return True


def test_what_a_crash_leaves_at_any_moment_neither_repeats_nor_skips(tmp_path, clock, monkeypatch):
    """The files are copied before each statement: that is what a kill at this moment leaves."""
    (tmp_path / "live").mkdir()
    images = []

    def copy_all(statement):
        if statement.startswith(("BEGIN", "SELECT", "PRAGMA")):
            return
        image = tmp_path / f"image-{len(images)}"
        image.mkdir()
        for file in (tmp_path / "live").iterdir():
            if not file.name.endswith("-shm"):
                copy2(file, image)
        images.append(image)

    services = build(Settings(database=f"sqlite:///{tmp_path}/live/orders.db"), clock)
    ensure(services, TALLY)
    events = sold(services, orders=12)
    services.close()
    connect = sqlite3.connect

    def monitoring(*values, **options):
        connection = connect(*values, **options)
        connection.set_trace_callback(copy_all)
        return connection

    services = build(Settings(database=f"sqlite:///{tmp_path}/live/orders.db"), clock)
    ensure(services, TALLY)
    monkeypatch.setattr(sqlite3, "connect", monitoring)
    project_in_a_thread(services)
    monkeypatch.undo()
    services.close()
    positions = set()
    for image in images:
        services = build(Settings(database=f"sqlite:///{image}/orders.db"), clock)
        ensure(services, TALLY)
        positions.add(state(services, TALLY).position)
        agrees_with_the_log(services, events)
        services.close()
    assert len(positions) > 3
    assert len(images) > 5 * len(positions)
    services = build(Settings(database=f"sqlite:///{images[len(images) // 2]}/orders.db"), clock)
    ensure(services, TALLY)
    project(services)
    agrees_with_the_log(services, events)
    assert state(services, TALLY).position == state(services, ORDERS).position == events[-1].id
    services.close()


def project(services):
    for projection in (ORDERS, TALLY):
        while pull(services.store, projection, state(services, projection), BATCH):
            pass


def project_in_a_thread(services):
    """A thread that has used no connection yet opens its own."""
    projecting = threading.Thread(target=project, args=(services,))
    projecting.start()
    projecting.join()


def test_a_connection_that_ends_in_the_middle_of_a_batch_leaves_nothing_of_it(
    database, clock, monkeypatch
):
    monkeypatch.setattr(postgres_connections, "BACKOFF_SECONDS", 0.1)
    services = build(Settings(database=database), clock)
    ensure(services, TALLY)
    events = sold(services)
    with psycopg.connect(database, autocommit=True) as connection:
        end_whoever_writes_a_third_row(connection)
        with pytest.raises(StoreUnavailable):
            project(services)
        assert (state(services, TALLY).position, rows(services, TALLY)) == (0, {})
        connection.execute("DROP FUNCTION end_connection CASCADE")
    project(services)
    assert state(services, TALLY).position == events[-1].id
    assert agrees_with_the_log(services, events)
    services.close()


def end_whoever_writes_a_third_row(connection):
    (table,) = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'tally%'"
    ).fetchone()
    connection.execute("CREATE SEQUENCE rows_written")
    connection.execute(
        "CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('rows_written') > 2 THEN PERFORM pg_terminate_backend(pg_backend_pid());"
        " END IF; RETURN NEW; END $$"
    )
    connection.execute(
        f"CREATE TRIGGER written BEFORE INSERT ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION end_connection()"
    )


def test_two_who_project_one_read_model_at_once_do_not_repeat(open_services):
    """As when a process has lost its lease and does not know."""
    both = [open_services(), open_services()]
    for services in both:
        ensure(services, TALLY)
    events = sold(both[0], orders=150)
    threads = [threading.Thread(target=project, args=(services,)) for services in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state(both[0], TALLY).position == events[-1].id
    assert agrees_with_the_log(both[0], events)


@pytest.fixture
def looping(services):
    """Starts a loop over some read models; it is stopped at the end."""
    loops = []

    def start(*projections, wait_seconds=0.02):
        ensure(services, *projections)
        pace = Pace(wait_seconds=wait_seconds, retry_seconds=0.02)
        loop = Projector(services.store, projections, pace=pace)
        loops.append(loop)
        loop.start()
        return loop

    yield start
    for loop in loops:
        loop.stop()


def test_a_read_model_that_fails_stops_and_says_where_and_why_while_others_go_on(services, looping):
    events = sold(services)
    bad = events[40]
    failing = threading.Event()
    failing.set()

    def rows_of(order_events):
        told = {(event.originator_id, event.originator_version) for event in order_events}
        if failing.is_set() and (bad.originator_id, bad.originator_version) in told:
            raise ValueError("cannot add this up")
        return counted(order_events)

    fragile = Projection(TALLY.table, rows_of)
    looping(ORDERS, fragile)
    until(lambda: state(services, ORDERS).position == events[-1].id)
    until(lambda: state(services, TALLY).stopped)
    stopped = state(services, TALLY)
    assert stopped.position == bad.id - 1
    assert stopped.stopped == f"at position {bad.id}: ValueError: cannot add this up"
    assert state(services, ORDERS).stopped is None
    assert agrees_with_the_log(services, events)
    later = make_mixed_orders(services, 5, seed=2)
    events = services.store.log(0, 10_000)
    until(lambda: state(services, ORDERS).position == events[-1].id)
    assert rows(services, ORDERS).keys() >= set(later)
    failing.clear()
    until(lambda: state(services, TALLY).position == events[-1].id)
    assert state(services, TALLY).stopped is None
    assert agrees_with_the_log(services, events)


def test_a_event_that_nobody_knows_yet_stops_and_is_taken_once_it_is_known(
    services, looping, monkeypatch
):
    """As when an older version of the service still runs beside a newer one."""
    events = sold(services)
    known = event_of(events[-1])
    blessing = CustomerSet(
        originator_id=known.originator_id,
        originator_version=len(services.store.events(known.originator_id)) + 1,
        at=known.at,
        actor="system",
        request="r",
        first_name="Blessed",
    )
    stored = event_mapper.EventMapper().to_stored_event(blessing)
    unknown = StoredEvent(
        stored.originator_id, stored.originator_version, "TicketsBlessed.1", stored.state
    )
    services.store.recorder.insert_events([unknown])
    position = services.store.last_position()
    looping(ORDERS, TALLY)
    until(lambda: state(services, ORDERS).stopped and state(services, TALLY).stopped)
    for projection in (ORDERS, TALLY):
        stopped = state(services, projection)
        assert stopped.position == events[-1].id
        assert stopped.stopped.startswith(f"at position {position}: UnknownEvent: TicketsBlessed.1")
    assert agrees_with_the_log(services, events)
    decoder = event_mapper.DECODERS["CustomerSet.1"]
    monkeypatch.setitem(event_mapper.DECODERS, "TicketsBlessed.1", decoder)
    until(lambda: state(services, ORDERS).position == state(services, TALLY).position == position)
    assert order_of(rows(services, ORDERS)[known.originator_id]).customer.first_name == "Blessed"
    assert agrees_with_the_log(services, services.store.log(0, 10_000))


def test_what_is_written_while_the_loop_looks_wakes_it(services, looping, monkeypatch):
    """It must not be found only by looking again after a while."""
    load_shows(services.store, 500)
    excerpt = services.store.excerpt
    orders = []

    def log_then_sell(after, limit):
        found = excerpt(after, limit)
        if not orders:
            orders.extend(make_mixed_orders(services, 1))
        return found

    monkeypatch.setattr(services.store, "excerpt", log_then_sell)
    loop = looping(ORDERS, wait_seconds=3 * WITHIN_SECONDS)
    try:
        until(lambda: orders and rows(services, ORDERS).keys() == set(orders))
    finally:
        loop._stopping.set()
        make_mixed_orders(services, 1, seed=2)
