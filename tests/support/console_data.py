"""A data that has been selling for two weeks: what the console is looked at with."""

import itertools
import random
from datetime import datetime, timedelta

from catalog import (
    catalog_file,
    deal,
    partner,
    payment_system,
    rule,
    seats,
    show,
    ticket_set,
)
from seller import BoxOffice

from application.catalog.access import Caller
from application.catalog.file import CatalogFile
from application.catalog.keys import create_key
from application.catalog.scopes import AUDIT
from application.orders.commands import ChoosePayment
from application.orders.expiry import sweep
from domain.commands import BestAvailable, Customer, TicketsById
from domain.status import Status

HOUSE = "5f10c0de0000000000000001"
SHOP = "5f10c0de0000000000000002"
CALLERS = {HOUSE: Caller(HOUSE, "house", "en"), SHOP: Caller(SHOP, "shop", "ru")}
HOUSE_KEY = "da7a404560123456789abcdef0123456"
SHOP_KEY = "da7a540b0123456789abcdef01234567"
CONCERT = "5f10c0de00000000000000a1"
FESTIVAL = "5f10c0de00000000000000a2"
BALLET = "5f10c0de00000000000000a3"
PARTERRE = "5f10c0de00000000000000b1"
BALCONY = "5f10c0de00000000000000b2"
LAWN = "5f10c0de00000000000000b3"
TERRACE = "5f10c0de00000000000000b4"
STALLS = "5f10c0de00000000000000b5"
PARTERRE_ROWS = [14, 16, 18, 20, 20, 22, 22, 22, 22, 20]
DAYS = 14
BUYERS = [
    ("Anna", "Ostrova", "+7 916 000-11-22"),
    ("Oleg", "Severin", "+7 903 000-22-33"),
    ("Maria", "Lindholm", "+46 70 000 33 44"),
    ("Ирина", "Полевая", "+7 921 000-44-55"),
    ("Jonas", "Weber", "+49 151 000 55 66"),
    ("Пётр", "Зимин", "8 905 000-66-77"),
    ("Clara", "Moreau", "+33 6 00 00 77 88"),
]


def ticket(kind: str, number: int) -> str:
    """The id of a ticket of a kind: `c1` parterre, `c2` balcony, `c3` terrace, `c4` stalls."""
    return f"5f10c0de{kind}{number:014x}"


def rows_of(kind: str, lengths: list[int], sector: str) -> list[dict]:
    """Rows of so many seats each."""
    numbers = itertools.count(1)
    return [
        seat
        for row, length in enumerate(lengths, 1)
        for seat in seats([ticket(kind, next(numbers)) for _ in range(length)], sector, row)
    ]


def priced(name: str, nominal: str, extra: str) -> list[dict]:
    return [rule(f"5f10c0de0000000000{name}", nominal, extra)]


def catalog(till: datetime, *systems: dict) -> CatalogFile:
    """Three shows of the Playhouse after `till`, of which a shop sells tickets too."""
    sectors = ["5f10c0de00000000000000d1", "5f10c0de00000000000000d2"]
    parterre = rows_of("c1", PARTERRE_ROWS, sectors[0])
    balcony = rows_of("c2", [24, 24, 20], sectors[1])
    concert = [
        ticket_set(PARTERRE, "Parterre", priced("00e1aa", "2400.00", "120.00"), parterre),
        ticket_set(BALCONY, "Balcony", priced("00e2aa", "1500.00", "75.00"), balcony),
    ]
    terrace = rows_of("c3", [12, 12], sectors[0])
    festival = [
        ticket_set(LAWN, "Lawn", priced("00e3aa", "900.00", "45.00"), 600),
        ticket_set(TERRACE, "Terrace", priced("00e4aa", "3200.00", "160.00"), terrace),
    ]
    stalls = rows_of("c4", [18] * 8, sectors[0])
    ballet = [ticket_set(STALLS, "Партер", priced("00e5aa", "3500.00", "0.00"), stalls)]
    shows = [
        (CONCERT, "Chamber concert", 12, "19:00", "22:00", concert),
        (BALLET, "Вечер одноактных балетов", 31, "19:30", "22:30", ballet),
        (FESTIVAL, "Summer festival", 95, "12:00", "23:00", festival),
    ]

    def on(days: int, time: str) -> str:
        return f"{till + timedelta(days=days):%Y-%m-%d}T{time}:00+03:00"

    card, cash = "5f10c0de00000000000000f1", "5f10c0de00000000000000f2"
    return catalog_file(
        [
            partner(HOUSE, "The Playhouse", "en", HOUSE_KEY),
            partner(SHOP, "Corner ticket shop", "ru", SHOP_KEY),
        ],
        [
            show(each, HOUSE, title, sets, on(days, starts), on(days, ends))
            for each, title, days, starts, ends, sets in shows
        ],
        [
            payment_system(card, "card", 30, redirect_url="https://pay.example/start"),
            payment_system(cash, "cash", 720),
            *systems,
        ],
        [deal("5f10c0de00000000000000f9", HOUSE, SHOP)],
    )


