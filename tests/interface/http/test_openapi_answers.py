"""Really given answers, good and bad, fit what the OpenAPI document says of them.

For every operation each answer that it describes is provoked, so that nothing is described which
cannot happen. What only a race or a broken database provokes is answered by raising it.
"""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial

import msgspec
import pytest
from answers_about_webhooks import WEBHOOK_OPERATIONS
from as_described import Contract
from gateway import CARD_ID, NAME, SECRET, notice, sent, signed
from limits import RateLimitItemPerSecond
from money import Till
from msgspec.structs import replace
from seller import KEYS, ORGANISER, PARTERRE, SAMPLE, SHOP, SHOW, BoxOffice, seat

from application.catalog.gateway import PaymentGateway
from application.catalog.keys import create_key
from application.catalog.rates import TooManyRequests
from application.catalog.scopes import ADMIN, ORDERS_READ, WEBHOOKS
from application.orders.commands import ChoosePayment
from application.ports.store import StoreUnavailable
from application.ports.unit_of_work import TicketTaken
from application.projector.read_your_writes import ModelBehind
from application.runtime.clock import now
from domain import refusals
from domain.errors import UnknownEvent
from domain.gateway import DisputeState
from domain.payment import ConfirmedBy, PaymentSystem
from domain.promocodes import Promocode
from domain.refusals import ChangedMeanwhile
from domain.status import Status
from interface.http.errors import BadRequest, BodyRefused, TooManyCalls
from interface.http.problems import OF_A_BODY_ON_ITS_WAY, TOO_MANY_STREAMS
from interface.server.flask_app import create_app

ORDERS = "/v1/resources/orders"
EVENT = f"/v1/resources/events/{SHOW}"
STRANGER = "56810047f06c5a6ac62f4e1f"
FESTIVAL = "56a6253df06c5a059a93802f"
STALL = "56a6253df06c5a059a940001"
LAST_MINUTE = "56a6254bf06c5a059b93803a"
NO_ID = "0" * 24
FAR = 10**17
DAY = timedelta(days=1)
REFUNDS = "/v1/resources/refund_requests"
DEMANDING = PaymentSystem(
    id="545b544a5d645a463e779d99",
    alias="api/NAMED",
    hold_minutes=30,
    confirmed_by=ConfirmedBy.VENDOR,
    requires=("email",),
)
NAMELESS = {"status": "in_progress", "payment": {"system": "api/NAMED"}}


class Counter:
    """The box office over HTTP. Every answer is held against the document and noted."""

    def __init__(self, office, contract, app):
        self.office = office
        self.app = app
        self.contract = contract
        self.client = app.test_client()
        self.seen = set()
        made = create_key(office.services.store, ORGANISER, office.time, (ADMIN,))
        self.powerless = made.text
        made = create_key(office.services.store, ORGANISER, office.time, (WEBHOOKS,))
        self.of_webhooks = made.text
        with office.services.store.change_catalog() as change:
            change.put("payment_system", DEMANDING.id, msgspec.json.encode(DEMANDING))
        office.services.catalog._look_again = 0.0

    def ask(self, method, path, key=KEYS[ORGANISER], headers=(), **more):
        sent = {**dict(headers), **({"Authorization": f"key {key}"} if key else {})}
        answer = self.client.open(path, method=method, headers=sent, **more)
        name, status, code = self.contract.check(answer)
        self.seen.add((name, status, code))
        if key is None and path.startswith("/v1"):
            self.ask(method, path, self.powerless, headers, **more)
        return answer

    def client_post(self, path, **more):
        """A call that no key opens."""
        answer = self.client.post(path, **more)
        self.seen.add(self.contract.check(answer))
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def create(self, **more):
        return self.ask("POST", ORDERS, **more)

    def change(self, order, **more):
        return self.ask("PATCH", f"{ORDERS}/{order}", **more)

    def delete(self, order, **more):
        return self.ask("DELETE", f"{ORDERS}/{order}", **more)

    def shops_order(self):
        """An order that the ticket shop made of the organiser's event."""
        return self.office.order(partner=SHOP)

    def answer_after(self, name, fault, method, path, **more):
        """The answer to a call in which something happens that no test can bring about."""
        (name,) = (
            each
            for each in self.app.view_functions
            if each.endswith(f".{name}") and not each.startswith("console.")
        )
        view = self.app.view_functions[name]
        self.app.view_functions[name] = failing(fault)
        try:
            return self.ask(method, path, **more)
        finally:
            self.app.view_functions[name] = view


