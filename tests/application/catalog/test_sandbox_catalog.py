"""What the sandbox adds to the catalogue, and what becomes of it without the sandbox."""

from application.catalog.access import Caller
from application.catalog.key_secret import KeySecret
from application.catalog.sandbox import load_sandbox, remove_sandbox, sandbox_file
from application.orders.commands import ChangeOrder, Request
from domain.commands import BestAvailable
from domain.status import Status

EVENT, FLOOR = "56a6253df06c5a059a9380d0", "56a6254bf06c5a059b9380d1"
ORG = "56810047f06c5a6ac62f4e1d"
PAGE = "http://127.0.0.1:8080/sandbox/pay"


def loaded(services):
    load_sandbox(services.store, services.clock(), KeySecret(), PAGE)


def removed(services):
    remove_sandbox(services.store, services.clock())
    return ("event", EVENT) not in services.store.catalog()


def request():
    return Request(Caller(ORG, "key", "ru"), "request")


def test_its_event_has_a_promo_code_and_goes_with_it(services):
    loaded(services)
    command = ChangeOrder(tickets=BestAvailable({FLOOR: 3}), promocodes=("promo",))
    order = services.orders.create(EVENT, command, request()).order
    assert f"{order.worth.full}" == "210.00"
    assert not removed(services)
    loaded(services)
    services.orders.change(order.id, ChangeOrder(status=Status.CANCELED), request())
    assert removed(services)
    assert services.store.tickets(EVENT) == []
    loaded(services)
    assert len(services.store.tickets(EVENT)) == sandbox_file().events[0].tickets[FLOOR]
