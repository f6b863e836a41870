"""How long it takes to create an order at half of the greatest rate, and while other work goes on.

    PYTHONPATH=.:tests/support python tests/benchmarks/latency.py [--postgres] [--workers 1]
        [--seconds 10] [--events 200000] [--tickets 500000] [--rate 0]

Needs wrk, which finds the greatest rate unless --rate names one to send. Then orders are sent at
half of it, each when it is due (`steady.py`): first with nothing beside, then while a checkpoint
is signed, the database's write-ahead log is written into its files, a read model is rebuilt, and
the database is backed up, each again and again. The log has so many events to begin with. The
first row is what the disk takes for a page, without any of it.
"""

import argparse
import asyncio
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from http_paths import CREATE, ORDERS
from load import wrk
from postgres_server import postgres_server
from psycopg.conninfo import conninfo_to_dict
from server import orderlog
from servers import service, wait_until_projected
from steady import Times, request_of, steady, times_of
from verify import fill

from application.bootstrap import open_store

PAUSE_SECONDS = 0.5
"""Between a piece of other work and the next."""

WARM_SECONDS = 1
FLUSHES = 300

Work = Callable[[], object]


def command(database: str, *arguments: str) -> None:
    """Run a command of ours on the database."""
    ended = orderlog(*arguments, "--database", database)
    assert ended.returncode == 0, ended.stderr


def sqlite_works(database: str, folder: str) -> Mapping[str, Work]:
    """The work beside, on an SQLite file."""
    path = database.removeprefix("sqlite:///")

    def empty_write_ahead_log() -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    return {
        "write-ahead log": empty_write_ahead_log,
        "backup": partial(command, database, "backup", "--overwrite", "--to", f"{folder}/copy"),
    }


def postgres_works(database: str, server: Any) -> Mapping[str, Work]:
    """The work beside, on a PostgreSQL server."""
    at = ("-h", server.data, "-U", "postgres")
    name = str(conninfo_to_dict(database)["dbname"])

    def flush() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def dump() -> None:
        server.tool("pg_dump", *at, "--format=custom", f"--file={server.data}/dump", name)

    return {"write-ahead log": flush, "backup": dump}


def settle(database: str) -> None:
    """Have done what filling the database has left to do: it would count as another's work."""
    if database.startswith("postgres"):
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
    os.sync()


def flushes(folder: str) -> Times:
    """How long the disk takes to make a page of 4 KiB durable: no commit can be quicker."""
    took = []
    with (Path(folder) / "page").open("wb", buffering=0) as file:
        for _ in range(FLUSHES):
            begun = time.monotonic()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.monotonic() - begun)
    return times_of(took)


@contextmanager
def going_on(work: Work | None) -> Iterator[list[float]]:
    """While this is entered, work goes on again and again; the seconds that each piece took."""
    ending, took = threading.Event(), list[float]()

    def repeat() -> None:
        while work is not None and not ending.is_set():
            begun = time.monotonic()
            work()
            took.append(time.monotonic() - begun)
            ending.wait(PAUSE_SECONDS)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield took
    finally:
        ending.set()
        thread.join()


def report(name: str, times: Times, took: list[float]) -> None:
    """Print a row."""
    pieces = f"{len(took)} x {sum(took) / len(took):.2f} s" if took else ""
    print(
        f"{name:<16} {times.requests:>8} {times.p50:>8.1f} {times.p99:>8.1f} {times.p999:>8.1f}"
        f" {times.most:>8.1f} {times.refused:>8}  {pieces}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--seconds", type=int, default=10)
    arguments.add_argument("--events", type=int, default=200_000)
    arguments.add_argument("--tickets", type=int, default=500_000)
    arguments.add_argument("--rate", type=float, default=0.0)
    given = arguments.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = f"sqlite:///{folder}/bench.db"
        if given.postgres:
            server = stack.enter_context(postgres_server())
            database = stack.enter_context(server.database())
            works = postgres_works(database, server)
        else:
            works = sqlite_works(database, folder)
        os.environ["ORDERLOG_AUDIT_KEY"] = f"{folder}/key"
        fill(database, given.events, given.tickets, folder)
        beside: dict[str, Work | None] = {
            "nothing": None,
            "checkpoint": partial(command, database, "audit", "checkpoint"),
            **works,
            "rebuild": partial(command, database, "projection", "rebuild", "orders"),
        }
        served = stack.enter_context(service(database, given.workers))
        store = stack.enter_context(closing(open_store(database)))
        wait_until_projected(store)
        rate = given.rate
        if not rate:
            rate = wrk(folder, served.port, ORDERS, "POST", CREATE, seconds=3).rate / 2
        print(f"{rate:.0f} orders a second, {given.workers} worker(s), on {database}")
        print(
            f"{'beside':<16} {'orders':>8} {'p50 ms':>8} {'p99 ms':>8} {'p999 ms':>8} {'most':>8}"
            f" {'refused':>8}  work"
        )
        report("disk alone", flushes(folder), [])
        request = request_of("POST", ORDERS, CREATE)
        settle(database)
        asyncio.run(steady(served.port, request, rate, WARM_SECONDS))
        for name, work in beside.items():
            wait_until_projected(store)
            with going_on(work) as took:
                times = asyncio.run(steady(served.port, request, rate, given.seconds))
            report(name, times, took)


if __name__ == "__main__":
    main()