def failing(fault):
    def view(**_):
        raise fault

    return view


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    office = BoxOffice(
        f"sqlite:///{tmp_path_factory.mktemp('answers')}/orders.db",
        catalog=with_codes(),
        webhooks_to=("127.0.0.0/8",),
    )
    office.clock.set(now())
    try:
        app = create_app(office.services)
        contract = Contract(app.test_client().get("/openapi.json").json)
        yield Counter(office, contract, app)
    finally:
        office.services.close()


def bad_bodies(ask):
    ask(data="{", content_type="application/json")
    ask(json=[])
    ask(json={"unknown": 1})
    ask(json={}, content_type="text/plain")
    ask(json={}, headers={"Content-Encoding": "gzip"})
    ask(data=b" " * 1_048_577, content_type="application/json")


def bad_writes(ask, command):
    """What every write refuses; `command` is one that is good for the first time."""
    ask(json=command, headers={"Idempotency-Key": "é"})
    ask(json=command, headers={"Idempotency-Key": f"{command}".replace(" ", "")})
    ask(
        json={**command, "customer": {}}, headers={"Idempotency-Key": f"{command}".replace(" ", "")}
    )


def bad_conditions(ask):
    ask(json={}, headers={"If-Match": "1"})
    ask(json={}, headers={"If-None-Match": "1"})


def with_codes():
    """The sample, whose evening has a promo code for each way to refuse one."""
    promocodes = (
        Promocode(id="c0" * 12, code="LATER", percent=Decimal(1), from_=now() + DAY),
        Promocode(id="c1" * 12, code="ENDED", percent=Decimal(1), till=now() - DAY),
        Promocode(id="c2" * 12, code="USED", percent=Decimal(1), limit=1),
        Promocode(id="c3" * 12, code="MINE", percent=Decimal(1), per_buyer=1),
        Promocode(id="c4" * 12, code="NO SET", percent=Decimal(1), sets=(NO_ID,)),
        Promocode(id="c5" * 12, code="TWO", percent=Decimal(1), least_tickets=2),
        Promocode(id="c6" * 12, code="PAIR", percent=Decimal(1), most_tickets=2),
        Promocode(id="c7" * 12, code="GOOD", percent=Decimal(1)),
    )
    events = tuple(
        replace(each, show=replace(each.show, promocodes=promocodes))
        if each.show.id == SHOW
        else each
        for each in SAMPLE.events
    )
    return replace(SAMPLE, events=events)


def bad_promocodes(counter, ask):
    """`ask` is asked to have one ticket and some code, unless a code wants more of them."""
    used = {"customer": {"email": "used@example.com"}, "promocodes": ["USED", "MINE"]}
    counter.create(json={"event": SHOW, "random": {PARTERRE: 1}, **used})
    for code in ("NONE", "LATER", "ENDED", "USED", "NO SET", "TWO"):
        ask(json={"random": {PARTERRE: 1}, "promocodes": [code]})
    ask(json={"random": {PARTERRE: 3}, "promocodes": ["PAIR"]})
    mine = {"customer": used["customer"], "promocodes": ["MINE"]}
    ask(json={"random": {PARTERRE: 1}, **mine})
    pay = {"status": "in_progress", "payment": {"system": "api/BASE"}}
    nameless = counter.office.order()
    counter.change(nameless, json={"promocodes": ["MINE"], **pay})
    counter.create(json={"event": SHOW, "random": {PARTERRE: 1}, "promocodes": ["MINE"], **pay})


def bad_requests(ask):
    ask(json={"random": {PARTERRE: 1}, "tickets": []})
    ask(json={"random": {NO_ID: 1}})
    ask(json={"tickets": [NO_ID]})
    ask(json={"tickets": [STALL]})
    ask(json={"payment": {"system": "none"}})
    ask(json={"payment": {"success_url": "https://example.com"}})
    ask(json={"status": "expired"})
    ask(json={"status": "in_progress", "payment": {"system": "api/BASE"}})


