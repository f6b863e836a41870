"""Real servers to measure: the service on a fresh database, and the route that does nothing."""

import contextlib
import os
from pathlib import Path

from server import Service, orderlog

from application.settings import Settings
from interface.load.servers import Server, free_port

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


def put_on_sale(database, count, folder):
    """Lay out a database with so many tickets for sale."""
    file = Path(folder) / "catalog.yaml"
    file.write_text(CATALOG.format(partner=PARTNER, key=KEY, event=EVENT, set=SET, count=count))
    orderlog("--database", database, "catalog", "load", str(file)).check_returncode()


def service(database, workers=1):
    """The service on a database. Logs as by default, to nowhere."""
    return Service(database, Path(os.devnull), "--workers", str(workers))


@contextlib.contextmanager
def noop(workers=1):
    """The route that does nothing, under the same server with as many workers; its port."""
    port = free_port()
    route = ("-m", "interface.load.noop", str(port), str(workers), str(Settings().threads))
    server = Server([*route], port, {})
    try:
        server.start("/noop")
        yield port
    finally:
        server.stop()
