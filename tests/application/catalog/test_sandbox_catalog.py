"""What the sandbox adds to the catalogue."""

from application.catalog.access import Caller
from application.catalog.key_secret import KeySecret
from application.catalog.sandbox import load_sandbox
from application.orders.commands import ChangeOrder, Request
from domain.commands import BestAvailable

EVENT, FLOOR = "56a6253df06c5a059a9380d0", "56a6254bf06c5a059b9380d1"
ORG = "56810047f06c5a6ac62f4e1d"
PAGE = "http://127.0.0.1:8080/sandbox/pay"


def test_its_event_has_a_promo_code(services):
    load_sandbox(services.store, services.clock(), KeySecret(), PAGE)
    command = ChangeOrder(tickets=BestAvailable({FLOOR: 3}), promocodes=("promo",))
    request = Request(Caller(ORG, "key", "ru"), "request")
    assert f"{services.orders.create(EVENT, command, request).order.worth.full}" == "210.00"