def create_order(counter):
    def ask(json=None, **more):
        command = json if not isinstance(json, dict) else {"event": SHOW, **json}
        return counter.create(json=command, **more)

    assert ask(json={"random": {PARTERRE: 1}}).status_code == 201
    shaped = f"{ORDERS}?fields-schema=id,tickets{{id,seat{{row}}}},event{{title{{text}}}}"
    some = counter.ask("POST", shaped, json={"event": SHOW, "tickets": [seat(91)]}).json
    assert some["tickets"][0]["seat"]["row"]
    counter.ask("POST", f"{ORDERS}?fields-schema=nothing", json={"event": SHOW})
    counter.ask("POST", f"{ORDERS}?unknown=1", json={"event": SHOW})
    ask(json={}, key=None)
    ask(json={}, key=KEYS[STRANGER])
    ask(json={"status": "done"})
    counter.create(json={"event": NO_ID})
    bad_conditions(ask)
    ask(json={}, headers={"If-Match": '"1"'})
    ask(json={"random": {PARTERRE: 1}, **NAMELESS})
    counter.create(json={"event": FESTIVAL, "random": {LAST_MINUTE: 1}})
    bad_bodies(ask)
    bad_writes(ask, {"random": {PARTERRE: 1}})
    bad_requests(ask)
    bad_promocodes(counter, ask)


def change_order(counter):
    order = counter.office.order(0)

    def ask(**more):
        return counter.change(order, **more)

    whole = counter.change(counter.office.order(), json={"customer": {"email": "a@example.com"}})
    assert whole.status_code == 200
    counter.change(counter.office.order(), json=NAMELESS)
    counter.ask("PATCH", f"{ORDERS}/{order}?fields-schema=org{{name}},values{{full}}", json={})
    counter.ask("PATCH", f"{ORDERS}/{order}?fields-schema=", json={})
    counter.ask("PATCH", f"{ORDERS}/{order}?fields-schema=id,", json={})
    ask(json={}, key=None)
    ask(json={}, key=KEYS[STRANGER])
    ask(json={}, headers={"If-Match": '"99"'})
    bad_conditions(ask)
    ask(json={"status": "done"})
    counter.change(counter.shops_order(), json={})
    bad_bodies(ask)
    bad_writes(ask, {"random": {PARTERRE: 1}})
    ask(json={"tickets": []})
    bad_requests(ask)
    bad_promocodes(counter, ask)
    festival = counter.create(json={"event": FESTIVAL}).json["id"]
    counter.change(festival, json={"random": {LAST_MINUTE: 1}})

    taken = counter.office.order(seats=[seat(90)])
    pay = {"status": "in_progress", "payment": {"system": "api/BASE"}, "all_or_nothing": True}
    ask(json={"tickets": [seat(90)], **pay})
    counter.office.cancel(taken)

    paying = counter.office.order(2)
    counter.office.start_payment(paying, "api/INVOICE")
    counter.change(paying, json={"payment": {"system": "api/BASE"}})
    counter.change(paying, json={"promocodes": ["GOOD"]})
    counter.change(paying, json={"customer": {"email": "b@example.com"}})
    counter.change(paying, json={"random": {PARTERRE: 3}})
    counter.change(paying, json={"status": "done"})
    counter.change(counter.office.paid_order(), json={"tickets": []})


def cancel_order(counter):
    order = counter.office.order()
    counter.delete(order, headers={"If-Match": '"9"'})
    bad_conditions(partial(counter.delete, order))
    counter.ask("DELETE", f"{ORDERS}/{order}?now=1")
    counter.delete(order, key=None)
    counter.delete(order, headers={"Idempotency-Key": ""})
    assert counter.delete(order, headers={"Idempotency-Key": "once"}).json == {}
    counter.delete(counter.office.order(), headers={"Idempotency-Key": "once"})
    counter.delete(counter.office.paid_order())
    counter.delete(counter.shops_order())
    counter.delete("none")