class ConsoleData(BoxOffice):
    """Sells by a clock of its own, which ends at `till`. Every run tells the same timeline."""

    def __init__(self, database: str, till: datetime, *systems: dict) -> None:
        self.till = till
        self.random = random.Random(20)
        super().__init__(
            database, catalog=catalog(till, *systems), opens=till - timedelta(days=DAYS)
        )

    def caller(self, partner: str) -> Caller:
        return CALLERS[partner]

    def pay(self, partner: str, order: str) -> None:
        self.start_payment(order, "card", partner=partner)

    def later(self, **passes: float) -> None:
        """Let time pass; holds that end meanwhile are recorded as ended."""
        self.clock.set(min(self.till, self.time + timedelta(**passes)))
        self.catch_up()
        sweep(self.services.queries, self.services.orders, "sweeper")

    def two_weeks(self) -> None:
        """Orders of every kind, more towards the end of the fortnight."""
        for day in range(DAYS):
            for _ in range(3 + day // 2 + self.random.randrange(4)):
                self.anybody()
                self.later(minutes=self.random.randrange(12, 70))
            self.later(days=day + 1 - (self.time - (self.till - timedelta(days=DAYS))).days)
            self.clock.set(self.till - timedelta(days=DAYS - day - 1, hours=-0.1))

    def anybody(self) -> None:
        """One buyer, who mostly pays."""
        partner = self.random.choice([HOUSE, HOUSE, SHOP])
        show, ticket_set = self.random.choice(
            [(CONCERT, PARTERRE)] * 5
            + [(CONCERT, BALCONY)] * 2
            + [(FESTIVAL, LAWN)] * 4
            + [(FESTIVAL, TERRACE), (BALLET, STALLS)]
        )
        count = self.random.choice([1, 2, 2, 2, 3, 4])
        order = self.create(
            show, partner=partner, tickets=BestAvailable({ticket_set: count}), customer=self.buyer()
        )
        fate = self.random.random()
        if fate < 0.1:
            return
        self.later(minutes=2)
        self.pay(partner, order)
        if fate < 0.18:
            return
        self.later(minutes=3)
        done = fate < 0.92
        self.change(order, partner=partner, status=Status.DONE if done else Status.CANCELED)

    def buyer(self) -> Customer:
        first, last, mobile = self.random.choice(BUYERS)
        email = f"buyer-{self.random.randrange(100, 999)}@example.org"
        return Customer(email=email, first_name=first, last_name=last, mobile=mobile)

    def a_long_order(self) -> str:
        """An order that went through everything, paid; its id."""
        self.clock.set(self.till - timedelta(hours=3))
        row = self.neighbours(3)
        order = self.create(CONCERT, partner=HOUSE, tickets=TicketsById(tuple(row[:2])))
        self.later(minutes=1, seconds=20)
        customer = Customer(
            email="buyer@example.org",
            first_name="Anna",
            last_name="Ostrova",
            mobile="+7 916 000-11-22",
        )
        self.change(order, partner=HOUSE, customer=customer)
        self.later(seconds=40)
        self.change(order, partner=HOUSE, tickets=TicketsById(tuple(row)))
        self.later(minutes=2)
        self.change(order, partner=HOUSE, tickets=TicketsById((row[0], row[2])))
        self.later(seconds=30)
        self.change(
            order, partner=HOUSE, payment=ChoosePayment("card", "https://shop.example/thanks")
        )
        self.later(seconds=15)
        self.change(order, partner=HOUSE, status=Status.IN_PROGRESS)
        self.later(minutes=4)
        self.change(order, partner=HOUSE, status=Status.DONE)
        return order

    def neighbours(self, count: int) -> list[str]:
        """So many vacant tickets of the parterre beside each other."""
        tickets = self.services.store.tickets(CONCERT)
        vacant = [each.id for each in tickets if each.vacant_at(self.time) and each.set == PARTERRE]
        for first in range(60, len(vacant)):
            row = vacant[first : first + count]
            if int(row[-1], 16) - int(row[0], 16) == count - 1:
                return row
        raise LookupError(count)

    def a_late_payment(self) -> str:
        """An order whose hold ended in the middle of its payment; its id."""
        order = self.create(
            CONCERT, partner=SHOP, tickets=BestAvailable({PARTERRE: 2}), customer=self.buyer()
        )
        self.later(minutes=3)
        self.pay(SHOP, order)
        self.later(minutes=35)
        return order

    def tonight(self) -> None:
        """What is still held when the timeline ends."""
        self.clock.set(self.till - timedelta(minutes=4))
        for count in (2, 3, 1):
            command = BestAvailable({PARTERRE: count})
            self.create(CONCERT, partner=HOUSE, tickets=command, customer=self.buyer())
        self.create(FESTIVAL, partner=SHOP, tickets=BestAvailable({LAWN: 4}), customer=self.buyer())
        order = self.create(
            CONCERT, partner=SHOP, tickets=BestAvailable({BALCONY: 2}), customer=self.buyer()
        )
        self.pay(SHOP, order)
        self.later(minutes=4)
        self.catch_up()

    def auditors_key(self) -> str:
        return create_key(self.services.store, SHOP, self.time, (AUDIT,)).text
