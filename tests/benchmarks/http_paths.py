"""How many requests a second each path answers, and for how much processor time.

    PYTHONPATH=.:tests/support python tests/benchmarks/http_paths.py [--postgres | --database URL]
        [--workers N] [--rounds N] [--seconds N] [--tickets N]

Needs wrk. It measures on an SQLite file, on a PostgreSQL server of its own (--postgres), or on an
empty database. Each round measures every path in turn, beside two that do nothing: a Flask route
in one thread, where it is fastest, and a handler on the event loop, which is the server's limit.
The figures are medians over rounds, and the ratios are to these two in the same round. Processor
time is that of all processes of a server together, until the read models have what was recorded;
with --postgres that of the database's server is in it, with --database it is not.
"""

import argparse
import json
import re
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection

from load import Figures, figures_of, median_of
from measures import Processes
from postgres_server import postgres_server
from seller import PARTERRE
from server import EVENT
from servers import (
    HALL,
    KEY,
    ROUTES,
    Running,
    does_nothing,
    put_on_sale,
    service,
)

from application.bootstrap import open_store
from application.ports.store import Store

ORDERS = "/v1/resources/orders"
CREATE = json.dumps({"event": EVENT, "random": {PARTERRE: 1}})
PAY = json.dumps({"payment": {"system": "api/BASE"}})
START = json.dumps({"status": "in_progress"})
READS = {
    "list of 50": ORDERS,
    "list, page_size": f"{ORDERS}?page_size=50",
    "list, expanded": f"{ORDERS}?fields-schema=id,status,tickets%7Bid,number%7D",
    "simple/events": "/v1/services/simple/events",
    "event tickets": f"/v1/resources/events/{HALL}/tickets",
}

Round = dict[str, Figures]


@dataclass(frozen=True)
class Bench:
    """What is measured: the service with its store, and the routes that do nothing."""

    folder: str
    seconds: int
    store: Store
    service: Running
    baselines: dict[str, Running]

    def figures(
        self,
        running: Running,
        path: str,
        method: str = "GET",
        body: str = "",
        ids: Sequence[str] = (),
        seconds: int = 0,
    ) -> Figures:
        """The figures of one path under load."""
        seconds = seconds or self.seconds
        return figures_of(running, self.store, self.folder, path, method, body, ids, seconds)


def newest_orders(port: int, count: int) -> list[str]:
    """The ids of orders made lately, from the list."""
    connection = HTTPConnection("127.0.0.1", port)
    ids: list[str] = []
    address = f"{ORDERS}?page_size=200"
    while address and len(ids) < count:
        connection.request("GET", address, headers={"Authorization": f"key {KEY}"})
        answer = connection.getresponse()
        ids += [each["id"] for each in json.loads(answer.read())]
        link = re.match(r"<([^>]+)>", answer.getheader("Link") or "")
        address = link[1] if link else ""
    connection.close()
    return ids


def one_round(bench: Bench) -> Round:
    """Every path once. Orders that were made are then paid for, each once."""
    found = {
        name: bench.figures(running, "/noop", "POST", CREATE)
        for name, running in bench.baselines.items()
    }
    served = bench.service
    found["create"] = bench.figures(served, ORDERS, "POST", CREATE)
    made = newest_orders(served.port, int(found["create"].requests * 0.9))
    few = max(1, bench.seconds // 2)  # so that no order is changed twice
    found["patch payment"] = bench.figures(served, ORDERS, "PATCH", PAY, made, few)
    paid = made[: int(found["patch payment"].requests * 0.95)]
    found["patch status"] = bench.figures(served, ORDERS, "PATCH", START, paid, few)
    found["get"] = bench.figures(served, ORDERS, ids=made[:1000])
    for name, path in READS.items():
        found[name] = bench.figures(served, path)
    return found


def report(rounds: Sequence[Round]) -> None:
    """Print the medians."""
    print(
        f"{'path':<15} {'a second':>9} {'to no-op':>9} {'to loop':>8} {'p50 ms':>7} {'p99 ms':>7}"
        f" {'µs each':>8} {'refused':>8}"
    )
    for path in rounds[0]:
        row = median_of([figures[path] for figures in rounds])
        flask, loop = (
            statistics.median(figures[path].rate / figures[name].rate for figures in rounds)
            for name in ROUTES
        )
        print(
            f"{path:<15} {row.rate:>9.0f} {flask:>9.2f} {loop:>8.2f} {row.p50:>7.1f}"
            f" {row.p99:>7.1f} {row.spent:>8.0f} {row.refused:>8}"
        )


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--database")
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--tickets", type=int, default=500_000)
    given = arguments.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database, of_database = given.database or f"sqlite:///{folder}/bench.db", None
        if given.postgres:
            server = stack.enter_context(postgres_server())
            database, of_database = stack.enter_context(server.database()), server.pid
        put_on_sale(database, given.tickets, hall=True)
        served = stack.enter_context(service(database, given.workers))
        processes = Processes(served.pid, of_database)
        bench = Bench(
            folder=folder,
            seconds=given.seconds,
            store=stack.enter_context(closing(open_store(database))),
            service=Running(served.port, processes),
            baselines={
                name: stack.enter_context(does_nothing(name, given.workers)) for name in ROUTES
            },
        )
        rounds = []
        for _ in range(given.rounds):
            rounds.append(one_round(bench))
            report(rounds[-1:])
        print(f"\nmedians of {given.rounds}, {given.workers} worker(s), on {database}")
        report(rounds)
        print(f"the service in the end: {processes.memory()}")


if __name__ == "__main__":
    main()
