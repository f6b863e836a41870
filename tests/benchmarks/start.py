"""What it costs to start: processor time and wall time, of commands and of the service by process.

    PYTHONPATH=.:tests/support python tests/benchmarks/start.py [--rounds 5] [--workers 1]

The service has the sample, in a database of SQLite that is there already; it has started when
/health/ready answers 200. The figures are the smallest of all rounds: whatever else runs on the
machine makes them larger, never smaller.
"""

import argparse
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

from psutil import Process
from server import ORDERLOG, Service, serving

from interface.load.servers import free_port

Cost = tuple[float, float]
"""Seconds of a processor, and seconds that passed."""
SECONDS = 120
PAUSE = 0.01


def spent_by_children() -> float:
    """Processor time of the children that have ended."""
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def of_command(*arguments: str) -> Cost:
    """What a command costs."""
    before, begun = spent_by_children(), time.monotonic()
    subprocess.run((*ORDERLOG, *arguments), stdout=subprocess.DEVNULL, check=True)
    passed = time.monotonic() - begun
    return spent_by_children() - before, passed


def of_service(service: Service) -> dict[str, Cost]:
    """What each process of a service costs until it is ready, by name, and all together."""
    service.port = free_port()
    begun = time.monotonic()
    service.begin()
    while not is_ready(service):
        if not service.alive or time.monotonic() - begun > SECONDS:
            raise SystemExit("The service does not start.")
        time.sleep(PAUSE)
    passed = time.monotonic() - begun
    spent = [processor_seconds(pid) for pid in (service.pid, service.behind(), *service.workers())]
    names = ["first process", "background worker", *(f"worker {n}" for n in range(1, len(spent)))]
    found = {name: (each, passed) for name, each in zip(names, spent, strict=False)}
    return {**found, "all of them": (sum(spent), passed)}


def is_ready(service: Service) -> bool:
    """Whether the service answers that it is ready."""
    with suppress(OSError):
        return service.call("GET", "/health/ready").status == 200
    return False


def processor_seconds(pid: int) -> float:
    """Processor time of a process until now."""
    times = Process(pid).cpu_times()
    return float(times.user + times.system)


def least(costs: list[Cost]) -> str:
    """The smallest figures of some rounds."""
    spent, passed = (min(each) for each in zip(*costs, strict=True))
    return f"{spent:5.2f} s of a processor, {passed:5.2f} s passed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    wanted = parser.parse_args()
    with TemporaryDirectory(prefix="orderlog-start-") as folder:
        database = f"sqlite:///{folder}/orders.db"
        workers = ("--workers", str(wanted.workers))
        service = serving(database, Path(os.devnull), *workers)
        with service:
            order = service.order()
        shown = ("order", "show", order, "--database", database)
        for command in (("--version",), ("--help",), shown):
            costs = [of_command(*command) for _ in range(wanted.rounds)]
            print(f"{'orderlog ' + ' '.join(command[:2]):<20} {least(costs)}")
        rounds = []
        for _ in range(wanted.rounds):
            try:
                rounds.append(of_service(service))
            finally:
                service.close()
        for name in rounds[0]:
            print(f"{name:<20} {least([each[name] for each in rounds])}")


if __name__ == "__main__":
    main()
