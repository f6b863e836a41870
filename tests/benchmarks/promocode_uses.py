"""What a use of a promo code costs, and how three ways to count uses do under load.

    PYTHONPATH=.:tests/support python tests/benchmarks/promocode_uses.py [--orders 150]
        [--claims 150] [--rounds 3] [--tickets 100000]

First orders a second with and without codes, by threads in one process, on both stores. Then, on
PostgreSQL alone, claims a second by connections whose transactions take two milliseconds more, as
the commits of orders do: a row a use, one counter, and a counter in shards.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count

import psycopg
from catalog import Venue
from measures import Stopwatch, of_this_process
from postgres_server import postgres_server
from promocodes import promocode

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.orders.commands import ChangeOrder, Request
from application.runtime.clock import now
from application.settings import Settings
from domain.commands import BestAvailable, Customer

THREADS = 8
CONNECTIONS, SHARDS = 8, 16
ENOUGH = 100_000


def threads(work: Callable[[int], None], number: int) -> float:
    """Run `work` in so many threads; return the seconds that they took."""
    all_of_them = [threading.Thread(target=work, args=(each,)) for each in range(number)]
    began = time.perf_counter()
    for each in all_of_them:
        each.start()
    for each in all_of_them:
        each.join()
    return time.perf_counter() - began


def orders_a_second(
    database: str, orders: int, rounds: int, tickets: int, server: int | None = None
) -> None:
    """Print them; the processes of a database's `server` are counted as well."""
    venue = Venue()
    document = venue.document
    document["events"][0]["sets"][2]["tickets"] = {"count": tickets}
    document["events"][0]["promocodes"] = [
        promocode("FREE", percent=10),
        promocode("LIMITED", percent=10, limit=ENOUGH),
        promocode("BUYER", percent=10, per_buyer=2),
    ]
    names = count()
    with closing(build(Settings(database=database), now)) as services:
        load_catalog(services.store, read_catalog_file(str(document)), now())
        for code in (None, "FREE", "LIMITED", "BUYER"):

            def sell(_: int, code: str | None = code) -> None:
                for _ in range(orders):
                    command = ChangeOrder(
                        tickets=BestAvailable({venue.floor: 1}),
                        promocodes=None if code is None else (code,),
                        customer=Customer(email=f"b{next(names)}@example.org")
                        if code == "BUYER"
                        else None,
                    )
                    request = Request(Caller(venue.org, "key", "en"), "bench")
                    services.orders.create(venue.evening, command, request)

            watch = Stopwatch(of_this_process(server))
            rates = [THREADS * orders / threads(sell, THREADS) for _ in range(rounds)]
            spent = watch.microseconds(THREADS * orders * rounds)
            rate = statistics.median(rates)
            print(f"  {code or 'no code':8} {rate:7.0f} orders/s {spent:7.0f} µs each")


CLAIM = {
    "a row a use": (
        "UPDATE slots SET owner = 'x' WHERE id = (SELECT id FROM slots WHERE owner IS NULL"
        " AND id >= %(place)s ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    ),
    "one counter": "UPDATE shards SET used = used + 1 WHERE id = 0 AND used < most",
    "16 shards": "UPDATE shards SET used = used + 1 WHERE id = %(shard)s AND used < most",
}


def claims_a_second(url: str, claims: int, rounds: int, server: int | None) -> None:
    """Print them, with the processor time of the database's `server`, too."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE slots (id int PRIMARY KEY, owner text)")
        connection.execute("CREATE INDEX ON slots (id) WHERE owner IS NULL")
        connection.execute("CREATE TABLE shards (id int PRIMARY KEY, used int, most int)")
        connection.execute(f"INSERT INTO slots SELECT n FROM generate_series(1, {ENOUGH}) n")
        connection.execute(
            f"INSERT INTO shards SELECT n, 0, {ENOUGH} FROM generate_series(0, {SHARDS}) n"
        )
    for name, statement in CLAIM.items():

        def claim(_: int, statement: str = statement) -> None:
            with psycopg.connect(url) as connection:
                for _ in range(claims):
                    places = {
                        "place": random.randrange(ENOUGH // 2),
                        "shard": random.randrange(1, SHARDS + 1),
                    }
                    connection.execute(statement, places)
                    connection.execute("SELECT pg_sleep(0.002)")
                    connection.commit()

        watch = Stopwatch(of_this_process(server))
        rates = [CONNECTIONS * claims / threads(claim, CONNECTIONS) for _ in range(rounds)]
        spent = watch.microseconds(CONNECTIONS * claims * rounds)
        print(f"  {name:12} {statistics.median(rates):7.0f} claims/s {spent:7.0f} µs each")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--orders", type=int, default=150)
    arguments.add_argument("--claims", type=int, default=150)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--tickets", type=int, default=ENOUGH)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server:
        print("SQLite")
        orders_a_second(f"sqlite:///{folder}/orders.db", given.orders, given.rounds, given.tickets)
        with server.database() as url:
            print("PostgreSQL")
            orders_a_second(url, given.orders, given.rounds, given.tickets, server.pid)
        with server.database() as url:
            print("PostgreSQL, claims alone")
            claims_a_second(url, given.claims, given.rounds, server.pid)


if __name__ == "__main__":
    main()
