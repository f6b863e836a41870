"""A drill: a sale on an empty database, buyers that all come at once, and a proof at the end."""

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec

from application.bootstrap import Services, opener_of
from application.event_log.event_mapper import event_of
from application.integrity.sale_proof import AcknowledgedResult, Proof, prove
from application.integrity.verification import workers_for
from application.settings import BESIDE, Settings
from domain.order import Order
from interface.load.acknowledged import AcknowledgedResults
from interface.load.buyers import RECENT, Buyer, OnSale, percentile
from interface.load.caretaker import Caretaker, throw_away_folder
from interface.load.client import Client, Gone
from interface.load.gateway_desk import Desk, ThroughGateway
from interface.load.history import GONE, READ, Call, Seen
from interface.load.linearizability import Checked, check
from interface.load.pace import Pace, Stretch
from interface.load.put_on_sale import for_sale, opened, put_on_sale
from interface.load.servers import Server, free_port

NOOP_SECONDS = 2.0
TICK_SECONDS = 0.1
MIDDLE = 0.5
REPORTED = 1000
"""After how many compared results progress is reported again."""

LAST_SECONDS = 90.0
"""How long buyers may wait for their last answers when the time is over, and how long the gateway
goes on without any answer before it gives up.
"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a drill: the numbers of events, tickets, buyers, seconds and server processes.

    With `orders` it ends after so many, whatever the `seconds`. `gateway` is the share of the
    orders that are paid through the gateway.
    """

    tickets: int
    events: int = 1
    buyers: int
    seconds: float = math.inf
    orders: int | None = None
    workers: int = 1
    kill: bool = False
    check: bool = False
    gateway: float = 0.0
    database: str | None = None


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a drill. Times are in milliseconds, for creating an order.

    `processor_us_per_order` is the processor time of all server processes, in microseconds, for
    the whole life of an order; None where the system does not say. `pace` has both figures for
    each tenth of the sale. So many orders were `wanted`, if the plan said so.
    """

    events: int
    tickets: int
    sold_out: bool
    wanted: int | None
    orders: int
    seconds: float
    orders_per_second: float
    requests_per_second: float
    noop_per_second: float
    ratio: float
    processor_us_per_order: float | None
    p50_ms: float
    p95_ms: float
    p99_ms: float
    steps: dict[str, tuple[int, float, float]]
    pace: list[Stretch]
    retries: int
    killed: bool
    trouble: list[str]
    proof: Proof
    history: Checked | None = None
    money: ThroughGateway | None = None


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """The buyers after the rush, what was acknowledged, and the speed.

    That is how long they bought, the processor time of the server, and both by tenths.
    """

    buyers: list[Buyer]
    acknowledged: AcknowledgedResults
    seconds: float
    processor_seconds: float | None
    pace: list[Stretch]

    @property
    def orders(self) -> int:
        """How many orders were made."""
        return _orders_of(self.buyers)

    def results(self, progress: Callable[[float], None]) -> Iterator[AcknowledgedResult]:
        """The last acknowledged result of each order; `progress` is called with their part."""
        cut_off = [each.unfinished for each in self.buyers if each.unfinished is not None]
        total = len(self.acknowledged) + len(cut_off)
        for number, each in enumerate(chain(self.acknowledged, cut_off)):
            if number % REPORTED == 0:
                progress(number / total)
            yield each


Report = Callable[[str, float, int], None]
"""Called at intervals with the present step, its progress (0 to 1), and the orders so far."""


def drill(settings: Settings, plan: Plan, report: Report) -> Drilled:
    """Run a drill by `plan`. Raises `NotEmpty`, `BadDatabase`, `OSError`."""
    with ExitStack() as stack:
        caretaker = stack.enter_context(throw_away_folder("orderlog-drill-"))
        database = plan.database
        if database is None:
            database = f"sqlite:///{Path(caretaker.folder) / 'drill.db'}"
            settings = msgspec.structs.replace(settings, audit_key=BESIDE)
        settings = msgspec.structs.replace(settings, database=database, sample=False)
        report("Putting tickets on sale", 0.0, 0)
        desk = Desk(plan.gateway, caretaker) if plan.gateway else None
        key = put_on_sale(
            settings,
            plan.tickets,
            plan.events,
            gateway=desk is not None,
            progress=lambda part: report("Putting tickets on sale", part, 0),
        )
        report("Measuring the no-op route", 0.0, 0)
        noop = measure_noop(plan, caretaker)
        sold = rush(settings, plan, key, report, caretaker, desk)
        orders = sold.orders
        report("Proving", 0.0, orders)
        with opened(settings) as services:
            workers = workers_for(services.store, opener_of(database), os.cpu_count() or 1)
            proof = prove(
                services.store,
                workers,
                sold.results(lambda part: report("Comparing with the answers", part, orders)),
                lambda done, of: report("Verifying the log", done / max(of, 1), orders),
            )
            history = checked(services, sold.buyers, report) if plan.check else None
            if desk:
                report("Comparing the money", 0.0, orders)
            money = desk.prove(services.store, proof.report.money) if desk else None
    done = summed_up(plan, sold, noop, proof)
    return msgspec.structs.replace(done, history=history, money=money)


def checked(services: Services, buyers: list[Buyer], report: Report) -> Checked:
    """Check the history of all calls, and that it ends with the present state of the log."""
    calls = [call for each in buyers for call in each.calls]
    orders = _orders_of(buyers)
    calls += last_reads(services, calls)
    return check(calls, lambda part: report("Checking the history", part, orders))


def last_reads(services: Services, calls: Sequence[Call]) -> Iterator[Call]:
    """A final read of each order that a buyer has seen."""
    for order in dict.fromkeys(call.order for call in calls):
        begun = time.monotonic_ns()
        events = [event_of(each) for each in services.store.events(order)]
        found = Order.replay(events)
        status = found.status_at(services.clock())
        seen = Seen(status, found.version, tuple(found.tickets)) if events else GONE
        yield Call(READ, order, begun, time.monotonic_ns(), seen)


def measure_noop(plan: Plan, caretaker: Caretaker) -> float:
    """Requests a second to the no-op route, by as many concurrent clients."""
    port = free_port()
    command = ["-m", "interface.load.noop", str(port), str(plan.workers)]
    server = Server(command, port, {}, caretaker)
    counts: list[int] = []
    try:
        server.start("/noop")
        until = time.monotonic() + NOOP_SECONDS
        clients = [
            threading.Thread(target=lambda: counts.append(_post_until(port, until)), daemon=True)
            for _ in range(plan.buyers)
        ]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
    finally:
        server.kill()
    return sum(counts) / NOOP_SECONDS


def _post_until(port: int, until: float) -> int:
    client, count = Client("127.0.0.1", port, {}), 0
    try:
        while time.monotonic() < until:
            client.send("POST", "/noop", b"{}")
            count += 1
    except Gone:
        return count
    finally:
        client.close()
    return count


def rush(
    settings: Settings,
    plan: Plan,
    key: str,
    report: Report,
    caretaker: Caretaker,
    desk: Desk | None = None,
) -> Sold:
    """Run the buyers, and the gateway's `desk`."""
    server = _service(settings, plan, caretaker, desk)
    try:
        server.start("/health/live")
        if desk:
            desk.open(server.port, key)
        begun = time.monotonic()
        sale = _sale(plan, key, server.port, begun + plan.seconds, desk)
        buyers = [Buyer(sale, seed) for seed in range(plan.buyers)]
        for each in buyers:
            each.start()
        pace = Pace(server.processor_seconds)
        _watch(server, plan, buyers, begun, report, desk, pace)
        seconds = time.monotonic() - begun
        _finish(buyers, report, desk)
        used = server.processor_seconds()
    finally:
        if desk:
            desk.close()
        server.stop()
    return Sold(
        buyers=buyers,
        acknowledged=sale.acknowledged,
        seconds=seconds,
        processor_seconds=used,
        pace=pace.stretches(),
    )


