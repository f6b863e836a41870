"""Money through kills: doubled, shuffled, late notices of orders, and a recount to the cent."""

import base64
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import msgspec
import notice_sender
from lab import Attacked, Lab
from money_book import EXTRA, NOMINAL, RUB, Entry, Gate, Notices, entries
from money_recount import compare, compare_log, compare_notices, compare_totals
from notice_sender import END, Delivery, read_book, write_plan
from polling import until
from server import ORDERS
from shop import refuse

from application.bootstrap import build
from application.catalog.access import Caller
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.runtime.clock import now
from domain.commands import BestAvailable
from domain.payment import token_of_address
from domain.status import Status
from interface.load.client import Client, Gone
from interface.load.rush import opened

PARTNER, EVENT, KEY = "d" * 24, "e" * 24, "5e11e45e11e45e11e45e11e45e11e45e"
FLOOR = "5" * 24
REFUNDS = "/v1/resources/refund_requests"
HOLD = timedelta(minutes=60)
"""Longer than all of it takes, so that money in time is in time."""
SECOND, MAKING_ONE = timedelta(seconds=1), timedelta(milliseconds=20)
MARGIN_SECONDS = 0.2
CLIENTS = 4
SECONDS = 1200
SERVICE, SENDER = "service", "sender"
"""What is killed."""
FILE_KEY, TEXT_KEY = "gate" * 8, "a text of the gateway"
GATES = (
    Gate("a" * 24, "gate/SAME", "same_tickets", FILE_KEY),
    Gate("b" * 24, "gate/EQUAL", "equal_tickets", FILE_KEY),
    Gate("c" * 24, "gate/REFUND", "refund", TEXT_KEY, stripe=True),
)
SECRETS = {
    "ORDERLOG_TEST_WEBHOOKS": "whsec_" + base64.b64encode(FILE_KEY.encode()).decode(),
    "ORDERLOG_TEST_TEXT": TEXT_KEY,
}
LATE_SETS = {
    (each, over): f"{number:02x}" * 12
    for number, (each, over) in enumerate(product(GATES, ("expired", "canceled")), 0x60)
}
"""Late money finds its tickets apart from all other sales."""


def ten_thousand_orders(lab: Lab) -> None:
    """The notices of 10,000 orders, cut by 20 kills of the service and 20 of their sender."""
    money_through_kills(lab, 10_000, [SERVICE, SENDER] * 10, [SERVICE, SENDER] * 10)


def money_through_kills(
    lab: Lab, orders: int, of_payments: list[str], of_refunds: list[str]
) -> None:
    """Have orders paid, refunded and disputed by notices; compare each cent with the book.

    What is to be killed while notices of payments are sent, and while those of refunds are.
    """
    book = entries(orders, GATES, lab.dice)
    put_on_sale(lab, book)
    notices = Notices(lab.dice)
    with lab.serving("--workers", str(lab.dice.choice([1, 2])), **SECRETS) as service:
        make_orders(lab, service, book)
        book += rivals(service, book)
        deliver(lab, service, notices.of_payments(book), of_payments)
        asking(service, [each for each in book if each.refunds], ask_back)
        deliver(lab, service, notices.of_refunds(book), of_refunds)
        compare(service, EVENT, book)
        service.stop()
    compare_totals(lab, book)
    compare_notices(lab, notices)
    compare_log(lab, book)


# The sale.


def put_on_sale(lab: Lab, book: list[Entry]) -> None:
    counts = {each: 4 * orders + 9 for each, orders in Counter(map(_set, book)).items()}
    price = {"nominal": NOMINAL, "extra": EXTRA}
    show = {
        "id": EVENT,
        "org": PARTNER,
        "title": "Evening",
        "starts_at": "2100-01-01T19:00:00Z",
        "ends_at": "2100-01-01T22:00:00Z",
        "sets": [
            {
                "id": each,
                "name": each,
                "rules": [{"id": f"f{each[1:]}", **price}],
                "tickets": {"count": count},
            }
            for each, count in counts.items()
        ],
    }
    partner = {"id": PARTNER, "name": "Seller", "language": "en", "keys": [KEY]}
    catalog = {
        "partners": [partner | {"rate_per_second": 0}],
        "payment_systems": [system_of(each) for each in GATES],
        "events": [show],
    }
    with opened(lab.settings) as services:
        file = read_catalog_file(json.dumps(catalog))
        load_catalog(services.store, file, services.clock(), services.key_secret)
    lab.key = KEY


