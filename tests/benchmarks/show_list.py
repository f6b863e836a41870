"""What the list of events costs in processor time: unchanged, and right after an order.

    PYTHONPATH=.:tests/support python tests/benchmarks/show_list.py [--postgres] [--calls 50]
        [--events 200]

Events with three sets of 100 seats each, in one process, without HTTP. On PostgreSQL the time
of its server is counted as well. The figures are medians.
"""

import argparse
import statistics
from collections.abc import Callable
from contextlib import closing
from typing import Any

import structlog
from catalog import catalog_file, partner, rule, seats, show, ticket_set
from clock import Clock
from notices import place, spent

from application.bootstrap import Services, build
from application.catalog.access import Caller
from application.catalog.loading import load_catalog
from application.catalog.show_list import ShowFilter
from application.orders.commands import ChangeOrder, Request
from application.settings import Settings
from domain.commands import BestAvailable

SETS, SEATS = 3, 100
ORG = f"{1:024x}"
MOST_BYTES = 2**22


def hall(count: int) -> list[dict[str, Any]]:
    """The events of a catalogue's file."""
    events = []
    for event in range(1, count + 1):
        sets = []
        for number in range(1, SETS + 1):
            set_id = f"{event:020x}{number:04x}"
            chairs = [f"{event:018x}{number:02x}{chair:04x}" for chair in range(1, SEATS + 1)]
            rules = [rule(f"{event:016x}{number:08x}", "100.00")]
            sets.append(ticket_set(set_id, f"Set {number}", rules, seats(chairs)))
        events.append(show(f"{event:024x}", ORG, f"Event {event}", sets))
    return events


def milliseconds(call: Callable[[], object], pids: Callable[[], list[int]]) -> float:
    """The processor time of a call in this process and in those of the database's server.

    To read the time of other processes takes time, too: that is taken off.
    """
    processes = pids()
    began = spent(processes)
    call()
    ended = spent(processes)
    return max(0.0, ended - began - (spent(processes) - ended)) * 1000


def measured(
    services: Services, events: int, calls: int, pids: Callable[[], list[int]]
) -> dict[str, float]:
    """Milliseconds by what was measured."""
    caller = Caller(ORG, "key", "en")

    def look() -> None:
        services.show_list.page(caller, ShowFilter(), 1, events, MOST_BYTES)

    def order(event: int) -> None:
        command = ChangeOrder(tickets=BestAvailable({f"{event:020x}{1:04x}": 1}))
        services.orders.create(f"{event:024x}", command, Request(caller, "order"))

    first = milliseconds(look, pids)
    unchanged = [milliseconds(look, pids) for _ in range(calls)]
    after = []
    for number in range(calls):
        order(number % events + 1)
        after.append(milliseconds(look, pids))
    return {
        "first": first,
        "unchanged": statistics.median(unchanged),
        "after an order": statistics.median(after),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--events", type=int, default=200)
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with place(postgres=wanted.postgres) as (database, pids):
        clock = Clock()
        with closing(build(Settings(database=database), clock)) as services:
            partners = [partner(ORG, "House", "en", "900d4e10" + ORG)]
            load_catalog(services.store, catalog_file(partners, hall(wanted.events)), clock())
            for name, each in measured(services, wanted.events, wanted.calls, pids).items():
                print(f"{name:<16} {each:7.2f} ms")


if __name__ == "__main__":
    main()