def _sale(plan: Plan, key: str, port: int, until: float, desk: Desk | None) -> OnSale:
    return OnSale(
        host="127.0.0.1",
        port=port,
        key=key,
        events=for_sale(plan.events),
        until=until,
        quota=repeat(None) if plan.orders is None else iter(range(plan.orders)),
        acknowledged=AcknowledgedResults(),
        recent=deque(maxlen=RECENT) if plan.check else None,
        gateway=desk.gateway if desk else None,
    )


def _service(settings: Settings, plan: Plan, caretaker: Caretaker, desk: Desk | None) -> Server:
    """The service, not yet started."""
    port = free_port()
    command = ["-m", "interface.cli.main", "serve"]
    options = ["--port", str(port), "--workers", str(plan.workers)]
    environment = {
        "ORDERLOG_DATABASE": settings.database,
        "ORDERLOG_LOG_LEVEL": "WARNING",
        "ORDERLOG_AUDIT_KEY": settings.audit_key,
        **(desk.environment if desk else {}),
    }
    return Server([*command, *options], port, environment, caretaker)


def _finish(buyers: list[Buyer], report: Report, desk: Desk | None) -> None:
    """Wait for the last answers to buyers, and until the gateway has sent everything."""
    deadline = time.monotonic() + LAST_SECONDS
    for number, each in enumerate(buyers):
        report("Waiting for the last answers", number / len(buyers), _orders_of(buyers))
        each.join(max(0.0, deadline - time.monotonic()))
        if each.is_alive():
            each.trouble = "a buyer waits for an answer that does not come"
    if desk:
        orders = _orders_of(buyers)
        desk.finish(LAST_SECONDS, lambda part: report("Waiting for the gateway", part, orders))


