"""Where the time of making an order goes, in microseconds of processor time.

    PYTHONPATH=.:tests/support python tests/benchmarks/profile_create.py [--seconds 5]
        [--batches 200] [--tickets 200000]

Needs wrk and Linux. First the steps of batches of 32 orders in one thread, one after another and
nothing beside; then all of a server's threads while it makes orders as fast as it can, on SQLite.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Never

from http_paths import CREATE, ORDERS
from load import wrk
from servers import KEY, put_on_sale, service

from application.bootstrap import Services, build
from application.orders.commands import Request
from application.ports.unit_of_work import UnitOfWork
from application.settings import Settings
from application.storage.sqlite.batch import SqliteBatch
from interface.http.quick_body import quick_order
from interface.server.running import spare_what_lives_long

BATCH = 32
TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")


class Intercepted(Exception):
    """Raised in place of a write, which was taken instead."""


def writes_of(services: Services, count: int) -> tuple[list[UnitOfWork[Any]], float]:
    """The writes of so many requests, not carried out, and how long each took to make."""
    taken: list[UnitOfWork[Any]] = []

    def take(writes: Sequence[UnitOfWork[Any]]) -> Never:
        taken.extend(writes)
        raise Intercepted

    store: Any = services.store
    store.write_all, kept = take, store.write_all
    quick = quick_order(CREATE.encode())
    assert quick
    show, command = quick
    caller = services.access.caller(KEY)
    assert caller
    request = Request(caller=caller, id="0123456789abcdef")
    begun = time.perf_counter()
    for _ in range(count):
        with suppress(Intercepted):
            services.orders.create(show, command, request)
    store.write_all = kept
    return taken, (time.perf_counter() - begun) / count


def steps(database: str, batches: int) -> dict[str, float]:
    """Each step's microseconds an order."""
    with closing(build(Settings(database=database))) as services:
        store: Any = services.store
        count = BATCH * batches
        writes, making = writes_of(services, count)
        spare_what_lives_long()  # as a server does
        spent = {"ask for it": making * count, "find": 0.0, "decide": 0.0, "store": 0.0}
        for start in range(0, count, BATCH):
            chosen = dict(enumerate(writes[start : start + BATCH]))
            batch = SqliteBatch(store._writer._connection, chosen, store._writer._heads)
            for name, step in (("find", batch.find), ("decide", batch.decide)):
                begun = time.perf_counter()
                step()
                spent[name] += time.perf_counter() - begun
            begun = time.perf_counter()
            batch.outcomes(batch.store())
            spent["store"] += time.perf_counter() - begun
        return {name: seconds / count * 1e6 for name, seconds in spent.items()}


def spent_by(pid: int) -> dict[int, float]:
    """Processor time of each thread of a process, in microseconds."""
    spent = {}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        fields = (thread / "stat").read_text().rpartition(")")[2].split()
        spent[int(thread.name)] = (int(fields[11]) + int(fields[12])) * TICK
    return spent


def under_load(database: str, folder: str, seconds: int) -> tuple[float, dict[str, float]]:
    """Orders a second, and microseconds an order of the server's threads."""
    with service(database) as server:
        wrk(folder, server.port, ORDERS, "POST", CREATE, seconds=1)
        behind, [answering] = server.behind(), server.workers()
        before = spent_by(behind) | spent_by(answering)
        rate = wrk(folder, server.port, ORDERS, "POST", CREATE, seconds=seconds).rate
        after = {pid: spent_by(pid) for pid in (behind, answering)}
    of = {
        pid: {each: time - before.get(each, 0.0) for each, time in threads.items()}
        for pid, threads in after.items()
    }
    loop = of[answering].pop(answering)
    commits = max(of[answering].values())
    rest = sum(of[answering].values()) - commits
    every = {
        "event loop": loop,
        "thread that commits": commits,
        "server's own threads": rest,
        "process behind": sum(of[behind].values()),
    }
    return rate, {name: time / (rate * seconds) for name, time in every.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--batches", type=int, default=200)
    arguments.add_argument("--tickets", type=int, default=200_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        put_on_sale(f"sqlite:///{folder}/steps.db", BATCH * given.batches * 2)
        for name, each in steps(f"sqlite:///{folder}/steps.db", given.batches).items():
            print(f"alone, {name:<14} {each:6.1f} µs")
        put_on_sale(f"sqlite:///{folder}/load.db", given.tickets)
        rate, threads = under_load(f"sqlite:///{folder}/load.db", folder, given.seconds)
        for name, each in threads.items():
            print(f"at {rate:,.0f} orders a second, {name:<22} {each:6.1f} µs")


if __name__ == "__main__":
    main()
