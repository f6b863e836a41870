"""Appends of one order (an event and two claims) from 8 threads: ours, the library's, bare psycopg.

    PYTHONPATH=.:tests/support python tests/benchmarks/appends.py [--appends N] [--rounds N]

Each round measures every way in turn, on the same server, which it starts itself (or takes from
ORDERLOG_TEST_POSTGRES). The figures are medians over rounds; the ratios are to ours in the same
round. A commit is counted for each transaction number that was used.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from measures import Processes, Stopwatch, of_this_process
from postgres_server import postgres_server
from psycopg.conninfo import conninfo_to_dict

from application.ports.tickets import Ticket
from application.ports.unit_of_work import ReadSet, TicketChange, UnitOfWork, Written
from application.storage.postgres.store import PostgresStore

THREADS = 8
TICKETS = 2
STATE = b'{"a": "%s"}' % (b"x" * 590)
TILL = datetime(2030, 6, 1, tzinfo=UTC) + timedelta(minutes=10)
TILL_MS = int(TILL.timestamp() * 1000)
CLAIM = "UPDATE tickets SET order_id = %s, held_till = %s WHERE id = ANY(%s) AND order_id IS NULL"
INSERT = (
    "INSERT INTO bare_events (originator_id, originator_version, topic, state)"
    " VALUES (%s, %s, %s, %s)"
)
BARE_TABLE = """
CREATE TABLE bare_events (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigserial NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX ON bare_events (notification_id);
"""


Orders = Sequence[tuple[str, list[str]]]
"""Ids of orders, each with those of its tickets."""


class Way(Protocol):
    """A way to append; `together` orders at once."""

    name: str
    together: int

    def append(self, orders: Orders) -> None: ...
    def close(self) -> None: ...


class Ours:
    """As the service writes: through `write_all`, where those who wait share a commit."""

    name = "ours, as the service writes"
    together = 1

    def __init__(self, url: str) -> None:
        self.store = PostgresStore(url)

    def append(self, orders: Orders) -> None:
        (order, tickets), *_ = orders

        def decide(within: Any, found: Any) -> None:
            change = TicketChange(order=order, taken=tickets, held_till=TILL)
            self.store.recorder.insert_events([event(order)], within=within, change=change)

        (outcome,) = self.store.write_all([UnitOfWork(ReadSet(), decide)])
        if not isinstance(outcome, Written):
            raise outcome

    def close(self) -> None:
        self.store.close()


class OurRecorder(Ours):
    """Our recorder alone: a commit for each append."""

    name = "our recorder, a commit for each"

    def __init__(self, url: str) -> None:
        self.store = PostgresStore(url, writers=THREADS)

    def append(self, orders: Orders) -> None:
        (order, tickets), *_ = orders
        change = TicketChange(order=order, taken=tickets, held_till=TILL)
        self.store.recorder.insert_events([event(order)], change=change)


class Claiming(PostgresApplicationRecorder):
    """The library's recorder; claims are written in its transaction, by the seam it has."""

    def _insert_events(
        self,
        curs: Any,
        stored_events: Sequence[StoredEvent],
        *,
        tickets: Sequence[str] = (),
        **_: Any,
    ) -> None:
        order = stored_events[0].originator_id
        curs.execute(CLAIM, (order, TILL_MS, list(tickets)), prepare=True)


class Stock:
    """The library's recorder as it comes: a table lock and a NOTIFY for each append."""

    name = "the library's recorder"
    together = 1
    functions = False
    table = "stock_events"

    def __init__(self, url: str) -> None:
        parts = {name: str(each) for name, each in conninfo_to_dict(url).items()}
        self._datastore = PostgresDatastore(
            dbname=parts["dbname"],
            host=parts.get("host", ""),
            port=parts.get("port", 5432),
            user=parts["user"],
            password=parts.get("password", ""),
            pool_size=THREADS,
            max_overflow=0,
            originator_id_type="text",
            enable_db_functions=self.functions,
        )
        self._recorder = self.recorder()
        self._recorder.create_table()

    def recorder(self) -> Claiming:
        return Claiming(self._datastore, events_table_name=self.table)

    def append(self, orders: Orders) -> None:
        (order, tickets), *_ = orders
        self._recorder.insert_events([event(order)], tickets=tickets)

    def close(self) -> None:
        self._datastore.close()


class Bare:
    """psycopg alone, a connection for each thread: prepared statements, one after the other."""

    name = "bare psycopg, a commit for each"
    together = 1

    def __init__(self, url: str) -> None:
        self._idle = [psycopg.connect(url, prepare_threshold=0) for _ in range(THREADS)]

    def append(self, orders: Orders) -> None:
        connection = self._idle.pop()
        self.store(connection, orders)
        self._idle.append(connection)

    def store(self, connection: psycopg.Connection, orders: Orders) -> None:
        (order, tickets), *_ = orders
        connection.execute(INSERT, (order, 1, "OrderCreated.1", STATE))
        connection.execute(CLAIM, (order, TILL_MS, tickets))
        connection.commit()

    def close(self) -> None:
        for each in self._idle:
            each.close()


class BarePipeline(Bare):
    """The same in psycopg's pipeline mode: one round trip."""

    name = "bare psycopg, pipelined, a commit for each"

    def store(self, connection: psycopg.Connection, orders: Orders) -> None:
        with connection.pipeline():
            super().store(connection, orders)


class BareTogether(Bare):
    """The same with as many commits as ours made: several orders in each."""

    name = "bare psycopg, as many commits as ours"

    def store(self, connection: psycopg.Connection, orders: Orders) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(INSERT, [(order, 1, "OrderCreated.1", STATE) for order, _ in orders])
            cursor.executemany(CLAIM, [(order, TILL_MS, tickets) for order, tickets in orders])
        connection.commit()


WAYS: tuple[Callable[[str], Way], ...] = (
    Ours,
    OurRecorder,
    Stock,
    Bare,
    BarePipeline,
    BareTogether,
)


def event(order: str) -> StoredEvent:
    return StoredEvent(order, 1, "OrderCreated.1", STATE)


def measure(
    way: Way, orders: Orders, admin: psycopg.Connection, processes: Processes
) -> tuple[float, int, float]:
    """Appends a second, commits, and microseconds of a processor each, with 8 threads."""
    chunks = [orders[start : start + way.together] for start in range(0, len(orders), way.together)]

    def work(mine: Sequence[Orders]) -> None:
        for chunk in mine:
            way.append(chunk)

    with ThreadPoolExecutor(THREADS) as threads:
        before, watch = transactions(admin), Stopwatch(processes)
        begun = time.perf_counter()
        for _ in threads.map(work, [chunks[each::THREADS] for each in range(THREADS)]):
            pass
        seconds = time.perf_counter() - begun
    spent = watch.microseconds(len(orders))
    return len(orders) / seconds, transactions(admin) - before, spent


def transactions(admin: psycopg.Connection) -> int:
    row = admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())").fetchone()
    assert row
    return int(row[0])