def _watch(
    server: Server,
    plan: Plan,
    buyers: list[Buyer],
    begun: float,
    report: Report,
    desk: Desk | None,
    pace: Pace,
) -> None:
    """Report progress until the sale is over or nobody buys; kill the server in the middle."""
    to_kill, part = plan.kill, 0.0
    while part < 1:
        orders = _orders_of(buyers)
        part = _part(plan, begun, orders)
        pace.look(part, orders)
        if to_kill and part > MIDDLE:
            to_kill = False
            server.kill()
            server.start("/health/live")
        if desk:
            desk.watch(part)
        if not any(each.is_alive() for each in buyers):
            return
        report("Selling", part, orders)
        time.sleep(TICK_SECONDS)


def _part(plan: Plan, begun: float, orders: int) -> float:
    """How much of the sale is over, from 0 to 1."""
    if plan.orders is not None:
        return orders / plan.orders
    return min(1.0, (time.monotonic() - begun) / plan.seconds)


def _orders_of(buyers: list[Buyer]) -> int:
    return sum(each.created for each in buyers)


def summed_up(plan: Plan, sold: Sold, noop: float, proof: Proof) -> Drilled:
    """The figures of a drill."""
    buyers, seconds, used = sold.buyers, sold.seconds, sold.processor_seconds
    steps = {
        step: sorted(chain.from_iterable(each.seconds[step] for each in buyers))
        for step in buyers[0].seconds
    }
    orders = sold.orders
    create = steps["create"]
    figures: dict[str, Any] = {
        f"p{part}_ms": percentile(create, part / 100) * 1000 for part in (50, 95, 99)
    }
    return Drilled(
        events=plan.events,
        tickets=plan.tickets,
        sold_out=all(each.sold_out for each in buyers),
        wanted=plan.orders,
        orders=orders,
        pace=sold.pace,
        seconds=seconds,
        orders_per_second=orders / seconds,
        requests_per_second=sum(map(len, steps.values())) / seconds,
        noop_per_second=noop,
        ratio=orders / seconds / noop,
        processor_us_per_order=used / orders * 1_000_000 if used and orders else None,
        steps={
            step: (len(taken), percentile(taken, 0.5) * 1000, percentile(taken, 0.99) * 1000)
            for step, taken in steps.items()
        },
        retries=sum(each.retries for each in buyers),
        killed=plan.kill,
        trouble=[each.trouble for each in buyers if each.trouble],
        proof=proof,
        **figures,
    )
