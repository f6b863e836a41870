"""What ten thousand webhooks cost that get nothing: the start, an idle second, a changed one.

    PYTHONPATH=.:tests/support python tests/benchmarks/many_webhooks.py [--postgres] [--count N]
        [--seconds N]

Measured in a process of its own that does nothing else: the seconds until all shards are leased
and the webhooks known, the share of a processor in idle seconds, while orders are made that no
webhook wants, and what it costs that one of them is changed.
"""

import argparse
import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path

from measures import Processes
from polling import until
from postgres_server import postgres_server
from seller import SHOP, BoxOffice
from webhook_office import add_webhook, change_webhook, delivering

from application.bootstrap import open_store
from application.ports.store import Store
from application.ports.webhooks import ShardState

spawn = multiprocessing.get_context("spawn")


def deliver(database: str, started: Event, stopping: Event) -> None:
    with delivering(database):
        started.set()
        stopping.wait()


@contextlib.contextmanager
def delivery(database: str) -> Iterator[int]:
    """The delivery in a process of its own; its number."""
    started, stopping = spawn.Event(), spawn.Event()
    process = spawn.Process(target=deliver, args=(database, started, stopping))
    process.start()
    started.wait()
    try:
        assert process.pid
        yield process.pid
    finally:
        stopping.set()
        process.join()


def processor(pid: int) -> int:
    """The processor time that a process has used, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) * 10


def leased(store: Store) -> list[ShardState]:
    return [each for each in store.webhooks().shards().values() if each.owner is not None]


def idle(pid: int, seconds: int, sold: Callable[[], object] = lambda: None) -> float:
    """Milliseconds of a processor that a second costs."""
    before, ended = processor(pid), time.monotonic() + seconds
    while time.monotonic() < ended:
        sold()
        time.sleep(0.05)
    return (processor(pid) - before) / seconds


def measure(office: BoxOffice, store: Store, database: str, count: int, rest: int) -> None:
    begun = time.monotonic()
    for number in range(count):
        name = f"{number:024x}"
        known = add_webhook(store, f"https://{name}.example/", id=name, partner=SHOP)
    print(f"{count} webhooks added in {time.monotonic() - begun:.1f} s")
    begun = time.monotonic()
    with delivery(database) as pid:
        until(lambda: len(leased(store)) == min(16, count), "not all shards are leased")
        seconds, used = time.monotonic() - begun, processor(pid)
        print(f"started and leased in {seconds:.2f} s, {used} ms of a processor")
        until(lambda: not any(map(store.webhooks().positions, range(16))), "they do not follow")
        print(f"all follow after {time.monotonic() - begun:.2f} s, {Processes(pid).memory()}")
        print(f"an idle second: {idle(pid, rest):.0f} ms of a processor")
        selling = idle(pid, rest, lambda: office.order(0))
        print(f"a second with 20 orders that none wants: {selling:.0f} ms")
        before = processor(pid)
        change_webhook(store, known, address="https://other.example/")
        time.sleep(3)
        print(f"one changed: {processor(pid) - before:.0f} ms in three seconds")
        begun = time.monotonic()
    print(f"stopped in {time.monotonic() - begun:.2f} s")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__ and __doc__.splitlines()[0])
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--seconds", type=int, default=10)
    given = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = f"sqlite:///{folder}/bench.db"
        if given.postgres:
            server = stack.enter_context(postgres_server())
            database = stack.enter_context(server.database())
        office = stack.enter_context(BoxOffice(database, real_time=True))
        store = stack.enter_context(closing(open_store(database)))
        measure(office, store, database, given.count, given.seconds)


if __name__ == "__main__":
    main()
