"""A ticket shop over the sample catalogue, whose clock moves only when a test says so."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.loading import load_catalog, sample_catalog
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.projector.loop import catch_up
from application.read_models.registry import PROJECTIONS
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


def seat(number: int) -> str:
    """The id of the parterre's seat with this number, from 1."""
    return SEAT.format(0x9F + number)


class BoxOffice:
    """Sells the sample evening. Requests are called `request-1`, `request-2`, ..."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.time = OPENING
        self.requests = 0
        self.services = build(Settings(database=database, sample=True), lambda: self.time)
        load_catalog(self.services.store, SAMPLE, self.time)

    def later(self, **passes: float) -> datetime:
        """Let time pass; return what time it is then."""
        self.time += timedelta(**passes)
        return self.time

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
        tickets = BestAvailable({PARTERRE: count}) if seats is None else TicketsById(tuple(seats))
        if tickets == BestAvailable({PARTERRE: 0}):
            tickets = None
        command = ChangeOrder(tickets=tickets, **command)
        return self.services.orders.create(SHOW, command, self.request(partner)).order.id

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

    def start_payment(self, order: str, system: str = "api/BASE") -> None:
        self.change(order, payment=ChoosePayment(system), status=Status.IN_PROGRESS)

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


@contextmanager
def box_office(database: str):
    """A shop that is closed at the end."""
    office = BoxOffice(database)
    try:
        yield office
    finally:
        office.services.close()
