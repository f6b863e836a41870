"""Makes a log of many orders of every kind through the real service, a few hundred in a commit.

What is asked follows from the seed; which tickets a random pick gets, and the ids, do not.
"""

import random
from datetime import timedelta
from functools import cache, partial

from catalog import catalog_file, deal, partner, payment_system, rule, show, ticket_set
from clock import NOON
from mixed_money import Cashier

from application.catalog.access import Caller
from application.catalog.loading import load_catalog
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.orders.promocode_uses import UsesNeeded, with_uses
from application.orders.service import OrderService
from application.ports.unit_of_work import UnitOfWork, Written
from application.runtime.service_clock import ServiceClock
from domain.commands import BestAvailable, Customer, TicketsById, VendorData
from domain.refusals import Refusal
from domain.status import Status

THEATRE = "56810047f06c5a6ac62f4e01"
CLUB = "56810047f06c5a6ac62f4e02"
SHOP = "56810047f06c5a6ac62f4e03"
SHOWS = {"56a6253df06c5a059a938001": THEATRE, "56a6253df06c5a059a938002": CLUB}
SELLERS = {
    "56a6253df06c5a059a938001": (THEATRE, SHOP),
    "56a6253df06c5a059a938002": (CLUB, SHOP),
}
SETS = {
    "56a6253df06c5a059a938001": ("56a6254bf06c5a059b938011",),
    "56a6253df06c5a059a938002": ("56a6254bf06c5a059b938021", "56a6254bf06c5a059b938022"),
}
"""By show, the sets that are sold at random."""

SEATED = "56a6253df06c5a059a938001"
SEATS = [f"56a6253df06c5a059a9a{number:04x}" for number in range(60)]
"""The show that has a balcony too, and its seats, which are sold by name."""

SYSTEMS = ("api/CARD", "api/CASH", "api/INVOICE")
THEATRES_KEY = "7ea7e4e07ea7e4e07ea7e4e07ea7e4e0"
CLUBS_KEY = "c1b0c1b1c1b0c1b1c1b0c1b1c1b0c1b1"
SHOPS_KEY = "54054054054054055405405405405405"
HOURS = ("19:00:00+03:00", "22:00:00+03:00")
DEALS = (
    deal("56a0f0c2f06c5a7d1e00be01", THEATRE, SHOP),
    deal("56a0f0c2f06c5a7d1e00be02", CLUB, SHOP),
)


def load_shows(store, amount, **keys):
    """Put two shows of two partners on sale, `amount` tickets a set; a third may sell both."""
    load_catalog(store, shows_file(amount, **keys), NOON)


@cache
def shows_file(amount, theatres_keys=(THEATRES_KEY,), clubs_keys=(CLUBS_KEY,)):
    partners = [
        partner(THEATRE, "Theatre", "ru", *theatres_keys),
        partner(CLUB, "Club", "en", *clubs_keys),
        partner(SHOP, "Shop", "de", SHOPS_KEY),
    ]
    systems = [
        payment_system(
            "545b544a5d645a463e779d11", "api/CARD", 30, redirect_url="https://pay.example/start"
        ),
        payment_system("545b544a5d645a463e779d12", "api/CASH", 720),
        payment_system("545b544a5d645a463e779d13", "api/INVOICE", 15, confirmed_by="gateway"),
    ]
    prices = [
        rule("56a6254bf06c5a059b938031", "900.50", "99.99"),
        rule("56a6254bf06c5a059b938032", "450.00"),
        rule("56a6254bf06c5a059b938033", "20.00", "0.01"),
        rule("56a6254bf06c5a059b938034", "0.00"),
    ]
    balcony = [{"id": seat} for seat in SEATS]
    theatre = [
        ticket_set("56a6254bf06c5a059b938011", "Parterre", prices[:1], amount),
        ticket_set("56a6254bf06c5a059b938012", "Balcony", prices[1:2], balcony),
    ]
    club = [
        ticket_set("56a6254bf06c5a059b938021", "Dance floor", prices[2:3], amount),
        ticket_set("56a6254bf06c5a059b938022", "Free entry", prices[3:], amount),
    ]
    evening, night = SHOWS
    shows = [
        show(evening, THEATRE, "Evening", theatre, *(f"2031-06-01T{each}" for each in HOURS)),
        show(night, CLUB, "Night", club, *(f"2031-06-02T{each}" for each in HOURS)),
    ]
    shows[0]["promocodes"] = [
        {"id": "56a6254bf06c5a059b938041", "code": "SPRING", "percent": 15},
        {"id": "56a6254bf06c5a059b938042", "code": "TWICE", "amount": 50, "per_buyer": 2},
        {"id": "56a6254bf06c5a059b938043", "code": "LIMITED", "percent": "33.33", "limit": 1000},
    ]
    return catalog_file(partners, shows, systems, DEALS)