def system_of(gate: Gate) -> dict:
    scheme, secret = "standard-webhooks", "ORDERLOG_TEST_WEBHOOKS"
    if gate.stripe:
        scheme, secret = "timestamped-hmac", "ORDERLOG_TEST_TEXT"
    return {
        "id": gate.id,
        "alias": gate.alias,
        "hold_minutes": HOLD.seconds // 60,
        "confirmed_by": "gateway",
        "redirect_url": "https://pay.example/start",
        "late": gate.late,
        "notifications": {"scheme": scheme, "secrets": [f"env:{secret}"]},
    }


def make_orders(lab: Lab, service: Attacked, book: list[Entry]) -> None:
    """Have each order on its way to its payment system, or beyond where it is to be over.

    No tickets come free before all orders are made: none of them gets another one's. Some holds
    end later, while notices are being sent.
    """
    expired = [each for each in book if each.over == "expired"]
    asking(service, [each for each in book if each.over != "expired"], order_now)
    soon = now() + SECOND + MAKING_ONE * len(expired)
    ending = [each for each in expired if not each.gone and each.number % 2]
    begin_long_ago(lab, ending, soon + 2 * SECOND)
    begin_long_ago(lab, [each for each in expired if each not in ending], soon)
    asking(service, [each for each in book if each.over == "canceled"], cancel)
    refuse(now() > soon, "orders are over before all are made")
    time.sleep((soon - now()).total_seconds() + MARGIN_SECONDS)


def order_now(client: "Asker", entry: Entry) -> None:
    tickets = (
        {"tickets": entry.tickets} if entry.tickets else {"random": {_set(entry): entry.count}}
    )
    wanted = {"event": EVENT, "payment": {"system": entry.gate.id}, "status": "in_progress"}
    document = client.ask("POST", ORDERS, wanted | tickets, f"order-{entry.number}")
    entry.id, entry.tickets = document["id"], tuple(document["tickets"])
    entry.token = token_of_address(document["payment"]["redirect_url"])
    refuse(len(entry.tickets) != entry.count, "an order lacks tickets")


def cancel(client: "Asker", entry: Entry) -> None:
    client.ask("DELETE", f"{ORDERS}/{entry.id}")


def begin_long_ago(lab: Lab, some: list[Entry], ends_at: datetime) -> None:
    """Begin orders so long ago that their holds end then; their money comes after that."""
    begun = ends_at - HOLD
    caller = Caller(PARTNER, "key", "en")
    with closing(build(lab.settings, lambda: begun)) as services:
        for entry in some:
            command = ChangeOrder(
                tickets=BestAvailable({_set(entry): entry.count}),
                payment=ChoosePayment(entry.gate.id),
                status=Status.IN_PROGRESS,
            )
            order = services.orders.create(EVENT, command, Request(caller, "long ago")).order
            entry.id, entry.tickets = order.id, tuple(order.tickets)
            entry.token = token_of_address(order.redirect_url)
            entry.not_before = order.reserved_till.timestamp() + MARGIN_SECONDS


def _set(entry: Entry) -> str:
    return LATE_SETS[entry.gate, entry.over] if entry.over else FLOOR


def rivals(service: Attacked, book: list[Entry]) -> list[Entry]:
    """Orders that take the tickets of those that are over, before their money comes."""
    found = [
        Entry(
            len(book) + place,
            "rival",
            each.gate,
            tickets=each.tickets,
            payments=[(each.worth, RUB)],
        )
        for place, each in enumerate(entry for entry in book if entry.gone)
    ]
    asking(service, found, order_now)
    return found


