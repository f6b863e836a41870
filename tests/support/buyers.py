"""A crowd of buyers without HTTP, all at once: several in each of several processes."""

import queue
import random
import threading
from contextlib import closing

from catalog import catalog_file, partner, rule, show, ticket_set
from other_processes import context

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.loading import load_catalog
from application.orders.commands import ChangeOrder, Request
from application.runtime.clock import now
from application.settings import Settings
from domain.commands import BestAvailable, TicketsById

PROCESSES, BUYERS_EACH = 8, 8
SECONDS = 120
SELLER = "56810047f06c5a6ac62f4e1d"
ID = "56a6254bf06c5a059b9{:05x}"
HALL, STALLS, LAST = ID.format(1), ID.format(2), ID.format(3)
"""Three shows: one crowd of buyers goes through them, one after the other."""

HALL_SET, STALLS_SET = ID.format(0x11), ID.format(0x12)
HALL_TICKETS, STALL_SEATS = 2000, 300
SEATS = [ID.format(0x1000 + number) for number in range(STALL_SEATS)]
LAST_SETS = [ID.format(0x100 + number) for number in range(20)]
LAST_TICKETS = 5


def put_on_sale(store):
    """A hall without seats, stalls with seats, and many sets of which only the last are left."""
    on_sale = [
        (HALL, {HALL_SET: HALL_TICKETS}),
        (STALLS, {STALLS_SET: [{"id": each} for each in SEATS]}),
        (LAST, dict.fromkeys(LAST_SETS, LAST_TICKETS)),
    ]
    shows = [
        show(
            each,
            SELLER,
            "Evening",
            [
                ticket_set(name, "Set", [rule(name, "100.00")], tickets)
                for name, tickets in sets.items()
            ],
        )
        for each, sets in on_sale
    ]
    partners = [partner(SELLER, "Seller", "ru", "5e11e45e11e45e11e45e11e45e11e411")]
    load_catalog(store, catalog_file(partners, shows), now())


class Buyer:
    """Makes one order after the other; notes what each got, or what went wrong."""

    def __init__(self, services, name):
        self._orders = services.orders
        self._name = name
        self._dice = random.Random(name)
        self.had = []
        self.wrong = []

    def buy(self, show, tickets, *, all_or_nothing=False):
        """Make an order; return how many tickets it got."""
        self._name += "x"
        request = Request(Caller(SELLER, "key", "ru"), self._name)
        command = ChangeOrder(tickets=tickets, all_or_nothing=all_or_nothing)
        try:
            order = self._orders.create(show, command, request).order
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            self.wrong.append(repr(error))
            return 0
        self.had.append((order.id, list(order.tickets)))
        return len(order.tickets)

    def shop(self, gate):
        """Buy the hall until it is gone, then the stalls, then the last tickets of many sets."""
        gate.wait(SECONDS)
        while self.buy(HALL, BestAvailable({HALL_SET: self._dice.randint(1, 4)})):
            pass
        gate.wait(SECONDS)
        for turn in range(12):
            start = self._dice.randrange(STALL_SEATS - 6)
            wanted = self._dice.sample(SEATS[start : start + 6], 4)
            self.buy(STALLS, TicketsById(tuple(wanted)), all_or_nothing=turn % 3 == 0)
        self.buy(STALLS, TicketsById(tuple(self._dice.sample(SEATS, STALL_SEATS))))
        gate.wait(SECONDS)
        for each in LAST_SETS:
            self.buy(LAST, BestAvailable({each: 2}))


def process(url, number, gate, told):
    """One process of the service with its own connections; tells what its buyers had."""
    with closing(build(Settings(database=url))) as services:
        buyers = [Buyer(services, f"{number}-{each}-") for each in range(BUYERS_EACH)]
        threads = [threading.Thread(target=buyer.shop, args=(gate,)) for buyer in buyers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    told.put([(buyer.had, buyer.wrong) for buyer in buyers])


def rush(url):
    """Let the crowd loose; return the orders with their tickets, and what went wrong."""
    gate = context.Barrier(PROCESSES * BUYERS_EACH)
    told = context.Queue()
    processes = [
        context.Process(target=process, args=(url, number, gate, told))
        for number in range(PROCESSES)
    ]
    for each in processes:
        each.start()
    try:
        timelines = [timeline for _ in processes for timeline in told.get(timeout=SECONDS)]
    except queue.Empty:
        return {}, ["a process did not come to an end"]
    finally:
        for each in processes:
            each.join(60)
            each.kill()
    orders = {order: tickets for had, _ in timelines for order, tickets in had}
    assert len(timelines) == PROCESSES * BUYERS_EACH
    return orders, [each for _, wrong in timelines for each in wrong]
