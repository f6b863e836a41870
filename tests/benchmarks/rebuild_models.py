"""How fast is a read model rebuilt, in how much memory, and what do sales notice of it?

    PYTHONPATH=.:tests/support python tests/benchmarks/rebuild_models.py [--events 300000]
        [--workers 2] [--rounds 3] [--store sqlite|postgres] [--model orders]
        [--seconds 6] [--tickets 200000]

Each round scans, decodes and folds the log in one process, and rebuilds the read model, compared
with the live one: the ratio of both speeds holds on a busy machine, too. Then orders are made over
HTTP as fast as they can be, alone and during rebuilds in turn (this needs wrk), and 500 a second
to see how late lists are.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import threading
import time
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from itertools import groupby, islice
from multiprocessing.queues import Queue
from operator import itemgetter

from big_log import ORG, big_log
from http_paths import CREATE, ORDERS
from load import wrk
from measures import LargestChild, Stopwatch, of_this_process
from postgres_server import postgres_server
from seller import PARTERRE
from server import EVENT
from servers import put_on_sale, service, wait_until_projected

from application.bootstrap import build, open_copyable, open_store, opener_of
from application.catalog.access import Caller
from application.event_log.event_mapper import event_from
from application.orders.commands import ChangeOrder, Request
from application.ports.copyable import EVENTS, Counters
from application.ports.partitions import Range
from application.projector.generations import Loading
from application.projector.rebuild import Outcome, rebuild
from application.projector.workers import started
from application.read_models.registry import PROJECTIONS
from application.runtime.worker_processes import NICE_LEVEL, lower_priority
from application.settings import Settings
from domain.commands import BestAvailable
from domain.order import Order

BATCH = 20_000
SELLERS = 8
PACE = 500

Sales = tuple[float, list[float]]
"""Orders a second, and the seconds by which lists were late, sorted."""


def fill(database: str, count: int, tickets: int) -> None:
    """A log of so many events, and tickets for sale."""
    events = ((n, *event, bytes(32)) for n, event in enumerate(big_log(count), 1))
    with closing(open_copyable(database, make=True)) as target:
        target.begin()
        after = None
        while rows := list(islice(events, BATCH)):
            target.replace(EVENTS, after, None, rows)
            after = rows[-1][:1]
        target.finish(Counters(number=498_000_000 + count, catalog=0))
    put_on_sale(database, tickets)


def scan(database: str) -> float:
    """Events a second that one process reads by orders, decodes and folds."""
    with closing(open_store(database)) as store:
        begun, count = time.perf_counter(), 0
        events = store.events_of_range(Range(0, "", None), store.last_position())
        for order, stream in groupby(events, itemgetter(0)):
            known = [event_from(name, state, order) for _, name, state in stream]
            Order.replay(known)
            count += len(known)
        return count / (time.perf_counter() - begun)


def rebuilt(
    database: str,
    model: str,
    workers: int,
    nice: int = 0,
    largest: AbstractContextManager[object] | None = None,
) -> tuple[float, float, Outcome]:
    """Events a second from the start to the swap, and of the loading alone; rows that differ.

    Workers are started first, as the command does; `largest` is entered when they are.
    """
    while threading.active_count() > 1:  # those of a store that was closed just now
        time.sleep(0.01)
    begun = time.perf_counter()
    with (
        started(workers, nice) as work,
        largest or nullcontext(),
        closing(open_store(database)) as store,
    ):
        for each in PROJECTIONS.values():
            store.read_models().ensure(each.table)
        loaded: list[tuple[int, float]] = []

        def tell(done: int, total: int) -> None:
            loaded.append((done, time.perf_counter()))

        loading = Loading(opener_of(database), work)
        outcome = rebuild(store, PROJECTIONS[model], tell, loading)
        ended = time.perf_counter()
        count, last = loaded[-1]
        assert outcome.swapped, outcome
        return count / (ended - begun), count / (last - begun), outcome


def sell(database: str, seconds: int, pace: int, told: "Queue[Sales]") -> None:
    """Make orders for so long; tell how many a second, and how late the lists were.

    They are projected by a service that runs beside.
    """
    services = build(Settings(database=database))
    command = ChangeOrder(tickets=BestAvailable({PARTERRE: 1}))
    made: list[tuple[int, float]] = []
    lags: list[float] = []
    end = time.monotonic() + seconds

    def make() -> None:
        while (moment := time.monotonic()) < end:
            request = Request(Caller(ORG, "key", "ru"), "benchmark")
            answer = services.orders.create(EVENT, command, request)
            made.append((answer.position, time.monotonic()))
            time.sleep(max(0.0, moment + SELLERS / pace - time.monotonic()))

    def watch() -> None:
        models, seen = services.store.read_models(), 0
        while time.monotonic() < end:
            position = models.state("orders").position
            moment = time.monotonic()
            while seen < len(made) and made[seen][0] <= position:
                lags.append(moment - made[seen][1])
                seen += 1
            time.sleep(0.002)

    threads = [threading.Thread(target=make) for _ in range(SELLERS)]
    threads += [threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    services.close()
    told.put((len(made) / seconds, sorted(lags)))


def sold(database: str, seconds: int, pace: int = PACE) -> Sales:
    """What a process tells that sells."""
    context = multiprocessing.get_context("spawn")
    told: Queue[Sales] = context.Queue()
    process = context.Process(target=sell, args=(database, seconds, pace, told))
    process.start()
    found = told.get()
    process.join()
    return found


def rebuild_again_and_again(database: str, model: str, workers: int) -> None:
    lower_priority()
    while True:
        rebuilt(database, model, workers, NICE_LEVEL)


def measure_sales(database: str, given: argparse.Namespace, port: int, folder: str) -> None:
    ratios: list[float] = []
    alone_rates: list[float] = []
    context = multiprocessing.get_context("spawn")

    def made() -> float:
        return wrk(folder, port, ORDERS, "POST", CREATE, seconds=given.seconds).rate

    for _ in range(given.rounds):
        alone = made()
        rebuilding = context.Process(
            target=rebuild_again_and_again, args=(database, given.model, given.workers)
        )
        rebuilding.start()
        time.sleep(2)
        beside = made()
        rebuilding.terminate()
        rebuilding.join()
        ratios.append(beside / alone)
        alone_rates.append(alone)
    print(f"orders a second alone {statistics.median(alone_rates):,.0f}")
    print(f"orders a second during rebuilds: {statistics.median(ratios):.2f} of that")
    with closing(open_store(database)) as store:
        wait_until_projected(store)
    rate, lags = sold(database, given.seconds)
    middle, late = statistics.median(lags), lags[len(lags) * 99 // 100]
    print(f"at {rate:.0f} orders a second: lists late by {middle * 1000:.0f} ms,", end=" ")
    print(f"of 100 one by more than {late * 1000:.0f} ms")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--events", type=int, default=300_000)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    arguments.add_argument("--model", choices=list(PROJECTIONS), default="orders")
    arguments.add_argument("--seconds", type=int, default=6)
    arguments.add_argument("--tickets", type=int, default=200_000)
    given = arguments.parse_args()
    with ExitStack() as open_ones:
        folder = open_ones.enter_context(tempfile.TemporaryDirectory())
        database, of_database = f"sqlite:///{folder}/orders.db", None
        if given.store == "postgres":
            server = open_ones.enter_context(postgres_server())
            database, of_database = open_ones.enter_context(server.database()), server.pid
        fill(database, given.events, given.tickets)
        rebuilt(database, given.model, given.workers)
        scans, wholes, loads, costs = [], [], [], []
        workers = LargestChild()
        for _ in range(given.rounds):
            scans.append(scan(database))
            watch = Stopwatch(of_this_process(of_database))
            whole, load, outcome = rebuilt(database, given.model, given.workers, largest=workers)
            costs.append(watch.microseconds(given.events))
            assert outcome.incomparable is None
            wholes.append(whole)
            loads.append(load)
        medians = [statistics.median(each) for each in (scans, wholes, loads)]
        ratio = statistics.median(b / a for a, b in zip(scans, wholes, strict=True))
        print(f"{given.events:,} events, {given.store}, {given.workers} workers, {given.model}")
        print(f"scan, decode, fold in one process: {medians[0]:,.0f} events a second")
        print(f"rebuild with comparison: {medians[1]:,.0f} a second ({ratio:.2f} of the scan)")
        print(f"loading alone: {medians[2]:,.0f} a second")
        print(f"a rebuild of all processes together: {statistics.median(costs):.1f} µs an event")
        print(f"the largest worker: {workers.memory}")
        port = open_ones.enter_context(service(database)).port
        measure_sales(database, given, port, folder)


if __name__ == "__main__":
    main()
