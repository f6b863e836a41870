"""A drill: a sale on an empty database, buyers that all come at once, and a proof at the end."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from application.bootstrap import Services, opener_of
from application.event_log.event_mapper import event_of
from application.integrity.sale_proof import Proof, prove
from application.integrity.verification import workers_for
from application.settings import BESIDE, Settings
from domain.order import Order
from interface.load.buyers import RECENT, Buyer, OnSale, percentile
from interface.load.caretaker import Caretaker, throw_away_folder
from interface.load.client import Client, Gone
from interface.load.gateway_desk import Desk, ThroughGateway
from interface.load.history import GONE, READ, Call, Seen
from interface.load.linearizability import Checked, check
from interface.load.put_on_sale import EVENT, SET, opened, put_on_sale
from interface.load.servers import Server, free_port

NOOP_SECONDS = 2.0
TICK_SECONDS = 0.1
LAST_SECONDS = 90.0
"""How long buyers may wait for their last answers when the time is over, and how long the gateway
goes on without any answer before it gives up.
"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a drill: the numbers of tickets, buyers, seconds and server processes.

    `gateway` is the share of the orders that are paid through the gateway.
    """

    tickets: int
    buyers: int
    seconds: float
    workers: int = 1
    kill: bool = False
    check: bool = False
    gateway: float = 0.0
    database: str | None = None


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a drill. Times are in milliseconds, for creating an order.

    `processor_us_per_order` is the processor time of all server processes, in microseconds, for
    the whole life of an order; None where the system does not say.
    """

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
    retries: int
    killed: bool
    trouble: list[str]
    proof: Proof
    history: Checked | None = None
    money: ThroughGateway | None = None


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """The buyers after the rush, how long they bought, and the processor time of the server."""

    buyers: list[Buyer]
    seconds: float
    processor_seconds: float | None


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
        key = put_on_sale(settings, plan.tickets, gateway=desk is not None)
        report("Measuring the no-op route", 0.0, 0)
        noop = measure_noop(plan, caretaker)
        sold = rush(settings, plan, key, report, caretaker, desk)
        buyers, orders = sold.buyers, _orders_of(sold.buyers)
        report("Proving", 0.0, orders)
        with opened(settings) as services:
            acknowledged_results = [
                acknowledged
                for each in buyers
                for acknowledged in each.acknowledged_results.values()
            ]
            workers = workers_for(services.store, opener_of(database), os.cpu_count() or 1)
            proof = prove(
                services.store,
                workers,
                acknowledged_results,
                lambda done, of: report("Proving", done / max(of, 1), orders),
            )
            history = checked(services, buyers, report) if plan.check else None
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
        recent: deque[str] | None = deque(maxlen=RECENT) if plan.check else None
        sale = OnSale(
            host="127.0.0.1",
            port=server.port,
            key=key,
            event=EVENT,
            ticket_set=SET,
            until=begun + plan.seconds,
            recent=recent,
            gateway=desk.gateway if desk else None,
        )
        buyers = [Buyer(sale, seed) for seed in range(plan.buyers)]
        for each in buyers:
            each.start()
        _watch(server, plan, buyers, begun, report, desk)
        seconds = time.monotonic() - begun
        _finish(buyers, report, desk)
        used = server.processor_seconds()
    finally:
        if desk:
            desk.close()
        server.stop()
    return Sold(buyers=buyers, seconds=seconds, processor_seconds=used)


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
) -> None:
    """Report progress until the time is over or nobody buys; kill the server in the middle."""
    to_kill = plan.kill
    while (passed := time.monotonic() - begun) < plan.seconds:
        if to_kill and passed > plan.seconds / 2:
            to_kill = False
            server.kill()
            server.start("/health/live")
        if desk:
            desk.watch(passed / plan.seconds)
        if not any(each.is_alive() for each in buyers):
            return
        report("Selling", passed / plan.seconds, _orders_of(buyers))
        time.sleep(TICK_SECONDS)


def _orders_of(buyers: list[Buyer]) -> int:
    return sum(each.created for each in buyers)


def summed_up(plan: Plan, sold: Sold, noop: float, proof: Proof) -> Drilled:
    """The figures of a drill."""
    buyers, seconds, used = sold.buyers, sold.seconds, sold.processor_seconds
    steps: dict[str, list[float]] = {}
    for buyer in buyers:
        for step, taken in buyer.seconds.items():
            steps.setdefault(step, []).extend(taken)
    orders = _orders_of(buyers)
    create = steps["create"]
    figures: dict[str, Any] = {
        f"p{part}_ms": percentile(create, part / 100) * 1000 for part in (50, 95, 99)
    }
    return Drilled(
        orders=orders,
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
