"""Real servers to measure: the service on a fresh database, and the route that does nothing."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PARTNER, KEY = "56810047f06c5a6ac62f4e1d", "be4c4be4c4be4c4be4c4be4c4be4c4be"
EVENT, SET = "56a6253df06c5a059a93802e", "56a6254bf06c5a059b93800c"
CATALOG = """
partners:
  - {{id: "{partner}", name: Seller, language: ru, keys: ["{key}"]}}
payment_systems:
  - id: "545b544a5d645a463e779d53"
    alias: api/BASE
    hold_minutes: 30
    confirmed_by: vendor
    redirect_url: https://pay.example/go
events:
  - id: "{event}"
    org: "{partner}"
    title: Rush
    starts_at: 2030-06-01T19:00:00+03:00
    ends_at: 2030-06-01T22:00:00+03:00
    sets:
      - id: "{set}"
        name: Floor
        rules: [{{id: "56a6254bf06c5a059b93800b", nominal: "100.00"}}]
        tickets: {{count: {count}}}
"""


def environment(**more):
    path = os.pathsep.join([str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, **more}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def process(*command, **more):
    with subprocess.Popen(
        [sys.executable, *command],
        env=environment(**more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            yield running
        finally:
            running.terminate()
            running.wait(40)


def put_on_sale(database, count, folder):
    """Lay out a database with so many tickets for sale."""
    file = Path(folder) / "catalog.yaml"
    file.write_text(CATALOG.format(partner=PARTNER, key=KEY, event=EVENT, set=SET, count=count))
    load = ["-m", "interface.cli.main", "--database", database, "catalog", "load", str(file)]
    subprocess.run(
        [sys.executable, *load], env=environment(), check=True, stdout=subprocess.DEVNULL
    )


@contextlib.contextmanager
def service(database, workers=1):
    """The service on a database; its port. Logs as by default, to nowhere."""
    port = free_port()
    command = ["-m", "interface.cli.main", "--database", database, "serve"]
    with process(*command, "--port", str(port), "--workers", str(workers)):
        wait_for(port, "/health/ready")
        yield port


@contextlib.contextmanager
def noop(workers=1):
    """The route that does nothing, under the same server with as many workers; its port."""
    port = free_port()
    with process(str(HERE / "noop_service.py"), str(port), str(workers)):
        wait_for(port, "/noop")
        yield port


def wait_for(port, path):
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
