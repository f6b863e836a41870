"""How much the feed gives out, how soon, and what it costs those who sell meanwhile.

    PYTHONPATH=.:tests/support python tests/benchmarks/feed.py [--postgres] [--workers N]
        [--rounds N] [--seconds N] [--streams N]

Pulled events a second of two clients together; the delay from an event's own time, which is before
its commit, to its arrival on a stream while 500 orders a second are made; how many orders a second
are made with and without ten streams, in turn. With `--streams`, instead: the memory of the
processes that answer, before, with so many streams, and when they have been sent news.
"""

import argparse
import contextlib
import json
import multiprocessing
import resource
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

import server
from measures import Memory, Processes, Stopwatch
from postgres_server import postgres_server
from seller import PARTERRE
from server import EVENT
from servers import KEY, put_on_sale, service

from application.bootstrap import open_store
from application.ports.store import Store
from application.runtime.clock import now
from interface.load.client import Client

CREATE = json.dumps({"event": EVENT, "random": {PARTERRE: 1}}).encode()
AUTHORIZED = {"Authorization": f"key {KEY}"}
CLIENTS = 16
PULLING = 2
A_SECOND = 500
ORDERS = "/v1/resources/orders"
STREAM = (
    f"GET /v1/feed/stream{{query}} HTTP/1.1\r\nHost: localhost\r\nAuthorization: key {KEY}\r\n\r\n"
)
OF_ONE_PARTNER = """
import interface.server.feed_calls as calls
calls.MOST_OF_PARTNER = calls.MOST_STREAMS
from interface.cli.main import main
main()
"""
"""The service, where one partner may have all streams."""

fork = multiprocessing.get_context("fork")


def sell(port: int, seconds: float, rate: float | None = None) -> float:
    """Make orders over several connections, `rate` a second at most; return how many a second."""
    made, began = [0] * CLIENTS, time.monotonic()

    def client(place: int) -> None:
        own = Client("127.0.0.1", port, AUTHORIZED)
        while (passed := time.monotonic() - began) < seconds:
            if rate is not None and made[place] > passed * rate / CLIENTS:
                time.sleep(0.001)
                continue
            assert own.send("POST", ORDERS, CREATE).status == 201
            made[place] += 1

    threads = [threading.Thread(target=client, args=(each,)) for each in range(CLIENTS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(made) / seconds


def pull_all(port: int, results: "Queue[tuple[int, float]]") -> None:
    client, position, count, began = Client("127.0.0.1", port, AUTHORIZED), 0, 0, time.monotonic()
    while True:
        answer = client.send("GET", f"/v1/feed?limit=1000&after={position}")
        assert answer.status == 200, answer.body
        position, before = int(answer.body.rpartition(b":")[2].strip(b"}")), position
        count += answer.body.count(b'"specversion"')
        if position == before:
            break
    results.put((count, time.monotonic() - began))


def pulled(port: int, clients: int = PULLING) -> float:
    """Events a second that two clients together pull."""
    results = fork.Queue()
    processes = [fork.Process(target=pull_all, args=(port, results)) for _ in range(clients)]
    for each in processes:
        each.start()
    found: list[tuple[int, float]] = [results.get() for _ in processes]
    for each in processes:
        each.join()
    return sum(count for count, _ in found) / max(seconds for _, seconds in found)


def opened(port: int, query: str = "") -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port))
    stream.sendall(STREAM.format(query=query).encode())
    answer = stream.recv(1000)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return stream


def read_streams(port: int, count: int, stopping: Event, results: "Queue[Any]") -> None:
    """Read streams until told to stop; the delays of the events of the first of them."""
    delays: list[float] = []
    rest = b""
    selector = selectors.DefaultSelector()
    for number in range(count):
        selector.register(opened(port), selectors.EVENT_READ, number)
    results.put("reads")
    while not stopping.is_set():
        for key, _ in selector.select(0.1):
            assert isinstance(key.fileobj, socket.socket)
            content = key.fileobj.recv(262_144)
            if key.data == 0:
                at = now()
                *lines, rest = (rest + content).split(b"\n")
                delays += [delay(line, at) for line in lines if line.startswith(b"data: ")]
    results.put(delays)


def delay(line: bytes, at: datetime) -> float:
    moment = datetime.fromisoformat(json.loads(line.removeprefix(b"data: "))["time"])
    return float((at - moment) / timedelta(milliseconds=1))


@contextlib.contextmanager
def streams(port: int, count: int) -> Iterator[list[float]]:
    """Streams that are read by a process of their own; yields a function for the delays."""
    stopping, results = fork.Event(), fork.Queue()
    process = fork.Process(target=read_streams, args=(port, count, stopping, results))
    process.start()
    assert results.get(timeout=60) == "reads"
    found: list[float] = []
    try:
        yield found
    finally:
        stopping.set()
        found += results.get()
        process.join()


def memory(running: server.Service, count: int) -> Iterator[tuple[str, Memory]]:
    """The memory before, with so many quiet streams, and when they have been told of news."""
    workers = Processes(*running.workers())
    yield "before", workers.memory()
    kept = [opened(running.port, "?types=RefundPaid" if each % 2 else "") for each in range(count)]
    time.sleep(1)
    yield f"{count} streams", workers.memory()
    sell(running.port, 3, rate=100)
    yield "after news", workers.memory()
    for each in kept:
        each.close()


def measure(
    running: server.Service, processes: Processes, store: Store, rounds: int, seconds: int
) -> None:
    print(f"made to pull: {sell(running.port, 2 * seconds):.0f} orders a second")
    watch = Stopwatch(processes)
    rates = [pulled(running.port) for _ in range(rounds)]
    spent = watch.microseconds(rounds * PULLING * store.last_position())
    print(
        f"pulled events a second: {statistics.median(rates):.0f}  {[round(r) for r in rates]},"
        f" {spent:.1f} µs each"
    )
    with streams(running.port, 1) as delays:
        rate = sell(running.port, seconds, A_SECOND)
        time.sleep(0.5)
    cut = statistics.quantiles(delays, n=100)
    print(f"delay at {rate:.0f} orders a second: median {cut[49]:.1f} ms, p99 {cut[98]:.1f} ms")
    ratios = []
    for _ in range(rounds):
        alone = sell(running.port, seconds)
        with streams(running.port, 10) as delays:
            followed = sell(running.port, seconds)
        ratios.append(followed / alone)
        print(
            f"orders a second: {alone:.0f}, with ten streams {followed:.0f}: {followed / alone:.2f}"
        )
    print(f"median ratio {statistics.median(ratios):.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--streams", type=int, default=0)
    arguments.add_argument("--tickets", type=int, default=300_000)
    given = arguments.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database, of_database = f"sqlite:///{folder}/bench.db", None
        if given.postgres:
            postgres = stack.enter_context(postgres_server())
            database, of_database = stack.enter_context(postgres.database()), postgres.pid
        put_on_sale(database, given.tickets)
        if given.streams:
            server.ORDERLOG = (sys.executable, "-c", OF_ONE_PARTNER)
        running = stack.enter_context(service(database, given.workers))
        if not given.streams:
            processes = Processes(running.pid, of_database)
            store = stack.enter_context(contextlib.closing(open_store(database)))
            measure(running, processes, store, given.rounds, given.seconds)
            return
        for when, found in memory(running, given.streams):
            print(f"{when}: {found}")


if __name__ == "__main__":
    main()
