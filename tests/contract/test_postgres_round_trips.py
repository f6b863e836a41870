import re
import tempfile
from contextlib import closing

import pytest
from postgres_wire import Wire
from seller import KEYS, ORGANISER
from store_writes import append

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.cache import CatalogCache
from application.catalog.loading import load_sample
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.orders.history import OrderHistory
from application.orders.service import OrderService
from application.read_models.orders import TABLE
from application.runtime.clock import now
from application.runtime.service_clock import ServiceClock
from application.settings import Settings
from application.storage.postgres.store import PostgresStore
from domain.commands import BestAvailable, Customer, TicketsById
from domain.status import Status
from interface.server.flask_app import create_app

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
        store.read_models().ensure(TABLE)
        service = OrderService(store, CatalogCache(store, refresh_seconds=3600), ServiceClock(now))
        for name in ("warm-1", "warm-2"):
            order = service.create(
                SHOW, ChangeOrder(tickets=BestAvailable({SET: 1})), request(name)
            ).order
            service.change(order.id, COMMANDS[0], request())  # asks now what the vendor holds
            service.change(order.id, COMMANDS[2], request())
            OrderHistory(store, ServiceClock(now)).order(order.id)
        yield service


def request(key=None):
    caller = Caller(PARTNER, "key", "ru")
    return Request(caller, "request", key=key, fingerprint=b"body")


COMMANDS = [
    ChangeOrder(tickets=BestAvailable({SET: 2})),
    ChangeOrder(tickets=TicketsById((SEAT.format(0), SEAT.format(1)))),
    ChangeOrder(customer=Customer(email="buyer@example.org")),
    ChangeOrder(
        tickets=BestAvailable({SET: 3}),
        customer=Customer(email="other@example.org"),
        payment=ChoosePayment("api/BASE"),
        status=Status.IN_PROGRESS,
    ),
]


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[1], ChangeOrder()])
@pytest.mark.parametrize("key", [None, "key-1"])
def test_making_an_order_takes_two_round_trips(wire, orders, command, key):
    before = wire.turns
    orders.create(SHOW, command, request(key))
    assert wire.turns - before == 2


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("key", [None, "key-1"])
def test_changing_an_order_takes_two_round_trips(wire, orders, command, key):
    order = orders.create(SHOW, COMMANDS[1], request()).order
    before = wire.turns
    orders.change(order.id, command, request(key))
    assert wire.turns - before == 2


def test_reading_an_order_takes_one_round_trip(wire, orders):
    order = orders.create(SHOW, COMMANDS[0], request()).order
    before = wire.turns
    OrderHistory(orders.store, ServiceClock(now)).order(order.id)
    assert wire.turns - before == 1


class Shop:
    """The service over HTTP, with a catalogue that it need not look for again.

    Each process looks once a second, at whatever request comes then: one more round trip.
    """

    def __init__(self, services):
        services.catalog.current()
        services.catalog._refresh_seconds = services.catalog._look_again = float("inf")
        self._client = create_app(services).test_client()

    def call(self, method, path, body=None, **headers):
        said = {"Authorization": f"key {KEYS[ORGANISER]}", **headers}
        answer = self._client.open(path, method=method, json=body, headers=said)
        assert answer.status_code in {200, 201}, answer.text
        return answer.get_json()


@pytest.fixture
def shop(wire):
    with closing(build(Settings(database=wire.url, sample=True))) as services:
        load_sample(services.store, now())
        shop = Shop(services)
        for name in ("warm-1", "warm-2"):
            order = shop.call("POST", ORDERS, RANDOM, **{"Idempotency-Key": name})
            path = f"{ORDERS}/{order['id']}"
            shop.call("PATCH", path, PAY)
            shop.call("GET", path)
        yield shop


ORDERS = "/v1/resources/orders"
RANDOM = {"event": SHOW, "random": {SET: 2}}
PAY = {"payment": {"system": "api/BASE"}, "status": "in_progress"}


def test_over_http_it_is_two_to_make_two_to_change_and_one_to_read(wire, shop):
    def turns(*ask, **headers):
        before = wire.turns
        order = shop.call(*ask, **headers)
        return wire.turns - before, f"{ORDERS}/{order['id']}"

    made, path = turns("POST", ORDERS, RANDOM)
    made_once, _ = turns("POST", ORDERS, RANDOM, **{"Idempotency-Key": "key"})
    changed, _ = turns("PATCH", path, PAY)
    read, _ = turns("GET", path)
    assert (made, made_once, changed, read) == (2, 2, 2, 1)


def test_no_statement_is_sent_as_text_again(wire, shop):
    del wire.sent[:]
    order = shop.call("POST", ORDERS, RANDOM, **{"Idempotency-Key": "key"})
    path = f"{ORDERS}/{order['id']}"
    shop.call("PATCH", path, PAY)
    shop.call("GET", path)
    assert order["id"].encode() in wire.sent
    assert not re.findall(rb"(?i)\b(select|insert|update|delete|begin|commit)\b [ -~]*", wire.sent)


def test_many_who_wait_share_two_round_trips(wire, orders):
    writes = [append(orders.store, f"order-{number}") for number in range(20)]
    before = wire.turns
    orders.store.write_all(writes)
    assert wire.turns - before == 2