def list_orders(counter):
    for _ in range(2):
        counter.office.order()
    counter.office.catch_up()
    page = counter.get(f"{ORDERS}?page_size=1&status=executed,done&created_at=2020-01-01T00:00Z,")
    counter.get(page.headers["Link"].partition(">")[0][1:])
    counter.get(f"{ORDERS}?page_size=0")
    counter.get(f"{ORDERS}?cursor=none")
    counter.get(f"{ORDERS}?fields-schema=id,tickets{{id,serial}},org{{name}}")
    counter.get(f"{ORDERS}?fields-schema=id{{id}}")
    counter.get(ORDERS, key=None)
    counter.get(ORDERS, headers={"X-Wait-For-Position": "soon"})
    counter.get(ORDERS, headers={"Accept-Encoding": "gzip"})
    counter.get(ORDERS, headers={"If-None-Match": "*"})
    counter.get(ORDERS, headers={"If-None-Match": "1"})


def read_order(counter):
    order = counter.office.paid_order()
    counter.get(f"{ORDERS}/{order}")
    counter.get(f"{ORDERS}/{order}?version=1&fields-schema=tickets{{id,barcode}},rules,payment")
    counter.get(f"{ORDERS}/{order}?version=1&at=2030-01-01T00:00Z")
    counter.get(f"{ORDERS}/{order}?version=99")
    counter.get(f"{ORDERS}/{order}", headers={"If-None-Match": "*"})
    counter.get(f"{ORDERS}/{order}", headers={"If-None-Match": "1"})
    counter.get(f"{ORDERS}/{order}?at=2020-01-01T00:00Z")
    counter.get(f"{ORDERS}/{order}?fields-schema=id{{id}}")
    counter.get(f"{ORDERS}/{order}", key=None)
    counter.get(f"{ORDERS}/{NO_ID}")


def list_order_tickets(counter):
    order = counter.office.paid_order(2)
    assert counter.get(f"{ORDERS}/{order}/tickets").json[1]["barcode"]
    counter.get(f"{ORDERS}/{counter.office.order()}/tickets")
    counter.get(f"{ORDERS}/{order}/tickets?page=1")
    counter.get(f"{ORDERS}/{order}/tickets", key=None)
    counter.get(f"{ORDERS}/{order}/tickets", key=KEYS[STRANGER])


def read_history(counter):
    order = counter.office.paid_order(2)
    assert len(counter.get(f"{ORDERS}/{order}/history").json["events"]) == 4
    counter.get(f"{ORDERS}/{order}/history?page=1")
    counter.get(f"{ORDERS}/{order}/history", key=None)
    counter.get(f"{ORDERS}/{NO_ID}/history")


def read_diff(counter):
    order = counter.office.paid_order()
    assert counter.get(f"{ORDERS}/{order}/diff?from=0&to=3").json["changes"]
    counter.get(f"{ORDERS}/{order}/diff?from=0")
    counter.get(f"{ORDERS}/{order}/diff?from=0&to=99")
    counter.get(f"{ORDERS}/{order}/diff?from=0&to=1", key=None)
    counter.get(f"{ORDERS}/{NO_ID}/diff?from=0&to=1")


def explain(counter):
    order = counter.office.paid_order()
    counter.delete(order)
    counter.get(f"{ORDERS}/{order}/explain", headers={"Accept-Language": "ru"})
    counter.get(f"{ORDERS}/{order}/explain?page=1")
    counter.get(f"{ORDERS}/{order}/explain", key=None)
    counter.get(f"{ORDERS}/{NO_ID}/explain")


EVENTS = "/v1/services/simple/events"


def list_events(counter):
    assert len(counter.get(EVENTS).json) == 2
    assert counter.get(EVENTS, key=KEYS[STRANGER]).json == []
    counter.get(f"{EVENTS}?page=0")
    first = counter.get(f"{EVENTS}?page_size=1")
    second = counter.get(first.headers["Link"].partition(">")[0].strip("<"))
    assert [len(each.json) for each in (first, second)] == [1, 1]
    assert "Link" not in second.headers
    counter.get(EVENTS, headers={"Accept-Encoding": "gzip"})
    counter.get(EVENTS, headers={"If-None-Match": first.headers["ETag"]})
    counter.get(EVENTS, headers={"If-None-Match": "*"})
    counter.get(EVENTS, headers={"If-None-Match": "1"})
    counter.get(EVENTS, key=None)