def ask_back(client: "Asker", entry: Entry) -> None:
    """Ask for the refunds of an order, and decide about them."""
    for ticket, refund in zip(entry.tickets, entry.refunds, strict=False):
        if refund.asked:
            wanted = {"order": entry.id, "culprit": "org", "tickets_refund": [ticket]}
            refund.id = client.ask("POST", REFUNDS, wanted, f"refund-{ticket}")["id"]
            status = "approved" if refund.approved else "rejected"
            client.ask("PATCH", f"{REFUNDS}/{refund.id}", {"status": status})


class Asker:
    """A seller's connection, who asks again where no answer came."""

    def __init__(self, port: int) -> None:
        self._client = Client("127.0.0.1", port, {"Authorization": f"key {KEY}"})
        self.close = self._client.close

    def ask(self, method: str, path: str, body: object = None, once: str = "") -> dict:
        content = b"" if body is None else msgspec.json.encode(body)
        key = f"Idempotency-Key: {once}\r\n" if once else ""
        while True:
            try:
                answer = self._client.send(method, path, content, key)
            except Gone:
                time.sleep(MARGIN_SECONDS)
                continue
            refuse(answer.status not in {200, 201, 204} and answer.body, f"{method} {path}")
            return msgspec.json.decode(answer.body) if answer.body else {}


def asking(service: Attacked, some: list[Entry], ask: Callable[[Asker, Entry], None]) -> None:
    """Ask for each of these, by a few sellers at the same time."""
    left, broken = iter(list(some)), []
    mutex = threading.Lock()

    def following() -> Entry | None:
        with mutex:
            return next(left, None)

    def work() -> None:
        with closing(Asker(service.port)) as client:
            while (entry := following()) and not broken:
                try:
                    ask(client, entry)
                except Exception as error:  # noqa: BLE001 - raised by the one who waits
                    broken.append(error)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if broken:
        raise broken[0]


# The notices, through kills.


def deliver(lab: Lab, service: Attacked, deliveries: list[Delivery], victims: list[str]) -> None:
    """Have all of them taken by the service, though it and their sender are killed meanwhile."""
    plan, book = (lab.place.folder / f"{lab.dice.random()}.{each}" for each in ("plan", "book"))
    write_plan(plan, deliveries)
    moments = sorted(lab.dice.randrange(len(deliveries)) for _ in victims)
    lab.dice.shuffle(victims)
    sender = start_sender(plan, book, service)
    try:
        for moment, victim in zip(moments, victims, strict=True):
            until(lambda m=moment: taken(book) >= m, "notices are not taken", SECONDS)
            lab.faults += 1
            if victim == SERVICE:
                service.kill()
                service.start(**SECRETS)
            else:
                sender.kill()
                sender.wait()
                sender = start_sender(plan, book, service)
        sender.wait(SECONDS)
    finally:
        sender.kill()
        sender.wait()
    check_lines(deliveries, book)


def start_sender(plan: Path, book: Path, service: Attacked) -> subprocess.Popen:
    command = [sys.executable, notice_sender.__file__, plan, book, str(service.port)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def taken(book: Path) -> int:
    """How many lines the book has."""
    return book.read_bytes().count(f"{END}\n".encode()) if book.exists() else 0


def check_lines(deliveries: list[Delivery], book: Path) -> None:
    """Each delivery was taken, and no notice was new twice."""
    lines = {line.place: line for line in read_book(book)}
    refuse(len(deliveries) - len(lines), "notices without an answer")
    refuse([each for each in lines.values() if each.status != 200][:5], "notices that were refused")
    new = Counter(each.id for each in deliveries if lines[each.place].said == "kept")
    refuse([each for each, count in new.items() if count > 1], "notices that were kept twice")
