"""What reading and changing an order costs, by how often it was changed, in processor time.

    PYTHONPATH=.:tests/support python tests/benchmarks/long_orders.py [--orders 30] [--rounds 5]

On SQLite, in one process and without HTTP. Each figure is the median of the rounds, as a ratio to
that of an order of three events. A first read is that of a process which has just started.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial

from seller import BoxOffice

from application.bootstrap import build
from application.settings import Settings

LENGTHS = (3, 30, 100)
STEPS = ("read", "first read", "change")
READS = 20

Times = dict[str, float]


def spent(calls: Iterable[Callable[[], object]]) -> float:
    """Microseconds of processor time for each call."""
    count, begun = 0, time.process_time()
    for call in calls:
        call()
        count += 1
    return (time.process_time() - begun) / count * 1e6


def orders_of(office: BoxOffice, count: int, length: int) -> list[str]:
    """So many orders with so many events each."""
    orders = [office.order(0) for _ in range(count)]
    for order in orders:
        for number in range(length - 1):
            office.name_buyer(order, email=f"{number}@buyer.example")
    return orders


def measured(count: int, length: int) -> Times:
    """What one call costs, by its name."""
    with (
        tempfile.TemporaryDirectory() as folder,
        BoxOffice(f"sqlite:///{folder}/orders.db") as office,
    ):
        orders = orders_of(office, count, length)
        read = office.services.history.order
        times = {"read": spent(partial(read, each) for each in orders * READS)}
        with closing(build(Settings(database=office.database), office.clock)) as fresh:
            first = fresh.history.order
            first(orders[0])
            times["first read"] = spent(partial(first, each) for each in orders[1:])
        name = office.name_buyer
        times["change"] = spent(partial(name, each, email="last@buyer.example") for each in orders)
    return times


def main() -> None:
    """Measure, the lengths in turn, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    rounds = [
        {length: measured(wanted.orders, length) for length in LENGTHS}
        for _ in range(wanted.rounds)
    ]
    print(f"{'events':>12}" + "".join(f"{length:>16}" for length in LENGTHS))
    for step in STEPS:
        medians = [statistics.median(each[length][step] for each in rounds) for length in LENGTHS]
        figures = "".join(f"{each:8.0f} µs {each / medians[0]:4.2f}" for each in medians)
        print(f"{step:>12}{figures}")


if __name__ == "__main__":
    main()