def read_event(counter):
    assert counter.get(f"{EVENTS}/{SHOW}").json["id"] == SHOW
    counter.get(f"{EVENTS}/{SHOW}?page=1")
    counter.get(f"{EVENTS}/{SHOW}", headers={"Accept-Encoding": "gzip"})
    counter.get(f"{EVENTS}/{SHOW}", headers={"If-None-Match": "*"})
    counter.get(f"{EVENTS}/{SHOW}", headers={"If-None-Match": "1"})
    counter.get(f"{EVENTS}/{SHOW}", key=None)
    counter.get(f"{EVENTS}/{SHOW}", key=KEYS[STRANGER])


PARTNERS = "/v1/resources/partners"


def read_partner(counter):
    assert counter.get(f"{PARTNERS}/{ORGANISER}").json["legal"]["type"] == "ru/ip"
    assert counter.get(f"{PARTNERS}/{SHOP}", key=KEYS[SHOP]).json["legal"] is None
    counter.get(f"{PARTNERS}/{ORGANISER}?fields-schema=legal{{type,bank{{bik}}}},name")
    counter.get(f"{PARTNERS}/{ORGANISER}?fields-schema=id{{id}}")
    counter.get(f"{PARTNERS}/{ORGANISER}?page=1")
    counter.get(f"{PARTNERS}/{ORGANISER}", key=KEYS[STRANGER])
    counter.get(f"{PARTNERS}/{ORGANISER}", key=None)


def list_deals(counter):
    assert len(counter.get("/v1/resources/deals").json) == 1
    counter.get("/v1/resources/deals?page_size=0")
    counter.get("/v1/resources/deals?cursor=AAAA")
    counter.get("/v1/resources/deals", key=None)


def whoami(counter):
    assert counter.get("/v1/services/whoami").json["partner"]["id"] == ORGANISER
    counter.get("/v1/services/whoami?page=1")
    counter.get("/v1/services/whoami", key=None)


def list_tickets(counter):
    counter.office.order()
    counter.office.paid_order()
    tickets = counter.get(f"{EVENT}/tickets").json
    assert {each["status"] for each in tickets} == {"vacant", "reserved", "sold"}
    counter.get(f"/v1/resources/events/{FESTIVAL}/tickets?status=vacant")
    counter.get(f"{EVENT}/tickets?status=lost")
    counter.get(f"{EVENT}/tickets", headers={"Accept-Encoding": "gzip"})
    counter.get(f"{EVENT}/tickets", headers={"If-None-Match": "*"})
    counter.get(f"{EVENT}/tickets", headers={"If-None-Match": "1"})
    counter.get(f"{EVENT}/tickets", key=None)
    counter.get(f"{EVENT}/tickets", key=KEYS[STRANGER])


def read_sales(counter):
    counter.office.paid_order()
    counter.office.catch_up()
    assert counter.get(f"{EVENT}/sales").json["sets"]
    counter.get(f"{EVENT}/sales?day=1")
    counter.get(f"{EVENT}/sales", key=None)
    counter.get(f"{EVENT}/sales", key=KEYS[STRANGER])
    counter.get(f"{EVENT}/sales", headers={"X-Wait-For-Position": "-1"})


