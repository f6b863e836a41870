"""Read models are made again beside the live ones, checked, and swapped in."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext

import msgspec
import pytest
from click.testing import CliRunner
from clock import NOON
from eventsourcing.persistence import StoredEvent
from killing import Fuse, Killed, Mortal
from mixed_orders import load_shows, make_mixed_orders

from application.bootstrap import build, opener_of
from application.event_log import event_mapper
from application.ports.read_models import BeingRebuilt, Row, Table
from application.projector import generations as new_generation
from application.projector.generations import Loading, Stopped, project_up_to
from application.projector.loop import OtherColumns, catch_up, pull
from application.projector.partitions import OrderNotShown
from application.projector.rebuild import NothingKept, rebuild, roll_back
from application.projector.workers import in_processes, started
from application.read_models.registry import PROJECTIONS
from application.runtime.worker_processes import WorkerDied
from application.settings import Settings
from domain.events import CustomerSet
from domain.status import Status
from interface.cli.main import cli

NAMES = list(PROJECTIONS)
ORDERS = PROJECTIONS["orders"]


def quietly(done, total):
    pass


@pytest.fixture
def sold(services):
    """A service that has sold, with all read models projected."""
    load_shows(services.store, 400)
    make_mixed_orders(services, 150, batch=50)
    for name in NAMES:
        catch_up(services.store, name)
    return services


@pytest.fixture
def here(tmp_path):
    """The address of a database for what does not depend on the store."""
    return f"sqlite:///{tmp_path / 'here.db'}"


@pytest.fixture
def sold_here(here, clock):
    services = build(Settings(database=here), clock)
    load_shows(services.store, 400)
    make_mixed_orders(services, 150, batch=50)
    for name in NAMES:
        catch_up(services.store, name)
    yield services
    services.close()


SMALL = Loading(range_events=60)


def generation(services, name):
    return services.store.read_models().state(name).generation


def table(services, name):
    models = services.store.read_models()
    with models.snapshot(models.state(name)) as (_, rows):
        return list(rows)


def test_every_read_model_is_made_again_as_it_was(sold):
    for name in NAMES:
        live = table(sold, name)
        outcome = rebuild(sold.store, PROJECTIONS[name], quietly, SMALL)
        assert (outcome.differences, outcome.swapped, outcome.incomparable) == (0, True, None)
        assert generation(sold, name) == 2
        assert table(sold, name) == live != []


def test_worker_processes_make_the_same_table(sold, address):
    live = table(sold, "sales")
    told = []
    outcome = rebuild(
        sold.store,
        PROJECTIONS["sales"],
        lambda done, total: told.append(done),
        Loading(opener_of(address), in_processes(2), range_events=60),
    )
    assert outcome.swapped
    assert table(sold, "sales") == live
    assert told == sorted(told)
    assert len(told) > 5
    assert told[-1] == len(sold.store.log(0, 100_000))


def test_a_table_that_was_never_projected_is_filled(services):
    load_shows(services.store, 400)
    make_mixed_orders(services, 60)
    outcome = rebuild(services.store, ORDERS, quietly)
    assert outcome.swapped
    rebuilt = table(services, "orders")
    assert len(rebuilt) == 60
    assert rebuild(services.store, ORDERS, quietly).differences == 0


def test_an_empty_log_makes_an_empty_table(services):
    assert rebuild(services.store, ORDERS, quietly).swapped
    assert table(services, "orders") == []


def rebuild_killed_after(services, calls, loading=SMALL):
    try:
        rebuild(Mortal(services.store, Fuse(calls)), ORDERS, quietly, loading)
    except Killed:
        return True
    return False


def test_a_rebuild_that_is_killed_anywhere_goes_on_where_it_was(sold):
    fewer = Loading(range_events=250)
    live = table(sold, "orders")
    calls, swapped = 0, 1
    killed = True
    while killed:
        calls += 1
        killed = rebuild_killed_after(sold, calls, fewer)
        assert table(sold, "orders") == live
        if generation(sold, "orders") == swapped:
            outcome = rebuild(sold.store, ORDERS, quietly, fewer)
            assert (outcome.differences, outcome.swapped) == (0, True)
            assert table(sold, "orders") == live
        swapped = generation(sold, "orders")
    assert calls > 15


def test_what_was_loaded_before_a_kill_is_not_loaded_again(sold_here):
    assert rebuild_killed_after(sold_here, 20)
    models = sold_here.store.read_models()
    begun = models.build(ORDERS.table)
    before = models.loaded(begun.state)
    assert before > 0
    told = []
    rebuild(sold_here.store, ORDERS, lambda done, total: told.append(done))
    assert told[0] == before
    assert generation(sold_here, "orders") == begun.state.generation


def test_what_other_code_has_loaded_is_not_used(sold_here, monkeypatch):
    assert rebuild_killed_after(sold_here, 20)
    monkeypatch.setattr(new_generation, "code_fingerprint", lambda: "newer code")
    told = []
    rebuild(sold_here.store, ORDERS, lambda done, total: told.append(done))
    assert told[0] == 0


REBUILD = """
import sys
from application.bootstrap import open_store, opener_of
from application.projector.generations import Loading
from application.projector.rebuild import rebuild
from application.projector.workers import started
from application.read_models.registry import PROJECTIONS
database = sys.argv[1]
opener = opener_of(database)
with started(2) as work:
    loading = Loading(opener, work, range_events=20)
    print(rebuild(open_store(database), PROJECTIONS["orders"], lambda done, total: None, loading))
