"""A rebuild on a Dask scheduler with two workers, one of which is lost on the way."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest
from click.testing import CliRunner
from mixed_orders import load_shows, make_mixed_orders

from application.bootstrap import build
from application.projector.dask_workers import NoWorkers, on_dask
from application.projector.loop import catch_up
from application.read_models.orders import TABLE as ORDERS
from application.settings import Settings
from interface.cli.main import cli

BACKOFF_SECONDS = 60
REBUILD = """
import sys
from dask.distributed import Client
with Client(sys.argv[1]) as client:
    client.wait_for_workers(2)
from application.bootstrap import open_store, opener_of
from application.projector.dask_workers import on_dask
from application.projector.generations import Loading
from application.projector.rebuild import rebuild
from application.read_models.registry import PROJECTIONS
scheduler, database = sys.argv[1:]
loading = Loading(opener_of(database), on_dask(scheduler), range_events=5)
print(rebuild(open_store(database), PROJECTIONS["orders"], lambda done, total: None, loading))
"""
QUIET = "--no-dashboard"


@contextmanager
def running(*command, told=False):
    out = subprocess.PIPE if told else subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, *command], stdout=out, stderr=subprocess.STDOUT, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition):
    deadline = time.monotonic() + BACKOFF_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def sold(database, clock):
    services = build(Settings(database=database), clock)
    load_shows(services.store, 400)
    make_mixed_orders(services, 100, batch=50)
    catch_up(services.store, "orders")
    yield services
    services.close()


@pytest.fixture
def processes():
    with ExitStack() as processes:
        yield processes


@pytest.fixture
def scheduler(processes, tmp_path):
    """The address of a scheduler."""
    known = tmp_path / "scheduler.json"
    command = ("--host", "tcp://127.0.0.1", "--port", "0", "--scheduler-file", str(known))
    processes.enter_context(running("-m", "distributed.cli.dask_scheduler", QUIET, *command))
    wait_until(lambda: known.exists() and known.read_text().rstrip().endswith("}"))
    return json.loads(known.read_text())["address"]


def start_worker(processes, scheduler):
    command = ("--host", "127.0.0.1", "--no-nanny", "--nthreads", "1")
    return processes.enter_context(
        running("-m", "distributed.cli.dask_worker", scheduler, QUIET, *command)
    )


def table(services):
    models = services.store.read_models()
    with models.snapshot(models.state("orders")) as (_, rows):
        return list(rows)


def test_a_worker_that_is_lost_in_the_middle_does_no_harm(sold, database, processes, scheduler):
    live = table(sold)
    models = sold.store.read_models()
    lost, _ = [start_worker(processes, scheduler) for _ in range(2)]
    rebuilding = processes.enter_context(running("-c", REBUILD, scheduler, database, told=True))
    wait_until(lambda: models.build(ORDERS) is not None)
    begun = models.build(ORDERS)
    wait_until(lambda: models.loaded(begun.state))
    lost.kill()
    assert models.pending(begun.state)
    said, _ = rebuilding.communicate(timeout=BACKOFF_SECONDS)
    assert rebuilding.returncode == 0, said
    assert "differences=0" in said
    assert models.state("orders").generation == begun.state.generation
    assert table(sold) == live


def test_a_scheduler_that_nobody_runs_is_named():
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9"):
        list(on_dask("tcp://127.0.0.1:9", connect_seconds=0.5)([]))


def test_a_scheduler_without_workers_is_named(scheduler):
    with pytest.raises(NoWorkers, match=f"The scheduler {scheduler} has no workers"):
        list(on_dask(scheduler, connect_seconds=0.5)([]))


def test_the_command_loads_a_short_log_without_the_scheduler(sold, database):
    command = ("projection", "rebuild", "orders", "--database", database)
    answer = CliRunner().invoke(cli, [*command, "--scheduler", "tcp://127.0.0.1:9"])
    assert answer.exit_code == 0, answer.output
    assert "No row differs" in answer.stdout
