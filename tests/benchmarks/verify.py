"""How fast is a whole log verified, and for how much processor time an event?

    PYTHONPATH=.:tests/support python tests/benchmarks/verify.py [--events 1000000] [--workers 1 2]
        [--rounds 3] [--store sqlite|postgres] [--keep DIR]
        [--tickets 200000]

The log is a good one, with hashes, rows of tickets, read models and a checkpoint: everything is
compared, nothing is found. `--keep` leaves it in a folder (SQLite), to be taken from there again.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from big_log import ORG, START, big_log
from eventsourcing.persistence import StoredEvent
from postgres_server import postgres_server
from servers import put_on_sale

from application.bootstrap import build, open_copyable, open_store, opener_of
from application.event_log.event_mapper import event_from
from application.event_log.hash_chain import links
from application.integrity.verification import verify
from application.integrity.workers import here, started
from application.ports.copyable import EVENTS, PARTS, Copyable, Counters, Part, Row
from application.ports.ticket_lists import Listed, packed
from application.projector.generations import Loading
from application.projector.rebuild import rebuild
from application.projector.workers import in_processes as loading_processes
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import to_ms
from application.settings import Settings
from domain.events import OrderCreated, StatusChanged
from domain.shows import Show, TicketSet
from domain.status import LET_GO, Status

TicketRow = tuple[str, str, str, int, bytes, int, str, int | None]

BATCH = 20_000
TICKETS, LISTS, DOCUMENTS = (
    next(partition for partition in PARTS if partition.name == name)
    for name in ("tickets", "ticket_lists", "documents")
)


class Holding(msgspec.Struct):
    """The tickets of an order, each with its set, and until when they are held."""

    show: str
    tickets: Mapping[str, str]
    till: int | None


class Halls:
    """The rows of tickets that the events of a log make."""

    def __init__(self) -> None:
        self.orders: dict[str, Holding] = {}

    def see(self, order: str, name: str, state: bytes) -> None:
        event = event_from(name, state, order)
        if isinstance(event, OrderCreated):
            self.orders[order] = Holding(event.show, event.tickets, to_ms(event.reserved_till))
        elif isinstance(event, StatusChanged) and event.status in LET_GO:
            del self.orders[order]
        elif isinstance(event, StatusChanged):
            till = None if event.status is Status.DONE else event.reserved_till
            self.orders[order].till = None if till is None else to_ms(till)

    def rows(self) -> list[TicketRow]:
        return sorted(
            (ticket, held.show, ticket_set, number, b"{}", number * 7919, order, held.till)
            for number, (order, held) in enumerate(self.orders.items())
            for ticket, ticket_set in held.tickets.items()
        )


def lists(rows: list[TicketRow]) -> Iterator[tuple[Row, Row]]:
    """The lists of the shows' tickets, and what the catalogue would say of each show."""
    shows: dict[str, list[Listed]] = defaultdict(list)
    for ticket, show, ticket_set, number, seat, *_ in rows:
        shows[show].append((ticket, ticket_set, number, seat))
    for show, tickets in sorted(shows.items()):
        sets = [
            TicketSet(each, "Hall", (), count)
            for each, count in Counter(row[1] for row in tickets).items()
        ]
        document = Show(
            id=show, org=ORG, title="Evening", starts_at=START, ends_at=START, sets=tuple(sets)
        )
        yield (show, packed(tickets)), ("event", show, msgspec.json.encode(document))


def chained(count: int, halls: Halls) -> Iterator[Row]:
    """The rows of a log of so many events, with their hashes."""
    heads: dict[str, Any] = {}
    for position, (order, version, name, state) in enumerate(big_log(count), 1):
        halls.see(order, name, state)
        [own] = links([StoredEvent(order, version, name, state)], heads)
        yield position, order, version, name, state, own


def put(target: Copyable, partition: Part, rows: Iterator[Row]) -> None:
    after = None
    while batch := list(islice(rows, BATCH)):
        target.replace(partition, after, None, batch)
        after = partition.key_of(batch[-1])


def fill(database: str, count: int, tickets: int, folder: str) -> None:
    """A log of so many events, and all that is kept beside it."""
    halls = Halls()
    with closing(open_copyable(database, make=True)) as target:
        target.begin()
        put(target, EVENTS, chained(count, halls))
        put(target, TICKETS, iter(halls.rows()))
        listed, documents = zip(*lists(halls.rows()), strict=True)
        put(target, LISTS, iter(listed))
        put(target, DOCUMENTS, iter(documents))
        target.finish(Counters(number=498_000_000 + count, catalog=0))
    put_on_sale(database, tickets)
    key = str(Path(folder) / "key")
    with closing(build(Settings(database=database, audit_key=key))) as services:
        loading = Loading(opener_of(database), loading_processes(2))
        for projection in PROJECTIONS.values():
            rebuild(services.store, projection, lambda *_: None, loading, accept_differences=True)
        services.checkpoints.make()


def measured(database: str, workers: int) -> tuple[int, float, float]:
    """Verify in a process of its own: events, seconds, and processor seconds of all processes."""
    command = [sys.executable, __file__, "--once", database, "--workers", str(workers)]
    before = os.times()
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    after = os.times()
    spent = after.children_user + after.children_system
    return int(told[0]), float(told[1]), spent - before.children_user - before.children_system


def once(database: str, workers: int) -> None:
    begun = time.perf_counter()
    processes = started(opener_of(database), workers) if workers > 1 else nullcontext()
    with processes as shared, closing(open_store(database)) as store:
        for each in PROJECTIONS.values():
            store.read_models().ensure(each.table)
        report = verify(store, shared or here(store), lambda *_: None)
        assert report.good, report.findings[:5]
        print(report.events, time.perf_counter() - begun)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--tickets", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    arguments.add_argument("--keep", metavar="DIR")
    arguments.add_argument("--once", metavar="URL", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.once:
        once(given.once, given.workers[0])
        return
    with ExitStack() as open_ones:
        folder = given.keep or open_ones.enter_context(tempfile.TemporaryDirectory())
        file = Path(folder) / f"{given.events}.db"
        database = f"sqlite:///{file}"
        if given.store == "postgres":
            server = open_ones.enter_context(postgres_server())
            database = open_ones.enter_context(server.database())
        if given.store == "postgres" or not file.exists():
            fill(database, given.events, given.tickets, folder)
        print(f"{given.events:,} events, {given.store}, load {os.getloadavg()[0]:.1f}")
        runs: dict[int, list[tuple[int, float, float]]] = {count: [] for count in given.workers}
        for _ in range(given.rounds):
            for count in given.workers:
                runs[count].append(measured(database, count))
        for count, taken in runs.items():
            rate = statistics.median(events / seconds for events, seconds, _ in taken)
            spent = statistics.median(spent / events * 1e6 for events, _, spent in taken)
            print(f"{count} workers: {rate:,.0f} events a second,", end=" ")
            print(f"{spent:.1f} microseconds of processor time an event")


if __name__ == "__main__":
    main()
