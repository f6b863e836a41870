"""What a gateway's notice that pays costs, beside a PATCH that pays, in processor time.

    PYTHONPATH=.:tests/support python tests/benchmarks/notices.py [--postgres] [--rounds 5]
        [--orders 400] [--together 1]

In one process, through the handlers of the event loop: one call after the other, or so many
together, as when buyers all come at once; on PostgreSQL with the processor time of its server. The
two go in turn, in blocks; the ratio is the median over all pairs of blocks.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import structlog
from catalog import BASE, Venue
from clock import Clock
from gateway import CARD_ID, NAME, SECRET, gate, notice, sent, signed, token_of
from postgres_server import postgres_server

from application.bootstrap import Services, build
from application.catalog.access import Caller
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.runtime.greenlet_bridge import GreenletBridge
from application.settings import Settings
from domain.commands import BestAvailable
from domain.order import Order
from domain.status import Status
from interface.http.exchange import Environ
from interface.http.gateways import GATEWAYS
from interface.http.orders import ORDERS
from interface.server.usual_calls import UsualCalls

BLOCK = 40
TICKETS = 50_000
AS_MANY_AS_IT_LIKES = 1_000_000
ADDRESSES = 8
"""A gateway's address may send a thousand notices a second, and sends from several."""

Call = tuple[Environ, bytes]


class Shop:
    """A service whose orders are paid by its vendor, or through a gateway."""

    def __init__(self, database: str) -> None:
        self._clock, self._venue = Clock(), Venue()
        self.services: Services = build(Settings(database=database), self._clock)
        document = self._venue.document
        document["payment_systems"] = [*document["payment_systems"][:2], gate()]
        document["events"][0]["sets"][2]["tickets"] = {"count": TICKETS}
        document["partners"][0]["rate_per_second"] = AS_MANY_AS_IT_LIKES
        load_catalog(self.services.store, read_catalog_file(json.dumps(document)), self._clock())
        self._calls = UsualCalls(self.services, [ORDERS, GATEWAYS])

    def patches(self, count: int) -> list[Call]:
        """Requests of a vendor, each of which pays an order."""
        body = json.dumps({"status": "done"}).encode()
        return [
            self._call(
                "PATCH",
                f"/v1/resources/orders/{order.id}",
                body,
                {"authorization": f"key {self._venue.org_key}", "idempotency-key": order.id},
            )
            for order in self._orders(BASE, count)
        ]

    def notices(self, count: int) -> list[Call]:
        """Requests of a gateway, each of which pays an order."""
        bodies = [
            sent(notice(token=token_of(order), amount="55.50"))
            for order in self._orders(CARD_ID, count)
        ]
        path = f"/v1/gateways/{CARD_ID}/notifications"
        return [self._call("POST", path, body, signed(body, self._clock())) for body in bodies]

    def _orders(self, system: str, count: int) -> Iterator[Order]:
        command = ChangeOrder(
            tickets=BestAvailable({self._venue.floor: 1}),
            payment=ChoosePayment(system),
            status=Status.IN_PROGRESS,
        )
        request = Request(Caller(self._venue.org, "k", "en"), "begun")
        for _ in range(count):
            yield self.services.orders.create(self._venue.evening, command, request).order

    def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Call:
        self._address = (getattr(self, "_address", 0) + 1) % ADDRESSES
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": f"192.0.2.{self._address}",
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "localhost",
            "HTTP_USER_AGENT": "benchmark",
            "HTTP_ACCEPT": "*/*",
        }
        more = {f"HTTP_{name.upper().replace('-', '_')}": each for name, each in headers.items()}
        return environ | more, body

    async def answer_together(self, calls: Sequence[Call], together: int) -> None:
        """Have requests answered on an event loop, `together` of them at a time."""
        bridge, waiting = GreenletBridge(asyncio.get_running_loop()), iter(calls)

        async def one_after_the_other() -> None:
            for call in waiting:
                await bridge.run(partial(self.answer, call))

        await asyncio.gather(*(one_after_the_other() for _ in range(together)))

    def answer(self, call: Call) -> None:
        """Have a request answered, as the event loop does."""
        environ, body = call
        found = self._calls.find(environ, lambda: body)
        answer = found and self._calls.answer(*found)
        if answer is None or answer.status != 200:
            raise RuntimeError(f"{environ['PATH_INFO']}: {answer and answer.body!r}")


def spent(pids: list[int]) -> float:
    """Seconds of processor time of this process and others, as Linux counts them."""
    return time.process_time() + sum(_of_process(each) for each in pids)


def _of_process(pid: int) -> float:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9


def one_round(
    shop: Shop, count: int, pids: Callable[[], list[int]], together: int = 1
) -> Iterator[tuple[float, float]]:
    """Microseconds of a PATCH and of a notice, for each pair of blocks."""
    patches, notices, size = shop.patches(count), shop.notices(count), BLOCK * together
    for start in range(0, count, size):
        both = [
            ("patch", patches[start : start + size]),
            ("notice", notices[start : start + size]),
        ]
        found = {}
        for name, block in both if start // size % 2 else reversed(both):
            processes = pids()
            begun = spent(processes)
            asyncio.run(shop.answer_together(block, together))
            found[name] = (spent(processes) - begun) / len(block) * 1e6
        yield found["patch"], found["notice"]


@contextmanager
def place(*, postgres: bool) -> Iterator[tuple[str, Callable[[], list[int]]]]:
    """A new database, and what gives the processes of its server."""
    with ExitStack() as stack:
        if not postgres:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield f"sqlite:///{folder}/orders.db", list
            return
        server = stack.enter_context(postgres_server())
        yield stack.enter_context(server.database()), server._processes


def measured(
    *, postgres: bool, rounds: int, orders: int, together: int
) -> list[tuple[float, float]]:
    """All pairs of blocks, but for those of a first round, in which all begins."""
    os.environ[NAME] = SECRET
    with place(postgres=postgres) as (database, pids):
        shop = Shop(database)
        with closing(shop.services):
            list(one_round(shop, BLOCK, pids))
            paired = (one_round(shop, orders, pids, together) for _ in range(rounds))
            return [each for pairs in paired for each in pairs]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--together", type=int, default=1)
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    pairs = measured(
        postgres=wanted.postgres,
        rounds=wanted.rounds,
        orders=wanted.orders,
        together=wanted.together,
    )
    patch, other = (statistics.median(each) for each in zip(*pairs, strict=True))
    ratios = [b / a for a, b in pairs]
    print(f"PATCH {patch:.0f} µs, notice {other:.0f} µs")
    low, _, high = statistics.quantiles(ratios, n=4)
    ratio = statistics.median(ratios)
    print(f"notice/PATCH {ratio:.3f} ({low:.3f} to {high:.3f}), {len(pairs)} pairs")


if __name__ == "__main__":
    main()
