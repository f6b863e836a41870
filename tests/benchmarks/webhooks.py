"""Webhooks to a local receiver, and what they cost those who create orders.

    PYTHONPATH=.:tests/support python tests/benchmarks/webhooks.py [--postgres] [--rounds N]
        [--events N] [--seconds N] [--tickets N] [--only rates|cost|together]

First a log of orders is delivered to one webhook and to ten, from a process of its own. Then orders
are created without webhooks, with ten, and without again: the ratio of the rates is what counts.
At last ten webhooks are sent a log from its beginning, while a client pulls it over HTTP.

The receiver stands for other people's machines: it has the lowest priority.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import feed
from many_webhooks import processor
from postgres_server import postgres_server
from seller import BoxOffice
from server import PARTNER, Service
from servers import put_on_sale
from webhook_office import add_webhook, deed, delivery_process

from application.bootstrap import open_store
from application.ports.store import Store
from application.ports.webhooks import Attempt, Webhook
from application.runtime.clock import now
from application.webhooks.delivery.late_sender import LOWER

SUPPORT = Path(__file__).parents[1] / "support"
ALLOWED = {"ORDERLOG_WEBHOOKS_TO": "127.0.0.0/8"}
SELLERS = 16
LEASED_SECONDS = 2.0
COUNT = 10
ALL = 10**7
LOWEST = 19
fork = multiprocessing.get_context("fork")


@contextmanager
def receiver() -> Iterator[int]:
    """The port of a receiver that only confirms."""
    command = [sys.executable, str(SUPPORT / "receiver_process.py"), os.devnull, "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.setpriority(os.PRIO_PROCESS, process.pid, LOWEST)
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()


def create(office: BoxOffice, seconds: float, most: int | None = None) -> float:
    """Events a second, half of them new orders, by many sellers at once."""
    made: list[int] = []
    ended = time.monotonic() + seconds

    def sell() -> None:
        while time.monotonic() < ended and (most is None or sum(made) < most):
            office.cancel(office.order(0))
            made.append(2)

    threads = [threading.Thread(target=sell) for _ in range(SELLERS)]
    begun = time.monotonic()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(made) / (time.monotonic() - begun)


def add(store: Store, port: int, count: int, **more: Any) -> list[Webhook]:
    return [add_webhook(store, f"http://127.0.0.1:{port}/{n}", **more) for n in range(count)]


def remove(store: Store, webhooks: Sequence[Webhook]) -> None:
    for each in webhooks:
        known = store.webhooks().find(each.id)
        assert known
        store.webhooks().remove(each.id, known.revision, deed())


def tries_of(store: Store, webhooks: Sequence[Webhook]) -> list[Attempt]:
    return [own for each in webhooks for own in store.webhooks().attempts(each.id, ALL)]


def until_the_end(store: Store, webhooks: Sequence[Webhook]) -> None:
    last = store.last_position()
    while any(each.position < last for each in store.webhooks().progress(webhooks).values()):
        time.sleep(0.02)


def rate(database: str, store: Store, port: int, count: int) -> None:
    """How many events a second so many webhooks get that begin at the start of the log."""
    webhooks = add(store, port, count, after=0)
    with delivery_process(database, lower=LOWER) as process:
        time.sleep(LEASED_SECONDS)
        before, tried = processor(process.pid), len(tries_of(store, webhooks))
        until_the_end(store, webhooks)
        spent = processor(process.pid) - before
    tries = tries_of(store, webhooks)
    moments = [each.at for each in tries]
    seconds = (max(moments) - min(moments)).total_seconds()
    remove(store, webhooks)
    each = f", {spent / (len(tries) - tried):.2f} ms each" if len(tries) > tried else ""
    print(f"{count} webhooks: {count * store.last_position() / seconds:.0f} events a second{each}")


def cost(office: BoxOffice, database: str, store: Store, port: int, seconds: float) -> float:
    """How fast orders are created without webhooks, while ten receive, and without again."""
    before = create(office, seconds)
    webhooks = add(store, port, COUNT)
    with delivery_process(database, lower=LOWER) as process:
        time.sleep(LEASED_SECONDS)
        spent, since = processor(process.pid), now()
        shared = create(office, seconds)
        spent, till = processor(process.pid) - spent, now()
    sent = sum(since <= each.at <= till for each in tries_of(store, webhooks))
    remove(store, webhooks)
    after = create(office, seconds)
    ratio = shared / ((before + after) / 2)
    print(
        f"{before:.0f}, {after:.0f} events recorded a second, {shared:.0f} with ten webhooks"
        f" ({ratio:.2f}), which were sent {sent / seconds:.0f} a second, {spent / max(sent, 1):.2f}"
        " ms of a processor each"
    )
    return ratio


def pull(port: int, results: "Queue[int]", stopping: Event) -> None:
    """Pull the whole log, again and again."""
    found: Queue[tuple[int, float]] = fork.Queue()
    count = 0
    while not stopping.is_set():
        feed.pull_all(port, found)
        count += found.get()[0]
    results.put(count)


def together(database: str, port: int, given: argparse.Namespace) -> None:
    """Events a second that a client pulls while ten webhooks are sent them."""
    put_on_sale(database, given.tickets)
    with (
        Service(database, Path(os.devnull), "--workers", "1", **ALLOWED) as running,
        closing(open_store(database)) as store,
    ):
        feed.sell(running.port, given.seconds)
        for _ in range(given.rounds):
            webhooks = add(store, port, COUNT, partner=PARTNER, after=0)
            while not tries_of(store, webhooks):
                time.sleep(0.05)
            results, stopping = fork.Queue(), fork.Event()
            client = fork.Process(target=pull, args=(running.port, results, stopping))
            client.start()
            since = now()
            time.sleep(given.seconds)
            stopping.set()
            pulled, passed = results.get(), (now() - since).total_seconds()
            client.join()
            sent = sum(
                since <= each.at <= since + timedelta(seconds=passed)
                for each in tries_of(store, webhooks)
            )
            remove(store, webhooks)
            print(
                f"pulled {pulled / passed:.0f} events a second, and sent {sent / passed:.0f}:"
                f" {(pulled + sent) / passed:.0f}"
            )


def measure(database: str, store: Store, port: int, given: argparse.Namespace) -> None:
    with BoxOffice(database, real_time=True) as office:
        create(office, 60, given.events)
        if given.only in {None, "rates"}:
            for count in (1, COUNT):
                rate(database, store, port, count)
        if given.only in {None, "cost"}:
            ratios = [
                cost(office, database, store, port, given.seconds) for _ in range(given.rounds)
            ]
            print(f"median ratio {statistics.median(ratios):.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--events", type=int, default=3000)
    arguments.add_argument("--only", choices=("rates", "cost", "together"))
    arguments.add_argument("--seconds", type=float, default=6.0)
    arguments.add_argument("--tickets", type=int, default=300_000)
    given = arguments.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        databases = [f"sqlite:///{folder}/orders.db", f"sqlite:///{folder}/pulled.db"]
        if given.postgres:
            server = stack.enter_context(postgres_server())
            databases = [stack.enter_context(server.database()) for _ in databases]
        port = stack.enter_context(receiver())
        if given.only != "together":
            with closing(open_store(databases[0])) as store:
                measure(databases[0], store, port, given)
        if given.only in {None, "together"}:
            together(databases[1], port, given)


if __name__ == "__main__":
    main()
