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
from application.projector import dask_workers
from application.projector import generations as new_generation
from application.projector.loop import catch_up
from application.read_models.orders import TABLE as ORDERS
from application.settings import Settings
from interface.cli.main import cli

BACKOFF_SECONDS = 60
REBUILD = """
import sys
from dask.distributed import Client
with Client(sys.argv.pop(1)) as client:
    client.wait_for_workers(2)
from application.projector import generations as new_generation
from interface.cli.main import main
new_generation.RANGE_EVENTS = 5
main()
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
    command = ("projection", "rebuild", "orders", "--scheduler", scheduler)
    rebuilding = processes.enter_context(
        running("-c", REBUILD, scheduler, *command, "--database", database, told=True)
    )
    wait_until(lambda: models.build(ORDERS) is not None)
    begun = models.build(ORDERS)
    wait_until(lambda: models.loaded(begun.state))
    lost.kill()
    assert models.pending(begun.state)
    said, _ = rebuilding.communicate(timeout=BACKOFF_SECONDS)
    assert rebuilding.returncode == 0, said
    assert "No row differs" in said
    assert models.state("orders").generation == begun.state.generation
    assert table(sold) == live


def test_a_scheduler_that_nobody_runs_is_named(sold, database, monkeypatch):
    monkeypatch.setattr(new_generation, "RANGE_EVENTS", 50)
    monkeypatch.setattr(dask_workers, "CONNECT_SECONDS", 0.5)
    command = ("projection", "rebuild", "orders", "--database", database)
    answer = CliRunner().invoke(cli, [*command, "--scheduler", "tcp://127.0.0.1:9"])
    assert answer.exit_code == 1, answer.output
    assert "127.0.0.1:9" in answer.stderr


def test_a_scheduler_without_workers_is_named(sold, database, scheduler, monkeypatch):
    monkeypatch.setattr(new_generation, "RANGE_EVENTS", 50)
    monkeypatch.setattr(dask_workers, "CONNECT_SECONDS", 0.5)
    command = ("projection", "rebuild", "orders", "--database", database)
    answer = CliRunner().invoke(cli, [*command, "--scheduler", scheduler])
    assert answer.exit_code == 1, answer.output
    assert f"The scheduler {scheduler} has no workers." in answer.stderr.replace("\n", " ")
