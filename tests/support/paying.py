"""Real servers whose orders are paid through a gateway, and requests that come at one moment."""

import json
import socket
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPResponse
from itertools import count

from catalog import catalog_document, partner, rule, show, ticket_set
from gateway import CARD_ID, NAME, SECRET, gate, notice, sent, signed, token_of
from server import ORDERS, PARTNER, Answer, Service

from application.bootstrap import build
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.event_log.idempotency import key_digest
from application.settings import Settings

ADDRESS = f"/v1/gateways/{CARD_ID}/notifications"
REFUNDS = "/v1/resources/refund_requests"
KEY = "5e11e45e11e45e11e45e11e45e11e45e"
EVENING, FLOOR = "e" * 24, "5" * 24
PRICE, TICKETS = "100.00", 2000
SECONDS = 60
_requests = count(1)


def sell_by_gateway(database: str) -> None:
    """Put tickets on sale that a gateway says the payments of."""
    sets = [ticket_set(FLOOR, "Floor", [rule("f" * 24, PRICE)], TICKETS)]
    seller = {**partner(PARTNER, "Seller", "en", KEY), "rate_per_second": 0}
    document = catalog_document([seller], [show(EVENING, PARTNER, "Evening", sets)], [gate()])
    with closing(build(Settings(database=database))) as services:
        file = read_catalog_file(json.dumps(document))
        load_catalog(services.store, file, services.clock(), services.key_secret)


def paid_by_gateway(database: str, log, *options: str, **environment: str) -> Service:
    """A service on such a database."""
    service = Service(database, log, *options, **{NAME: SECRET, **environment})
    service.key = KEY
    return service


def being_paid(service: Service, tickets: int = 1) -> dict:
    """An order on its way to the gateway."""
    wanted = {"event": EVENING, "random": {FLOOR: tickets}, "payment": {"system": CARD_ID}}
    answer = service.call("POST", ORDERS, {**wanted, "status": "in_progress"})
    assert answer.status == 201, answer.content
    return answer.body


def told(order: dict, kind: str = "payment.succeeded", notice_id: str | None = None, **more):
    """A notice about an order, as a request: its method, path, headers and bytes."""
    body = sent(notice(kind, token_of(order), **more))
    headers = {"Content-Type": "application/json", **signed(body, datetime.now(UTC), notice_id)}
    return "POST", ADDRESS, headers, body


def asked(method: str, path: str, document: object, **more: str):
    """A seller's request; a header's name has _ for -."""
    headers = {"Authorization": f"key {KEY}", "Content-Type": "application/json"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return method, path, headers, sent(document)


def ask(service: Service, request) -> Answer:
    """The answer to one request."""
    [answer] = at_one_moment((service, request))
    return answer


def tell(service: Service, order: dict, kind: str = "payment.succeeded", **more) -> str:
    """Have a notice taken; return what was answered."""
    answer = ask(service, told(order, kind, **more))
    assert answer.status == 200, answer.content
    return answer.body["status"]


def kept_as(store, notice_id: str, system: str = CARD_ID):
    """The notice that was kept by this id of the gateway's own; None if there is none."""
    return store.notices().find(key_digest(f"gateway:{system}", notice_id))


def look(service: Service, order: dict) -> dict:
    return service.call("GET", f"{ORDERS}/{order['id']}").body


def history(service: Service, order: dict) -> list[str]:
    """The names of the order's events."""
    events = service.call("GET", f"{ORDERS}/{order['id']}/history").body["events"]
    return [each["name"] for each in events]


def money(service: Service, order: dict) -> dict:
    return service.call("GET", f"{ORDERS}/{order['id']}/payments").body


def at_one_moment(*asks) -> list[Answer]:
    """The answers to requests of services, whose last bytes are sent within microseconds."""
    sockets = [socket.create_connection((each.host, each.port), SECONDS) for each, _ in asks]
    try:
        lines = [_written(request) for _, request in asks]
        for each, line in zip(sockets, lines, strict=True):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            each.sendall(line[:-1])
        for each, line in zip(sockets, lines, strict=True):
            each.send(line[-1:])
        return [_answer(each) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _written(request) -> bytes:
    method, path, headers, body = request
    lines = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def _answer(connection: socket.socket) -> Answer:
    with closing(HTTPResponse(connection)) as answer:
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())
