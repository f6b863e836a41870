"""Stores that stall, and clocks that differ."""

import os
import signal
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

from clock import LIBRARY, WHY, started_ahead
from lab import Attacked, Lab, NotHere, words
from server import ORDERS
from shop import Shop, refuse

WRITERS = 10
ALL_WAIT_SECONDS = 0.5
MORE_THAN_ARE_LEFT = 25
LIVE_SECONDS, READY_SECONDS, READ_SECONDS, WRITE_SECONDS = 2.0, 2.5, 12.0, 12.0
"""What the service promises, and half a second for a busy machine."""


def stalled_store(lab: Lab) -> None:
    """The store stalls under ten writing clients: one fault stays one fault."""
    lab.open()
    with lab.serving() as service:
        with lab.selling(service) as crowd:
            crowd.goes_on(5)
            order = crowd.acknowledged_results[0].order
        with stalled(lab):
            lab.faults += 1
            took = _waits(service, order)
        service.stop()
    lab.check(crowd)
    for what, (seconds, limit) in took.items():
        refuse(seconds > limit and f"{seconds:.1f} s", f"{what} waits for a stalled store")


def _waits(service: Attacked, order: str) -> dict[str, tuple[float, float]]:
    """How long each kind of call waits while ten clients write, and how long it may."""
    writes: list[float] = []

    def write(query):
        begun = time.monotonic()
        service.buy(query)
        writes.append(time.monotonic() - begun)

    # With a query a call is answered by a thread, without one on the loop.
    queries = ["", "?fields-schema=id"] * (WRITERS // 2)
    writers = [threading.Thread(target=write, args=(each,), daemon=True) for each in queries]
    for each in writers:
        each.start()
    time.sleep(ALL_WAIT_SECONDS)
    paths = {
        "/health/live": LIVE_SECONDS,
        "/health/ready": READY_SECONDS,
        "/metrics": READ_SECONDS,
        f"{ORDERS}/{order}": READ_SECONDS,
        ORDERS: READ_SECONDS,
    }
    took = {path: (service.took(path), limit) for path, limit in paths.items()}
    for each in writers:
        each.join(60)
    return took | {"a write": (max(writes, default=60.0), WRITE_SECONDS)}


@contextmanager
def stalled(lab: Lab):
    """SQLite's write lock is another's; a PostgreSQL server is halted with all its processes."""
    if lab.place.lite:
        with closing(sqlite3.connect(lab.place.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    halted = processes_of(lab.server.data)
    try:
        for each in halted:
            os.kill(each, signal.SIGSTOP)
        yield
    finally:
        for each in halted:
            os.kill(each, signal.SIGCONT)


def processes_of(data: str) -> list[int]:
    """The processes of the PostgreSQL server over a folder: the first, and those it has made."""
    first = int(Path(data, "postmaster.pid").read_text(encoding="ascii").split()[0])
    listed = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii").split()
    return [first, *map(int, listed)]


def clock_ahead(lab: Lab) -> None:
    """A process whose clock is eleven minutes ahead ends no fresh hold."""
    if LIBRARY is None:
        raise NotHere(WHY)
    with Shop(lab.place) as shop:
        held = [shop.sell(f"key-{number}", 4) for number in range(5)]
        shop.catch_up()
        with started_ahead(11 * 60):
            lab.faults += 1
            ended = lab.run("expire", "--once", "--json")
        refuse(ended.returncode and words(ended.stderr), "orderlog expire")
        statuses = {str(shop.services.history.order(order).order.status) for order in held}
    refuse(statuses != {"executed"} and statuses, "a clock that is ahead has ended fresh holds")
