"""Real servers to measure: the service on a fresh database, and the route that does nothing."""

import contextlib
import os
from contextlib import closing
from pathlib import Path

from catalog import SYSTEMS, catalog_file, partner, rule, show, ticket_set
from seller import PARTERRE as SET
from server import EVENT, PARTNER, Service

from application.bootstrap import open_store
from application.catalog.loading import load_catalog
from application.runtime.clock import now
from application.settings import Settings
from interface.load.servers import Server, free_port

KEY = "be4c4be4c4be4c4be4c4be4c4be4c4be"
"""The keys of the sample sell nothing but the sample."""


def put_on_sale(database, count):
    """Lay out a database with so many tickets for sale."""
    floor = ticket_set(SET, "Floor", [rule("56a6254bf06c5a059b93800b", "100.00")], count)
    seller = partner(PARTNER, "Seller", "ru", KEY)
    catalog = catalog_file([seller], [show(EVENT, PARTNER, "Rush", [floor])], SYSTEMS)
    with closing(open_store(database)) as store:
        load_catalog(store, catalog, now())


def service(database, workers=1):
    """The service on a database. Logs as by default, to nowhere."""
    return Service(database, Path(os.devnull), "--workers", str(workers))


@contextlib.contextmanager
def noop(workers=1):
    """The route that does nothing, under the same server with as many workers; its port."""
    port = free_port()
    route = ("-m", "interface.load.noop", str(port), str(workers), str(Settings().threads))
    server = Server(list(route), port, {})
    try:
        server.start("/noop")
        yield port
    finally:
        server.stop()