"""


def start_rebuild(address):
    return subprocess.Popen(
        [sys.executable, "-c", REBUILD, address],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill_all(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    process.stdout.close()


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.experiment
def test_a_rebuild_and_its_workers_can_be_killed_and_started_again(sold, address):
    live = table(sold, "orders")
    models = sold.store.read_models()
    killed = start_rebuild(address)
    wait_until(
        lambda: models.build(ORDERS.table) and models.loaded(models.build(ORDERS.table).state)
    )
    kill_all(killed)
    assert table(sold, "orders") == live
    again = start_rebuild(address)
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert "differences=0" in said
    assert table(sold, "orders") == live


@pytest.mark.experiment
def test_the_workers_end_with_a_rebuild_that_is_killed(sold, address):
    models = sold.store.read_models()
    killed = start_rebuild(address)
    wait_until(
        lambda: models.build(ORDERS.table) and models.loaded(models.build(ORDERS.table).state)
    )
    killed.kill()
    killed.communicate(timeout=30)  # to the end of what is said: until nobody is left who could


@pytest.mark.parametrize("workers", [lambda: nullcontext(in_processes(2)), lambda: started(2)])
def test_a_worker_that_dies_ends_the_rebuild_and_the_next_one_goes_on(sold_here, here, workers):
    def kill_one(done, total):
        for worker in multiprocessing.active_children()[:1] if done else []:
            worker.kill()

    def rebuild_until_one_dies():
        with workers() as work:
            many = Loading(opener_of(here), work, range_events=5)  # one dies in the middle
            rebuild(sold_here.store, ORDERS, kill_one, many)

    with pytest.raises(WorkerDied, match="the same command goes on"):
        rebuild_until_one_dies()
    told = []
    assert rebuild(sold_here.store, ORDERS, lambda done, total: told.append(done)).swapped
    assert told[0] > 0


def test_orders_written_during_the_whole_are_in_the_table(sold, open_services, address):
    """The other process sells and projects the live tables from before to after each rebuild."""
    other = open_services()
    over = threading.Event()

    def sell_on():
        seed = 2
        while not over.is_set():
            make_mixed_orders(other, 20, seed=seed, batch=10)
            for name in NAMES:
                catch_up(other.store, name)
            seed += 1

    selling = threading.Thread(target=sell_on)
    selling.start()
    try:
        for name in NAMES:
            outcome = rebuild(sold.store, PROJECTIONS[name], quietly, SMALL)
            assert (outcome.differences, outcome.swapped) == (0, True)
    finally:
        over.set()
        selling.join()
    for name in NAMES:
        catch_up(sold.store, name)
        live = table(sold, name)
        assert rebuild(sold.store, PROJECTIONS[name], quietly).differences == 0
        assert table(sold, name) == live


def test_of_two_rebuilds_at_once_the_second_is_refused(sold_here, here):
    with sold_here.store.read_models().rebuilding("orders"):
        with pytest.raises(BeingRebuilt):
            rebuild(sold_here.store, ORDERS, quietly)
        answer = orderlog("projection", "rebuild", "orders", "--database", here)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr.splitlines()[-1] == "orders is being rebuilt by another process."
        assert rebuild(sold_here.store, PROJECTIONS["holds"], quietly).swapped


def orderlog(*arguments):
    return CliRunner().invoke(cli, arguments)


# A projection that has changed.


def louder(events):
    """As `orders`, but paid orders have another number."""
    [row] = ORDERS.rows(events)
    if row.columns[4] != Status.DONE:
        return [row]
    return [Row(row.key, (*row.columns[:3], -1, *row.columns[4:]), row.document)]


@pytest.fixture
def changed(monkeypatch):
    changed = msgspec.structs.replace(ORDERS, rows=louder, rows_of=None)
    known = {**PROJECTIONS, "orders": changed}
    monkeypatch.setattr("application.read_models.registry.REBUILT", known)
    return changed


def paid(services):
    return [row for row in table(services, "orders") if row.columns[4] == Status.DONE]


def test_differences_are_shown_and_nothing_is_swapped(sold_here, changed):
    outcome = rebuild(sold_here.store, changed, quietly)
    assert outcome.differences == len(paid(sold_here)) > 10
    assert len(outcome.shown) == 10
    assert [each.live for each in outcome.shown] == paid(sold_here)[:10]
    assert all(each.new.columns[3] == -1 for each in outcome.shown)
    assert (outcome.swapped, generation(sold_here, "orders")) == (False, 1)


def test_differences_that_are_expected_are_taken_without_loading_again(sold_here, changed):
    rebuild(sold_here.store, changed, quietly)
    told = []
    outcome = rebuild(
        sold_here.store,
        changed,
        lambda done, total: told.append(done),
        accept_differences=True,
    )
    assert outcome.swapped
    assert len(told) == 1
    assert {row.columns[3] for row in paid(sold_here)} == {-1}
    assert generation(sold_here, "orders") == 2


def test_one_can_go_back_to_the_table_before(sold, changed):
    before = table(sold, "orders")
    rebuild(sold.store, changed, quietly, accept_differences=True)
    make_mixed_orders(sold, 20, seed=5)
    assert roll_back(sold.store, ORDERS) == sold.store.last_position()
    assert generation(sold, "orders") == 1
    assert rebuild(sold.store, ORDERS, quietly).differences == 0
    kept = {row.key: row for row in table(sold, "orders")}
    assert [kept[row.key] for row in before if row.columns[4] == Status.DONE] == [
        row for row in before if row.columns[4] == Status.DONE
    ]


def test_a_generation_is_caught_up_batch_by_batch(sold_here):
    rebuild(sold_here.store, ORDERS, quietly)
    make_mixed_orders(sold_here, 20, seed=5)
    models, last = sold_here.store.read_models(), sold_here.store.last_position()
    assert project_up_to(sold_here.store, ORDERS, models.kept("orders"), last, limit=7) == last
    assert roll_back(sold_here.store, ORDERS) == last
    assert rebuild(sold_here.store, ORDERS, quietly).differences == 0


def test_without_an_earlier_table_there_is_nothing_to_go_back_to(sold_here, here):
    with pytest.raises(NothingKept):
        roll_back(sold_here.store, ORDERS)
    assert orderlog("projection", "rollback", "orders", "--database", here).exit_code == 1


def test_a_check_compares_and_changes_nothing(sold_here, changed):
    assert rebuild(sold_here.store, ORDERS, quietly, check=True).differences == 0
    assert rebuild(sold_here.store, changed, quietly, check=True).differences > 0
    assert rebuild(
        sold_here.store, changed, quietly, check=True, accept_differences=True
    ).differences
    assert generation(sold_here, "orders") == 1
    assert sold_here.store.read_models().build(ORDERS.table) is None
    assert sold_here.store.read_models().kept("orders") is None


def test_a_row_that_is_gone_and_one_too_many_are_differences(sold_here):
    models = sold_here.store.read_models()
    state = models.state("orders")
    first, second = table(sold_here, "orders")[:2]
    strange = Row("z" * 24, first.columns, first.document)
    models.commit(state, [strange], state.position, gone=[second.key])
    outcome = rebuild(sold_here.store, ORDERS, quietly)
    assert [(each.key, each.live, each.new) for each in outcome.shown] == [
        (second.key, None, second),
        (strange.key, strange, None),
    ]


@pytest.mark.parametrize(
    ("option", "code", "then"), [("", 1, 1), ("--check", 1, 1), ("--accept-differences", 0, 2)]
)
def test_the_command_tells_differences_by_its_exit_code(
    sold_here, here, changed, option, code, then
):
    command = ("projection", "rebuild", "orders", "--workers", "1", "--database", here)
    answer = orderlog(*command, *filter(None, [option]))
    assert answer.exit_code == code, answer.output
    assert "rows differ" in answer.stdout
    assert re.search(r"and \d+ more", answer.stdout)
    assert "number: -1" in answer.stdout
    assert generation(sold_here, "orders") == then


def test_the_command_rebuilds_and_goes_back(sold, address):
    before = table(sold, "sales")
    answer = orderlog("projection", "rebuild", "sales", "--workers", "1", "--database", address)
    assert (answer.exit_code, generation(sold, "sales")) == (0, 2)
    assert "No row differs" in answer.stdout
    answer = orderlog("projection", "rollback", "sales", "--database", address)
    assert (answer.exit_code, generation(sold, "sales")) == (0, 1)
    assert table(sold, "sales") == before


def test_an_unknown_read_model_is_wrong_usage(address):
    for command in ("rebuild", "rollback"):
        assert orderlog("projection", command, "sails", "--database", address).exit_code == 2


# What stands in the way.


def poison(services, order="6" * 24, version=1):
    """An event that this version of the service does not know; its position."""
    said = {"order": order, "version": version, "at": NOON, "actor": "bishop", "request": "r"}
    event = StoredEvent(order, version, "OrderBlessed.1", msgspec.json.encode(said))
    return services.store.recorder.insert_events([event])[0]


def test_a_event_that_is_not_known_ends_a_rebuild_by_name(sold_here, here):
    poison(sold_here)
    with pytest.raises(Stopped, match=r"OrderBlessed\.1"):
        rebuild(sold_here.store, ORDERS, quietly)
    assert generation(sold_here, "orders") == 1
    answer = orderlog("projection", "rebuild", "orders", "--workers", "1", "--database", here)
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") <= 2
    assert "OrderBlessed.1 in order 666666666666666666666666" in answer.stderr


@pytest.mark.parametrize("workers", [None, in_processes(2)])
def test_a_event_that_is_not_known_ends_the_loading_by_name(clock, here, workers):
    services = build(Settings(database=here), clock)
    load_shows(services.store, 400)
    poison(services)
    make_mixed_orders(services, 30)
    with pytest.raises(OrderNotShown, match=r"OrderBlessed\.1") as refusal:
        rebuild(services.store, ORDERS, quietly, Loading(opener_of(here), workers, range_events=60))
    assert "6" * 24 in str(refusal.value)
    services.close()


def test_a_live_table_that_stands_still_cannot_be_compared_with(sold_here, monkeypatch):
    """Until its cause is gone; then it goes on by itself."""
    blessed = table(sold_here, "orders")[0].key
    position = poison(sold_here, blessed, version=99)
    assert not sold_here.loop.step(ORDERS)
    assert sold_here.store.read_models().state("orders").stopped
    learn_to_bless(monkeypatch)
    outcome = rebuild(sold_here.store, ORDERS, quietly, check=True)
    assert outcome.needs_acceptance
    assert f"stopped at position {position}: UnknownEvent" in outcome.incomparable
    assert sold_here.loop.step(ORDERS)
    assert rebuild(sold_here.store, ORDERS, quietly).differences == 0


def learn_to_bless(monkeypatch):
    """From now on the service knows the event."""
    monkeypatch.setitem(event_mapper.DECODERS, "OrderBlessed.1", msgspec.json.Decoder(CustomerSet))


WIDER = msgspec.structs.replace(
    ORDERS,
    table=Table("orders", {**ORDERS.table.columns, "facts": int}, ORDERS.table.indexes),
    rows=lambda events: [
        Row(row.key, (*row.columns, len(events)), row.document) for row in ORDERS.rows(events)
    ],
    rows_of=None,
)


def test_a_table_of_other_columns_is_not_projected_but_rebuilt(sold_here):
    make_mixed_orders(sold_here, 10, seed=7)
    models = sold_here.store.read_models()
    models.ensure(WIDER.table)
    before = models.state("orders")
    with pytest.raises(OtherColumns, match="rebuild"):
        pull(sold_here.store, WIDER, before)
    outcome = rebuild(sold_here.store, WIDER, quietly)
    assert (outcome.swapped, outcome.needs_acceptance) == (False, True)
    assert "other columns" in outcome.incomparable
    assert rebuild(sold_here.store, WIDER, quietly, accept_differences=True).swapped
    assert len(table(sold_here, "orders")) == 160
    assert all(row.columns[-1] > 0 for row in table(sold_here, "orders"))
    with pytest.raises(NothingKept, match="other columns"):
        roll_back(sold_here.store, WIDER)
