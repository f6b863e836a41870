"""Do the same calls cost the same on a long log, and in a show that is nearly sold out?

    PYTHONPATH=.:tests/support python tests/benchmarks/growth.py [--events 2000000] [--rounds 3]
        [--tickets 500000] [--seconds 2] [--keep DIR]

Needs wrk. SQLite databases with as many tickets for sale are served in turn: one with an empty log,
one with a long one and all that follows from it (read models, tickets, a checkpoint), and a copy of
one in which 9 of 10 tickets are sold. Of each it prints how long the service takes to start, what
each call costs, and what a checkpoint of the new events costs, beside the empty one's. --keep keeps
the databases, and uses those that are there: the long one takes a while to make.
"""

import argparse
import contextlib
import os
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from http_paths import CREATE, ORDERS, PAY, Bench
from load import Figures
from measures import Processes
from server import orderlog
from servers import Running, put_on_sale, service
from verify import fill

from application.bootstrap import open_store

SOLD = 0.9
BATCH = 20
RETURNED = 0.1
SOLD_OUT = f"{SOLD:.0%} sold"
"""Fewer than a tenth of an event's tickets would not last for a measurement."""

MOST_MADE = 100_000
LAST = 100
"""So many events of the log's end are read from the feed."""

FEW = 20
"""One in so many may be refused: at a small size orders are changed twice, and have enough."""

Costs = dict[str, float]
"""Microseconds of processor time by call, and seconds of other things."""


def sell(database: str) -> None:
    """Sell tickets as batches of orders pick them; some of each are returned."""
    path = database.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute("SELECT id FROM tickets ORDER BY set_id, shuffle").fetchall()
        taken = bytearray(len(rows))
        rng = random.Random(1)
        left = int(len(rows) * SOLD)
        while left:
            place = rng.randrange(len(rows))
            for _ in range(min(BATCH, left)):
                place = taken.find(0, place)
                if place < 0:
                    place = taken.find(0)
                if rng.random() >= RETURNED:
                    taken[place] = 1
                    left -= 1
                place += 1
        sold = (("f" * 24, *row) for row, has in zip(rows, taken, strict=True) if has)
        connection.executemany("UPDATE tickets SET order_id = ? WHERE id = ?", sold)


def made(folder: str, events: int, tickets: int) -> dict[str, str]:
    """The databases, by what they are; those that are there already are taken as they are."""
    names = {"empty log": "empty", f"{events:,} events": f"long-{events}", SOLD_OUT: "sold"}
    databases = {}
    for each, name in names.items():
        own = Path(folder) / name
        own.mkdir(exist_ok=True)
        database = databases[each] = f"sqlite:///{own}/orders.db"
        if (own / "orders.db").exists():
            continue
        if each.endswith("events"):
            fill(database, events, tickets, str(own))
        else:
            put_on_sale(database, tickets)
        if each == SOLD_OUT:
            sell(database)
    return databases


@contextmanager
def unused(database: str) -> Iterator[str]:
    """The address of a copy of a database."""
    own = Path(database.removeprefix("sqlite:///")).parent
    with tempfile.TemporaryDirectory(dir=own.parent) as folder:
        shutil.copytree(own, folder, dirs_exist_ok=True)
        yield f"sqlite:///{folder}/orders.db"


def costs(folder: str, database: str, seconds: int) -> Costs:
    """What a service on the database costs."""
    os.environ["ORDERLOG_AUDIT_KEY"] = f"{Path(database.removeprefix('sqlite:///')).parent}/key"
    begun = time.monotonic()
    with service(database) as served, contextlib.closing(open_store(database)) as store:
        started = time.monotonic() - begun
        running = Running(served.port, Processes(served.pid))
        bench = Bench(folder=folder, seconds=seconds, store=store, service=running, baselines={})
        found: dict[str, Figures] = {}
        before = store.last_position()
        found["create"] = bench.figures(running, ORDERS, "POST", CREATE)
        orders = [str(each.originator_id) for each in store.log(before, MOST_MADE)]
        few = max(1, seconds // 2)  # so that no order is changed twice
        found["pay"] = bench.figures(running, ORDERS, "PATCH", PAY, orders, few)
        found["get"] = bench.figures(running, ORDERS, ids=orders[:1000])
        found["list of 50"] = bench.figures(running, f"{ORDERS}?page_size=50")
        feed = f"/v1/feed?limit={LAST}&after={store.last_position() - LAST}"
        found["feed's end"] = bench.figures(running, feed)
    assert all(each.refused < each.requests / FEW for each in found.values()), found
    spent = {name: each.spent for name, each in found.items()}
    return {"start, s": started, **spent, "checkpoint, ms": checkpoint(database)}


def checkpoint(database: str) -> float:
    """Milliseconds of processor time to sign the events that have just been made."""
    before = os.times()
    ended = orderlog("audit", "checkpoint", "--database", database)
    after = os.times()
    assert ended.returncode == 0, ended.stderr
    spent = after.children_user + after.children_system
    return (spent - before.children_user - before.children_system) * 1000


def report(rounds: Mapping[str, Sequence[Costs]]) -> None:
    """Print the medians, each beside that of the empty log."""
    [first, *others] = rounds
    print(f"{'µs of processor time':<22}" + "".join(f"{name:>26}" for name in rounds))
    for call in rounds[first][0]:
        base = [each[call] for each in rounds[first]]
        row = f"{call:<22}{statistics.median(base):>26,.1f}"
        for name in others:
            own = [each[call] for each in rounds[name]]
            ratio = statistics.median(a / b for a, b in zip(own, base, strict=True))
            row += f"{statistics.median(own):>18,.1f}, {ratio:>6.2f}"
        print(row)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--events", type=int, default=2_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--tickets", type=int, default=1_000_000)
    arguments.add_argument("--seconds", type=int, default=2)
    arguments.add_argument("--keep", metavar="DIR")
    given = arguments.parse_args()
    with ExitStack() as stack:
        folder = given.keep or stack.enter_context(tempfile.TemporaryDirectory())
        databases = made(folder, given.events, given.tickets)
        rounds: dict[str, list[Costs]] = {name: [] for name in databases}
        for _ in range(given.rounds):
            for name, database in databases.items():
                with unused(database) if name == SOLD_OUT else nullcontext(database) as served:
                    rounds[name].append(costs(folder, served, given.seconds))
        if given.rounds:
            report(rounds)


if __name__ == "__main__":
    main()