def put_on_sale(store: PostgresStore, ways: Sequence[Way], count: int) -> dict[Way, Orders]:
    """Tickets for each way; return them by way, in pairs, each with an order."""
    orders: dict[Way, Orders] = {}
    with store.change_catalog() as change:
        for number, way in enumerate(ways):
            ids = [f"{number}-{each}" for each in range(count * TICKETS)]
            change.add_tickets(
                Ticket(each, "show", f"set-{number}", place, b"{}")
                for place, each in enumerate(ids)
            )
            orders[way] = [
                (f"{number:02x}{each:022x}", ids[each * TICKETS : (each + 1) * TICKETS])
                for each in range(count)
            ]
    return orders


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--appends", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server())
        url = stack.enter_context(server.database())
        admin = stack.enter_context(psycopg.connect(url, autocommit=True))
        ways = [stack.enter_context(closing(way(url))) for way in WAYS]
        admin.execute(BARE_TABLE)
        count = asked.appends * (asked.rounds + 1)
        orders = put_on_sale(stack.enter_context(closing(PostgresStore(url))), ways, count)
        admin.execute("VACUUM ANALYZE")
        processes = of_this_process(server.pid)
        rates: dict[Way, list[float]] = {way: [] for way in ways}
        spent: dict[Way, list[float]] = {way: [] for way in ways}
        commits: dict[Way, int] = {}
        for turn in range(asked.rounds + 1):
            for way in ways:
                mine = orders[way][turn * asked.appends : (turn + 1) * asked.appends]
                rate, commits[way], each = measure(way, mine, admin, processes)
                if way is ways[0]:
                    ways[-1].together = round(asked.appends / commits[way])
                if turn:
                    rates[way].append(rate)
                    spent[way].append(each)
    print(f"{'':44} appends/s   ours is   µs each   commits for {asked.appends}")
    for way in ways:
        ratios = [ours / each for ours, each in zip(rates[ways[0]], rates[way], strict=True)]
        print(
            f"{way.name:44} {statistics.median(rates[way]):9,.0f}"
            f"  {statistics.median(ratios):6.2f} times {statistics.median(spent[way]):8.0f}"
            f"  {commits[way]:8}"
        )


if __name__ == "__main__":
    main()
