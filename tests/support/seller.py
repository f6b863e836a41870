"""A seller of a service in this process, without HTTP, and what sellers ask for in few words."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Self

import pytest
from clock import Clock

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.file import CatalogFile
from application.catalog.loading import load_catalog, sample_catalog
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.projector.loop import catch_up
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import now
from application.settings import Settings
from domain.commands import BestAvailable, Customer, TicketsById
from domain.status import Status

SAMPLE = sample_catalog()
OPENING = datetime(2030, 1, 26, 9, 25, 19, 378000, tzinfo=UTC)
SHOW = "56a6253df06c5a059a93802e"
PARTERRE = "56a6254bf06c5a059b93800c"
SEAT = "56a6253df06c5a059a9380{:02x}"
ORGANISER = "56810047f06c5a6ac62f4e1d"
SHOP = "56810047f06c5a6ac62f4e1e"
KEYS = {
    ORGANISER: "047bdb8bcee44d3693371920aaf9135c",
    SHOP: "5d8f7c1a90b34f0c8a6e2b7d41c3f9e0",
    "56810047f06c5a6ac62f4e1f": "e3a1b86f52d7490cb4c8170f9d26ae35",
}

LONG_AGO = timedelta(minutes=11)
"""Longer than a new order is held."""

on_one_store = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
"""For what no store has a hand in."""

_requests = count(1)


def seat(number: int) -> str:
    """The id of the parterre's seat with this number, from 1."""
    return SEAT.format(0x9F + number)


class BoxOffice:
    """Sells the sample evening. Requests are called `request-1`, `request-2`, ..."""

    def __init__(
        self,
        database: str,
        *,
        catalog: CatalogFile = SAMPLE,
        opens: datetime = OPENING,
        real_time: bool = False,
        **settings: Any,
    ) -> None:
        """Goes by a clock that only a test moves, or else by the store's."""
        self.database = database
        self.clock = now if real_time else Clock(opens)
        self.requests = 0
        self.services = build(
            Settings(database=database, sample=True, **settings), None if real_time else self.clock
        )
        self.store = self.services.store
        load_catalog(self.store, catalog, self.clock())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.services.close()

    @property
    def time(self) -> datetime:
        return self.clock()

    def later(self, **passes: float) -> datetime:
        """Let time pass; return what time it is then."""
        return self.clock.forward(**passes)

    def request(self, partner: str = ORGANISER, **more) -> Request:
        self.requests += 1
        caller = self.caller(partner)
        return Request(caller, f"request-{self.requests}", **more)

    def caller(self, partner: str = ORGANISER) -> Caller:
        caller = self.services.access.caller(KEYS[partner], local=True)
        assert caller is not None
        return caller

    def order(self, count: int = 1, *, seats=None, partner: str = ORGANISER, **command) -> str:
        """Make an order, of these seats or of so many at random; return its id."""
        if seats is not None:
            command["tickets"] = TicketsById(tuple(seats))
        elif count:
            command["tickets"] = BestAvailable({PARTERRE: count})
        return self.create(SHOW, partner=partner, **command)

    def create(self, show: str, *, partner: str = ORGANISER, request=None, **command) -> str:
        """Make an order by any command; return its id."""
        request = request or self.request(partner)
        return self.services.orders.create(show, ChangeOrder(**command), request).order.id

    def change(self, order: str, *, partner: str = ORGANISER, **command) -> int:
        """Change an order; return the position that shows it."""
        request = self.request(partner)
        return self.services.orders.change(order, ChangeOrder(**command), request).position

    def request_seats(self, order: str, *seats: str, **more) -> None:
        self.change(order, tickets=TicketsById(seats), **more)

    def name_buyer(self, order: str, **said: str) -> None:
        self.change(order, customer=Customer(**said))

    def choose_payment(self, order: str, system: str = "api/BASE") -> None:
        self.change(order, payment=ChoosePayment(system))

    def start_payment(self, order: str, system: str = "api/BASE", **more) -> None:
        self.change(order, payment=ChoosePayment(system), status=Status.IN_PROGRESS, **more)

    def finish(self, order: str) -> None:
        self.change(order, status=Status.DONE)

    def cancel(self, order: str) -> None:
        self.change(order, status=Status.CANCELED)

    def paid_order(self, count: int = 1) -> str:
        order = self.order(count)
        self.start_payment(order)
        self.finish(order)
        return order

    def sweep(self) -> None:
        """Show the lists all that happened, and record the ends of holds."""
        self.catch_up()
        due = [each.order for each in self.services.queries.due(1000)]
        self.services.orders.expire(due, "sweeper")
        self.catch_up()

    def catch_up(self) -> None:
        for name in PROJECTIONS:
            catch_up(self.services.store, name)


def overdue_orders(url, count):
    """Make orders with a ticket each, long ago; return their ids."""
    ago = now() - LONG_AGO
    caller = Caller(ORGANISER, "key", "ru")
    command = ChangeOrder(tickets=BestAvailable({PARTERRE: 1}))
    with closing(build(Settings(database=url), lambda: ago)) as services:
        create = services.orders.create
        return [create(SHOW, command, Request(caller, "early")).order.id for _ in range(count)]


def expirations(store, order):
    """How often it was recorded that the order's hold has ended."""
    return sum(b'"expired"' in event.state for event in store.events(order))


def asks(partner, **more):
    """A request of this partner."""
    return Request(Caller(partner, "aa11bb22", "ru"), f"request-{next(_requests)}", **more)


def seats(*ids, **more):
    return ChangeOrder(tickets=TicketsById(ids), **more)


def at_random(counts, **more):
    return ChangeOrder(tickets=BestAvailable(counts), **more)


def pays_with(system, **more):
    return ChangeOrder(payment=ChoosePayment(system), **more)


START_PAYING = ChangeOrder(status=Status.IN_PROGRESS)
CANCEL = ChangeOrder(status=Status.CANCELED)
DONE = ChangeOrder(status=Status.DONE)
EMPTY = ChangeOrder()
