"""Events from a snapshot on: only if the log has the snapshot's own event, with its hash."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from store_writes import append, look, one

from application.event_log.hash_chain import links
from application.ports.snapshot import Snapshot
from application.storage.postgres.events_from import events_from
from application.storage.postgres.store import PostgresStore
from domain.order import Order


@pytest.fixture
def orders(store):
    """Two orders with twelve events each."""
    for order in ("first", "second"):
        one(store, append(store, order, *range(1, 13)))
    return store


def snapshot_of(store, order, version):
    """A snapshot after an event that the log has."""
    own = links(store.events(order)[:version], {})[-1]
    return Snapshot(Order(id=order, version=version), own)


def versions(events):
    return [each.originator_version for each in events]


def test_events_begin_with_the_snapshots_own(orders):
    everything = orders.events("first")
    snapshot = snapshot_of(orders, "first", 10)
    assert orders.events("first", snapshot) == everything[9:]
    found = one(orders, look(order="first", snapshot=snapshot))
    assert (found.events, found.snapshot) == (everything[9:], snapshot)
    assert found.position == everything[-1].id


@pytest.mark.parametrize("wrong", ["hash", "version", "order"])
def test_of_a_snapshot_that_is_not_in_the_log_nothing_is_left_out(orders, wrong):
    snapshot = {
        "hash": Snapshot(Order(id="first", version=10), b"\x01" * 32),
        "version": Snapshot(Order(id="first", version=13), snapshot_of(orders, "first", 10).hash),
        "order": snapshot_of(orders, "second", 10),
    }[wrong]
    assert versions(orders.events("first", snapshot)) == list(range(1, 13))
    found = one(orders, look(order="first", snapshot=snapshot))
    assert versions(found.events) == list(range(1, 13))


def test_an_order_that_does_not_exist_has_no_events(orders):
    snapshot = Snapshot(Order(id="third", version=10), b"\x01" * 32)
    assert list(orders.events("third", snapshot)) == []
    assert list(one(orders, look(order="third", snapshot=snapshot)).events) == []


def test_units_of_work_with_and_without_snapshots_share_a_batch(orders):
    snapshots = [snapshot_of(orders, "first", version) for version in (10, 11)]
    wanted = [
        {"order": "first", "snapshot": snapshots[0]},
        {"order": "second"},
        {"order": "first"},
        {"order": "first", "snapshot": snapshots[1]},
    ]
    outcomes = orders.write_all([look(**each) for each in wanted])
    for each, outcome in zip(wanted, outcomes, strict=True):
        found = outcome.result
        first = found.snapshot.version if found.snapshot else 1
        assert versions(found.events) == list(range(first, 13))
        assert {event.originator_id for event in found.events} == {each["order"]}


def test_reads_at_the_same_time_may_have_different_snapshots(orders):
    wanted = [snapshot_of(orders, "first", version) for version in (2, 5, 12)] * 5 + [None] * 5
    with ThreadPoolExecutor(len(wanted)) as readers:
        found = list(readers.map(lambda each: orders.events("first", each), wanted))
    for snapshot, events in zip(wanted, found, strict=True):
        assert versions(events) == list(range(snapshot.version if snapshot else 1, 13))


def test_an_event_after_a_snapshot_continues_the_chain(orders):
    snapshot = snapshot_of(orders, "first", 12)

    def decide(within, found):
        assert versions(found.events) == [12]
        append(orders, "first", 13).decide(within, found)

    write = look(order="first", snapshot=snapshot)
    write.decide = decide
    one(orders, write)
    point = orders.point_at(orders.events("first")[-1].id)
    assert point.hash == snapshot_of(orders, "first", 13).hash


LENGTHEN = """
INSERT INTO orders_events (originator_id, originator_version, topic, state, hash)
SELECT o::text, v, 'OrderCreated.1', '', ''
FROM generate_series(1, 1000) o, generate_series(1, 20) v
"""
PREPARE = "PREPARE wanted (text[], bigint[], bytea[]) AS " + events_from("$1", "$2", "$3")
EXPLAIN = "EXPLAIN EXECUTE wanted (ARRAY['1'], ARRAY[10], ARRAY[''::bytea])"


def test_postgres_never_scans_the_log_for_a_snapshot(database):
    with closing(PostgresStore(database)), psycopg.connect(database) as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute(LENGTHEN)
        connection.execute(PREPARE)
        plan = [row[0] for row in connection.execute(EXPLAIN)]
    assert any("orders_events_pkey" in line for line in plan)
    assert not any("Seq Scan" in line for line in plan)