def take_notice(counter):
    services = counter.office.services
    gateway = PaymentGateway(id=CARD_ID, scheme="standard-webhooks", secrets=(f"env:{NAME}",))
    with services.store.change_catalog() as change:
        change.put("gateway", CARD_ID, msgspec.json.encode(gateway))
    services.catalog._look_again = 0.0

    def ask(json=None, data=None, system=CARD_ID, query="", **more):
        body = sent(json) if data is None else data if isinstance(data, bytes) else data.encode()
        more = {"content_type": "application/json", **more}
        headers = {**signed(body, counter.office.time), **more.pop("headers", {})}
        path = f"/v1/gateways/{system}/notifications{query}"
        return counter.client_post(path, data=body, headers=headers, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(NAME, raising=False)
        ask(json=notice())
        patch.setenv(NAME, SECRET)
        assert ask(json=notice()).json == {"status": "kept"}
        ask(json=notice(), query="?page=1")
        ask(json=notice(), headers={"webhook-signature": "v1,"})
        ask(json=notice(), system=NO_ID)
        bad_bodies(ask)


def list_payments(counter):
    counter.office.paid_order()
    counter.office.paid_order()
    counter.office.catch_up()
    payments = "/v1/resources/payments"
    first = counter.get(f"{payments}?page_size=1&attention=false")
    counter.get(first.headers["Link"].partition(">")[0].strip("<"))
    counter.get(f"{payments}?attention=perhaps")
    counter.get(f"{payments}?cursor=AAAA")
    counter.get(payments, key=None)
    counter.get(payments, headers={"X-Wait-For-Position": "-1"})


def read_order_payments(counter):
    order = counter.office.paid_order()
    assert counter.get(f"{ORDERS}/{order}/payments").json["received"] != "0.00"
    counter.get(f"{ORDERS}/{order}/payments?page=1")
    counter.get(f"{ORDERS}/{order}/payments", key=None)
    counter.get(f"{ORDERS}/{NO_ID}/payments")


def resolve_payments(counter):
    office = counter.office
    till, order = Till(office), office.order()
    office.start_payment(order, "api/INVOICE")
    till.receives(order, "1.00", currency="EUR")
    path = f"{ORDERS}/{order}/payments/resolution"

    def ask(to=path, **more):
        return counter.ask("POST", to, **more)

    ask(json={"resolution": "accept", "currency": "EUR"})
    kept = {"json": {"resolution": "keep"}, "headers": {"Idempotency-Key": "k"}}
    for _ in range(2):
        assert ask(**kept).json["attention"] == []
    ask(json={"resolution": "keep", "note": "x"}, headers=kept["headers"])
    ask(json={"resolution": "keep"})
    ask(json={"resolution": "keep"}, headers={"Idempotency-Key": "é"})
    ask(json={"resolution": "keep"}, headers={"If-Match": "1"})
    ask(json={"resolution": "keep"}, headers={"If-None-Match": "1"})
    ask(json={"resolution": "keep"}, headers={"If-Match": '"99"'})
    ask(f"{path}?page=1", json={"resolution": "keep"})
    ask(json={"resolution": "keep"}, key=None)
    ask(f"{ORDERS}/{NO_ID}/payments/resolution", json={"resolution": "keep"})
    bad_bodies(ask)


def bad_refund_writes(ask, good):
    ask(json=good, headers={"Idempotency-Key": "é"})
    ask(json=good, headers={"If-Match": "1"})
    ask(json=good, headers={"If-None-Match": "1"})
    ask(json=good, headers={"If-Match": '"7"'})
    ask(json=good, key=None)
    bad_bodies(ask)


def request_refund(counter):
    office = counter.office
    order = office.paid_order(3)
    tickets = counter.get(f"{ORDERS}/{order}").json["tickets"]

    def ask(json=None, of=order, query="", **more):
        if isinstance(json, dict):
            json = {"order": of, "culprit": "org", **json}
        return counter.ask("POST", f"{REFUNDS}{query}", json=json, **more)

    once = {"Idempotency-Key": "refund"}
    assert ask(json={"tickets_refund": tickets[:1]}, headers=once).status_code == 201
    ask(json={"tickets_refund": tickets[1:2]}, headers=once)
    ask(json={"tickets_refund": tickets[:1]})
    ask(json={"tickets": tickets})
    ask(json={"tickets_refund": [NO_ID]})
    ask(json={"tickets_refund": [NO_ID]}, query="?page=1")
    ask(json={"tickets_refund": tickets[:1]}, of=NO_ID)
    ask(json={"tickets_refund": tickets[:1]}, of=office.order())
    bad_refund_writes(ask, {"tickets_refund": tickets[1:2]})
    for _ in range(99):
        refund = ask(json={"tickets_refund": tickets[1:2]}).json
        counter.ask("PATCH", f"{REFUNDS}/{refund['id']}", json={"status": "rejected"})
    ask(json={"tickets_refund": tickets[1:2]})
    late = office.paid_order()
    show = office.services.catalog.current().shows[SHOW]
    begun = msgspec.structs.replace(show, starts_at=office.time)
    with changed_show(office, begun):
        ask(of=late, json={"culprit": "user", "tickets": []})
    with changed_show(office, None):
        ask(of=late, json={"culprit": "user", "tickets": []})


@contextmanager
def changed_show(office, show):
    """The catalogue with a show as it is given, or without it."""
    catalog = office.services.catalog
    known = catalog.current()
    shows = {each: known.shows[each] for each in known.shows if each != SHOW}
    catalog._catalog = msgspec.structs.replace(
        known, shows=shows if show is None else {**shows, SHOW: show}
    )
    try:
        yield
    finally:
        catalog._catalog = known


def change_refund(counter):
    shops = counter.shops_order()
    counter.office.change(shops, partner=SHOP, payment=ChoosePayment("api/BASE"))
    counter.office.change(shops, partner=SHOP, status=Status.IN_PROGRESS)
    counter.office.change(shops, partner=SHOP, status=Status.DONE)
    asked = {"order": shops, "culprit": "org", "tickets": []}
    refund = counter.ask("POST", REFUNDS, json=asked, key=KEYS[SHOP]).json["id"]

    def ask(json=None, of=refund, query="", **more):
        return counter.ask("PATCH", f"{REFUNDS}/{of}{query}", json=json, **more)

    approved, paid = {"status": "approved"}, {"paid": True}
    ask(json=approved, key=KEYS[SHOP])
    ask(json=paid, key=KEYS[SHOP])
    ask(json=paid)
    ask(json=approved, of=NO_ID)
    ask(json=approved, query="?page=1")
    bad_refund_writes(ask, approved)
    once = {"Idempotency-Key": "decided"}
    assert ask(json=approved, headers=once).status_code == 201
    ask(json={"status": "rejected"}, headers=once)
    ask(json={"status": "rejected"})
    disputed, till = counter.office.order(2), Till(counter.office)
    counter.office.start_payment(disputed, "api/INVOICE")
    till.receives(disputed, "200.00")
    asked = {"order": disputed, "culprit": "org", "tickets": []}
    refund = counter.ask("POST", REFUNDS, json=asked).json["id"]
    till.disputes(disputed, "200.00", DisputeState.LOST)
    ask(json=approved, of=refund)


def read_refund(counter):
    order = counter.office.paid_order()
    asked = {"order": order, "culprit": "org", "tickets": []}
    refund = counter.ask("POST", REFUNDS, json=asked).json["id"]
    assert counter.get(f"{REFUNDS}/{refund}").json["status"] == "new"
    counter.get(f"{REFUNDS}/{refund}?page=1")
    counter.get(f"{REFUNDS}/{refund}", key=None)
    counter.get(f"{REFUNDS}/{NO_ID}")


def list_refunds(counter):
    for _ in range(2):
        asked = {"order": counter.office.paid_order(), "culprit": "org", "tickets": []}
        counter.ask("POST", REFUNDS, json=asked)
    counter.office.catch_up()
    first = counter.get(f"{REFUNDS}?page_size=1&sort=-created_at")
    counter.get(first.headers["Link"].partition(">")[0].strip("<"))
    counter.get(f"{REFUNDS}?sort=colour")
    counter.get(f"{REFUNDS}?cursor=AAAA")
    counter.get(REFUNDS, key=None)
    counter.get(REFUNDS, headers={"X-Wait-For-Position": "-1"})


def read_feed(counter):
    counter.office.order()
    path = "/v1/feed"
    assert counter.get(f"{path}?limit=1&types=OrderCreated&events={SHOW}").json["events"]
    counter.get(f"{path}?after={FAR}")
    counter.get(f"{path}?log={'0' * 32}")
    counter.get(f"{path}?after=1&log={counter.office.store.log_id()}.{'0' * 16}")
    counter.get(f"{path}?page=1")
    counter.get(path, key=None)


def stream_feed(counter):
    counter.office.order()
    path = "/v1/feed/stream"
    counter.get(f"{path}?after=0")
    counter.get(path, headers={"Last-Event-ID": "x"})
    counter.get(path, headers={"Last-Event-ID": FAR})
    counter.get(f"{path}?log={'0' * 32}")
    counter.get(f"{path}?after=1&log={counter.office.store.log_id()}.{'0' * 16}")
    counter.get(f"{path}?limit=1")
    counter.get(path, key=None)


def make_feed_ticket(counter):
    path = "/v1/feed/tickets"
    assert counter.ask("POST", path).status_code == 201
    counter.ask("POST", f"{path}?page=1")
    counter.ask("POST", path, key=None)


def live(counter):
    counter.get("/health/live")
    counter.get("/health/live", key=None)


def ready(counter):
    assert counter.get("/health/ready").status_code == 200
    store = counter.office.services.store
    store.last_position = failing(StoreUnavailable("gone"))
    try:
        assert counter.get("/health/ready", key=None).status_code == 503
    finally:
        del store.last_position


def metrics(counter):
    counter.get("/metrics")
    counter.get("/metrics", key=None)
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    assert counter.get("/metrics", key=None, headers=elsewhere).status_code == 401
    made = create_key(counter.office.services.store, ORGANISER, counter.office.time, (ORDERS_READ,))
    counter.office.services.catalog._look_again = 0.0
    assert counter.get("/metrics", key=made.text, headers=elsewhere).status_code == 403


def openapi(counter):
    counter.get("/openapi.json", key=None)


def asyncapi(counter):
    counter.get("/asyncapi.json", key=None)


def addresses(counter, path="/"):
    counter.get(path, key=None)
    counter.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})


