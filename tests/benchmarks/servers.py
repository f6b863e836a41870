"""Real servers to measure: the service on a fresh database, and routes that do nothing."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog import SYSTEMS, catalog_file, partner, rule, seats, show, ticket_set
from measures import Processes
from seller import PARTERRE as SET
from server import EVENT, PARTNER, Service

from application.bootstrap import open_store
from application.catalog.loading import load_catalog
from application.catalog.seat_blocks import MOST_TICKETS
from application.ports.store import Store
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import now
from interface.load.caretaker import throw_away_folder
from interface.load.servers import Server, free_port

KEY = "be4c4be4c4be4c4be4c4be4c4be4c4be"
"""The keys of the sample sell nothing but the sample."""
HALL, HALL_SET, HALL_SEATS = f"{0xBE4C:024x}", f"{0xBE4D:024x}", 300
"""An event with seats, whose list of tickets fits on one page."""
ROUTES = {
    "no-op": ("-m", "interface.load.noop"),
    "loop no-op": (str(Path(__file__).with_name("loop_noop.py")),),
}
"""What does nothing: in Flask, as fast as it can; and on an event loop."""


@dataclass(frozen=True)
class Running:
    """A server: its port, and its processes with those of the database."""

    port: int
    processes: Processes


def put_on_sale(database: str, count: int, *, hall: bool = False) -> None:
    """Lay out a database with so many tickets for sale, and on request with a hall's seats.

    All are of one event, as far as one may have so many.
    """
    floor = ticket_set(
        SET, "Floor", [rule("56a6254bf06c5a059b93800b", "100.00")], min(count, MOST_TICKETS)
    )
    seller = {**partner(PARTNER, "Seller", "ru", KEY), "rate_per_second": 0}
    shows = [show(EVENT, PARTNER, "Rush", [floor])]
    for number, begin in enumerate(range(MOST_TICKETS, count, MOST_TICKETS)):
        rest = ticket_set(
            further(1, number),
            "Floor",
            [rule(further(2, number), "100.00")],
            min(count - begin, MOST_TICKETS),
        )
        shows.append(show(further(3, number), PARTNER, "Another rush", [rest]))
    if hall:
        chairs = seats([f"{0xBE4C << 16 | number:024x}" for number in range(HALL_SEATS)])
        stalls = ticket_set(HALL_SET, "Stalls", [rule(f"{0xBE4E:024x}", "100.00")], chairs)
        shows.append(show(HALL, PARTNER, "Recital", [stalls]))
    with closing(open_store(database)) as store:
        load_catalog(store, catalog_file([seller], shows, SYSTEMS), now())


def further(kind: int, number: int) -> str:
    """An id of a further event, or of a part of it."""
    return f"{0xBE50 + kind:020x}{number:04x}"


def service(database: str, workers: int = 1) -> Service:
    """The service on a database. Logs as by default, to nowhere."""
    return Service(database, Path(os.devnull), "--workers", str(workers))


@contextmanager
def does_nothing(route: str, workers: int = 1) -> Iterator[Running]:
    """One of `ROUTES` under the service's server, with as many processes."""
    port = free_port()
    command = [*ROUTES[route], str(port), str(workers)]
    with throw_away_folder("orderlog-noop-") as caretaker:
        server = Server(command, port, {}, caretaker)
        try:
            server.start("/noop")
            yield Running(port, Processes(server.pid))
        finally:
            server.kill()


def wait_until_projected(store: Store) -> None:
    """Wait until all read models have all that is in the log."""
    models = store.read_models()
    while any(models.state(each).position < store.last_position() for each in PROJECTIONS):
        time.sleep(0.05)
