import tempfile
from contextlib import closing

import pytest
from wire import Wire

from application.access import Caller
from application.catalog import CatalogKeeper
from application.catalog_loading import load_sample
from application.clock import now
from application.order_history import OrderHistory
from application.order_service import OrderService, OrderWish, PaymentWish, Request
from application.storage.postgres import PostgresStore
from domain.status import Status
from domain.wishes import AtRandom, Customer, Seats

SHOW = "56a6253df06c5a059a93802e"
SET = "56a6254bf06c5a059b93800c"
SEAT = "56a6253df06c5a059a9380a{}"
PARTNER = "56810047f06c5a6ac62f4e1d"


@pytest.fixture
def wire(database):
    # Not the test's own folder: the path of a socket has at most 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="wire-") as folder,
        closing(Wire(folder, database)) as it,
    ):
        yield it


@pytest.fixture
def orders(wire):
    with closing(PostgresStore(wire.url)) as store:
        load_sample(store, now())
        service = OrderService(store, CatalogKeeper(store, refresh_seconds=3600))
        for name in ("warm-1", "warm-2"):
            order = service.create(SHOW, OrderWish(AtRandom({SET: 1})), request(name)).order
            service.change(order.id, WISHES[2], request())
            OrderHistory(store).order(order.id)
        yield service


def request(key=None):
    caller = Caller(PARTNER, "key", "ru")
    return Request(caller, "request", key=key, fingerprint=b"body")


WISHES = [
    OrderWish(AtRandom({SET: 2})),
    OrderWish(Seats((SEAT.format(0), SEAT.format(1)))),
    OrderWish(customer=Customer(email="buyer@example.org")),
    OrderWish(
        AtRandom({SET: 3}),
        customer=Customer(email="other@example.org"),
        payment=PaymentWish("api/BASE"),
        status=Status.IN_PROGRESS,
    ),
]


@pytest.mark.parametrize("wish", [WISHES[0], WISHES[1], OrderWish()])
@pytest.mark.parametrize("key", [None, "key-1"])
def test_making_an_order_takes_two_round_trips(wire, orders, wish, key):
    before = wire.turns
    orders.create(SHOW, wish, request(key))
    assert wire.turns - before == 2


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("key", [None, "key-1"])
def test_changing_an_order_takes_two_round_trips(wire, orders, wish, key):
    order = orders.create(SHOW, WISHES[1], request()).order
    before = wire.turns
    orders.change(order.id, wish, request(key))
    assert wire.turns - before == 2


def test_reading_an_order_takes_one_round_trip(wire, orders):
    order = orders.create(SHOW, WISHES[0], request()).order
    before = wire.turns
    OrderHistory(orders.store).order(order.id)
    assert wire.turns - before == 1