class Hurried(OrderService):
    """The real service, but what is asked waits for `flush`, and then shares one commit."""

    def __init__(self, store, catalog_cache, clock):
        super().__init__(store, catalog_cache, ServiceClock(clock))
        self._asked_for = []

    def carry_out(self, read_set, decide, request, noted):
        self._asked_for.append(UnitOfWork(read_set, partial(decide, final_attempt=True)))

    def _record_shortage(self, *_):
        """Nothing to note: what became of it is not known before the flush."""

    def flush(self):
        """Carry out what was asked; return the orders as they are now, but those refused."""
        orders = []
        while self._asked_for:
            asked, self._asked_for = self._asked_for, []
            for each, outcome in zip(asked, self.store.write_all(asked), strict=True):
                if isinstance(outcome, UsesNeeded):
                    read_set = with_uses(each.read_set, outcome)
                    self._asked_for.append(UnitOfWork(read_set, each.decide))
                elif isinstance(outcome, Written):
                    orders.append(outcome.result.order)
                elif not isinstance(outcome, Refusal):
                    raise outcome
        return orders


def make_mixed_orders(services, count, *, seed=1, start=NOON, batch=250):
    """Make `count` orders of the shows of `load_shows`; return their ids.

    Some are left at every point of their lives: empty, held, being paid, done, canceled, expired,
    and overdue without that being recorded.
    """
    maker = _Maker(services, random.Random(seed), random.Random(seed + 1), start)
    while len(maker.ids) < count:
        maker.round(min(batch, count - len(maker.ids)))
    for _ in range(4):
        maker.round(0)
    return maker.ids


class _Maker:
    def __init__(self, services, rng, codes, start):
        """`codes` decides on promo codes alone, so that all else is the same without them."""
        self._rng = rng
        self._codes = codes
        self._now = start
        self._orders = Hurried(services.store, services.catalog, lambda: self._now)
        self._open = {}
        self._cashier = Cashier(services, self._orders, rng, lambda: self._now)
        self._turn = 0
        self._known = set()
        self.ids = []

    def round(self, fresh):
        """Make `fresh` orders, change some that are open, and let time pass."""
        for _ in range(fresh):
            show = self._rng.choice(list(SHOWS))
            seller = self._rng.choice(SELLERS[show])
            self._orders.create(show, self._new(show), self._request(seller))
        for order in list(self._open.values()):
            if self._rng.random() < 0.6:
                self._orders.change(order.id, self._next(order), self._request(order.vendor))
        for order in self._orders.flush():
            self._cashier.look(order)
            if order.id not in self._known:
                self._known.add(order.id)
                self.ids.append(order.id)
            self._open[order.id] = order
        self._cashier.round()
        for order in self._orders.flush():
            self._cashier.look(order)
        self._now += timedelta(seconds=self._rng.randint(30, 240), milliseconds=137)
        self._sweep()

    def _sweep(self):
        """Let most of the overdue orders expire, and forget those whose life is over."""
        overdue = [
            order.id
            for order in self._open.values()
            if order.status_at(self._now) is Status.EXPIRED and self._rng.random() < 0.7
        ]
        self._orders.expire(overdue, "sweep")
        over = {Status.DONE, Status.CANCELED, Status.EXPIRED}
        for order in list(self._open.values()):
            if order.status_at(self._now) in over:
                del self._open[order.id]

    def _request(self, partner):
        self._turn += 1
        return Request(Caller(partner, "aa11bb22", "en"), f"request-{self._turn}")

    def _new(self, show):
        rng = self._rng
        tickets = self._tickets(show) if rng.random() < 0.9 else None
        paying = rng.random() < 0.1
        return ChangeOrder(
            tickets=tickets,
            all_or_nothing=rng.random() < 0.2,
            customer=self._customer() if rng.random() < 0.2 else None,
            payment=ChoosePayment(rng.choice(SYSTEMS)) if paying else None,
            status=Status.IN_PROGRESS if paying and rng.random() < 0.5 else None,
            promocodes=self._promocodes(show) if tickets else None,
        )

    def _next(self, order):
        """What a vendor may ask of an order as it is."""
        rng = self._rng
        system = ChoosePayment(rng.choice(SYSTEMS), rng.choice((None, "https://shop.example/ok")))
        if order.status is Status.IN_PROGRESS:
            partial_payment = ChangeOrder(tickets=TicketsById(tuple(order.tickets)[1:]))
            done, canceled = (ChangeOrder(status=each) for each in (Status.DONE, Status.CANCELED))
            return rng.choice((partial_payment, done, done, canceled))
        choices = (
            ChangeOrder(tickets=self._tickets(order.show), all_or_nothing=rng.random() < 0.2),
            ChangeOrder(customer=self._customer(), vendor_data=self._vendor_data()),
            ChangeOrder(payment=system),
            ChangeOrder(payment=system, status=Status.IN_PROGRESS),
            ChangeOrder(status=Status.CANCELED),
        )
        return rng.choices(choices, (5, 3, 3, 7, 2))[0]

    def _tickets(self, show):
        rng = self._rng
        if rng.random() < 0.15 and show == SEATED:
            return TicketsById(tuple(rng.sample(SEATS, rng.randint(1, 3))))
        sets = rng.sample(SETS[show], rng.randint(1, len(SETS[show])))
        return BestAvailable({each: rng.randint(1, 3) for each in sets})

    def _vendor_data(self):
        return VendorData(order_id=f"A-{self._turn}", raw={"till": self._turn % 7})

    def _promocodes(self, show):
        if show != SEATED or self._codes.random() < 0.7:
            return None
        return tuple(self._codes.sample(["SPRING", "TWICE", "LIMITED"], 2))

    def _customer(self):
        number = self._rng.randint(1, 10**6)
        return Customer(email=f"buyer{number}@mail.example", first_name=f"Buyer {number}")
