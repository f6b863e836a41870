"""Does making an order cost the same on a long log, and in a show that is nearly sold out?

    python tests/benchmarks/growth.py [--facts 2000000] [--rounds 5]

Needs wrk. Two SQLite databases with 500,000 tickets for sale, one with an empty log and one with a
long one, are served in turn; then a third one in which 98 of 100 tickets are sold.
"""

import argparse
import contextlib
import sqlite3
import statistics
import tempfile
from pathlib import Path

from http_paths import CREATE, ORDERS, wrk
from servers import put_on_sale, service

from application.bootstrap import build
from application.projections.registry import PROJECTIONS
from application.settings import Settings

TICKETS = 500_000
LENGTHEN = """
WITH RECURSIVE turn(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < :facts / 4)
INSERT INTO orders_events (originator_id, originator_version, topic, state, hash)
SELECT printf('%024x', turn.n), version.value, 'PaymentSystemSet.1', zeroblob(450), zeroblob(32)
FROM turn CROSS JOIN json_each('[1, 2, 3, 4]') version
"""
SELL = """
UPDATE tickets SET order_id = printf('%024x', number), held_till = NULL WHERE number % 50 <> 0
"""


def prepared(folder, name, statement=None, **values):
    """A database with tickets for sale, changed by a statement; its read models know it all."""
    path = Path(folder) / f"{name}.db"
    put_on_sale(f"sqlite:///{path}", TICKETS, folder)
    if statement:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement, values)
    database = f"sqlite:///{path}"
    services = build(Settings(database=database))
    models, last = services.store.read_models(), services.store.last_position()
    for each in PROJECTIONS:
        state = models.state(each)
        if last > state.position:
            models.commit(state, [], last)
    services.close()
    return database


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--facts", type=int, default=2_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        databases = {
            "empty log": prepared(folder, "empty"),
            f"{given.facts:,} facts": prepared(folder, "long", LENGTHEN, facts=given.facts),
            "98 % sold": prepared(folder, "sold", SELL),
        }
        rates = {name: [] for name in databases}
        for _ in range(given.rounds):
            for name, database in databases.items():
                with service(database) as port:
                    rates[name].append(wrk(folder, port, ORDERS, "POST", CREATE, seconds=2)["rate"])
        for name, found in rates.items():
            ratios = [one / base for one, base in zip(found, rates["empty log"], strict=True)]
            rate, ratio = statistics.median(found), statistics.median(ratios)
            print(f"{name:<18} {rate:>7.0f} orders a second, {ratio:.2f} of the empty log's")


if __name__ == "__main__":
    main()