def documents(counter):
    addresses(counter, "/docs")


OPERATIONS = {
    each.__name__: each
    for each in (
        create_order,
        change_order,
        cancel_order,
        list_orders,
        read_order,
        list_order_tickets,
        read_history,
        read_diff,
        explain,
        list_events,
        read_event,
        list_tickets,
        read_partner,
        list_deals,
        whoami,
        read_sales,
        take_notice,
        list_payments,
        read_order_payments,
        resolve_payments,
        request_refund,
        change_refund,
        read_refund,
        list_refunds,
        read_feed,
        stream_feed,
        make_feed_ticket,
        *WEBHOOK_OPERATIONS,
        live,
        ready,
        metrics,
        openapi,
        asyncapi,
        addresses,
        documents,
    )
}

NOT_BROUGHT_ABOUT = {
    "store_unavailable": StoreUnavailable("gone"),
    "contended": TicketTaken(),
    "changed_meanwhile": ChangedMeanwhile(reason="", version=2, status="done", allowed=[]),
    "read_model_behind": ModelBehind(7),
    "unknown_event_kind": UnknownEvent("OrderBlessed.1", NO_ID),
    "fields_schema_too_costly": BadRequest("fields_schema_too_costly", "Too much.", errors={}),
    **{each.code: BodyRefused(each) for each in OF_A_BODY_ON_ITS_WAY},
    "too_many_requests": TooManyRequests("requests", RateLimitItemPerSecond(5), 1),
    **{
        each.code: each(most=1, deal=NO_ID, partner=NO_ID)
        for each in (
            refusals.TooManyChanges,
            refusals.TooManyTickets,
            refusals.TooManyTicketsHeld,
            refusals.TooManyEmptyOrders,
            refusals.DealEnded,
            refusals.PartnerSuspended,
            refusals.TooManyWebhooks,
            refusals.TooManyToSendAgain,
        )
    },
    "too_many_calls": TooManyCalls(),
    TOO_MANY_STREAMS.code: BodyRefused(TOO_MANY_STREAMS),
}
"""What takes a race, a broken database or a socket, and limits, which have tests of their own."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_of_a_call_is_as_described_and_every_described_one_is_given(counter, name):
    OPERATIONS[name](counter)
    given = {(status, code) for operation, status, code in counter.seen if operation == name}
    declared = counter.contract.declared(name)
    assert given <= declared
    assert [each for each in declared - given if each[1] not in NOT_BROUGHT_ABOUT] == []


@pytest.mark.parametrize("code", NOT_BROUGHT_ABOUT)
def test_what_a_race_or_a_broken_database_brings_about_is_as_described(counter, code):
    described = [
        (
            method,
            path.format(
                order=NO_ID, event=NO_ID, system=NO_ID, refund=NO_ID, partner=NO_ID, webhook=NO_ID
            ),
            operation["operationId"],
        )
        for path, operations in counter.contract.document["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
        if any(code == each for _, each in counter.contract.declared(operation["operationId"]))
    ]
    assert described
    for method, path, name in described:
        answer = counter.answer_after(name, NOT_BROUGHT_ABOUT[code], method, path)
        assert answer.json["code"] == code


def test_every_operation_is_tried(counter):
    assert counter.contract.operations.keys() == OPERATIONS.keys()
