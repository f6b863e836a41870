"""Does making an order cost the same on a long log, and in a show that is nearly sold out?

    PYTHONPATH=.:tests/support python tests/benchmarks/growth.py [--events 2000000] [--rounds 5]

Needs wrk. Two SQLite databases with 500,000 tickets for sale, one with an empty log and one with a
long one, are served in turn; then a third one in which 98 of 100 tickets are sold.
"""

import argparse
import contextlib
import random
import shutil
import sqlite3
import statistics
import tempfile
from functools import partial
from pathlib import Path

from http_paths import CREATE, ORDERS, wrk
from servers import put_on_sale, service

from application.bootstrap import build
from application.read_models.registry import PROJECTIONS
from application.settings import Settings

TICKETS = 500_000
LENGTHEN = """
WITH RECURSIVE turn(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < :events / 4)
INSERT INTO orders_events (originator_id, originator_version, topic, state, hash)
SELECT printf('%024x', turn.n), version.value, 'PaymentSystemSet.1', zeroblob(450), zeroblob(32)
FROM turn CROSS JOIN json_each('[1, 2, 3, 4]') version
"""
SOLD = 0.98
BATCH = 20
RETURNED = 0.1


def lengthen(connection, events):
    """Give the log so many more events."""
    connection.execute(LENGTHEN, {"events": events})


def sell(connection):
    """Sell tickets as batches of orders pick them; some of each are returned."""
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


def prepared(folder, name, change=None):
    """A database with tickets for sale, changed further; its read models know it all."""
    path = Path(folder) / f"{name}.db"
    put_on_sale(f"sqlite:///{path}", TICKETS)
    if change:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            change(connection)
    database = f"sqlite:///{path}"
    services = build(Settings(database=database))
    models, last = services.store.read_models(), services.store.last_position()
    for each in PROJECTIONS:
        state = models.state(each)
        if last > state.position:
            models.commit(state, [], last)
    services.close()
    return database


@contextlib.contextmanager
def a_copy(database):
    """A copy of a database, so that no round finds what an earlier one has left."""
    path = database.removeprefix("sqlite:///")
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        for file in Path(path).parent.glob(f"{Path(path).name}*"):
            shutil.copy(file, folder)
        yield f"sqlite:///{folder}/{Path(path).name}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--events", type=int, default=2_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        databases = {
            "empty log": prepared(folder, "empty"),
            f"{given.events:,} events": prepared(
                folder, "long", partial(lengthen, events=given.events)
            ),
            "98 % sold": prepared(folder, "sold", sell),
        }
        rates = {name: [] for name in databases}
        for _ in range(given.rounds):
            for name, database in databases.items():
                with a_copy(database) as copied, service(copied) as server:
                    rates[name].append(
                        wrk(folder, server.port, ORDERS, "POST", CREATE, seconds=2)["rate"]
                    )
        for name, found in rates.items():
            ratios = [one / base for one, base in zip(found, rates["empty log"], strict=True)]
            rate, ratio = statistics.median(found), statistics.median(ratios)
            print(f"{name:<18} {rate:>7.0f} orders a second, {ratio:.2f} of the empty log's")


if __name__ == "__main__":
    main()
