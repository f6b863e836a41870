"""The verification proves the uses of promo codes: as the events say, and none above its limit."""

import pytest
from catalog import Venue
from promocodes import promocode, put_on

from application.catalog.access import Caller
from application.integrity.verification import verify
from application.integrity.workers import here
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from application.payments.refund_service import RefundRequest
from application.projector.loop import catch_up
from application.projector.ticket_check import check_tickets
from application.read_models.registry import PROJECTIONS
from domain.commands import Customer, TicketsById
from domain.refunds import Culprit, RefundStatus
from domain.status import Status

CODE = promocode("FEW", percent="10", limit=3, per_buyer=2)
USES = f"promocode/{CODE['id']}"


class Sold:
    """An evening with a code, of which some orders took uses."""

    def __init__(self, services):
        self.services, self.venue = services, Venue()
        self.venue.open(services)
        put_on(services, self.venue, CODE)
        self.first, self.second = self.order(0), self.order(1)
        self.change(self.second, status=Status.CANCELED)
        self.third = self.order(2)

    def request(self):
        return Request(Caller(self.venue.org, "key", "en"), "request")

    def order(self, number):
        command = ChangeOrder(
            tickets=TicketsById((self.venue.a[number],)),
            promocodes=("FEW",),
            customer=Customer(email="anna@example.org"),
        )
        answer = self.services.orders.create(self.venue.evening, command, self.request())
        return answer.order.id

    def change(self, order, **command):
        self.services.orders.change(order, ChangeOrder(**command), self.request())

    def report(self):
        store = self.services.store
        for name in PROJECTIONS:
            catch_up(store, name)
        return verify(store, here(store), lambda *_: None)

    def findings(self):
        return [(each.kind, each.says) for each in self.report().findings]


@pytest.fixture
def sold(services):
    return Sold(services)


def test_uses_that_are_as_the_events_say_are_proved(sold):
    report = sold.report()
    assert report.findings == []
    assert report.promocode_uses == 6  # three orders took one of the code and one of the buyer
    assert check_tickets(sold.services.store, lambda *_: None).differences == 0


def test_money_of_discounted_orders_adds_up(sold):
    """Also where some of it went back, and in the sales."""
    paying = {"payment": ChoosePayment("api/BASE"), "status": Status.IN_PROGRESS}
    sold.change(sold.third, **paying)
    sold.change(sold.third, status=Status.DONE)
    wanted = RefundRequest(order=sold.third, tickets=(sold.venue.a[2],), culprit=Culprit.ORG)
    asked = sold.services.refunds.request(wanted, sold.request())
    sold.services.refunds.decide(asked.document["id"], RefundStatus.APPROVED, sold.request())
    report = sold.report()
    assert report.findings == []
    [row] = [each for each in report.money if each.received]
    assert f"{row.received}" == "90.00"


def test_a_use_given_back_past_the_service_is_found_and_repaired(sold, tampering):
    tampering.run(
        "UPDATE tickets SET order_id = NULL, held_till = NULL WHERE set_id = ? AND order_id = ?",
        USES,
        sold.first,
    )
    [(kind, says)] = sold.findings()
    assert kind == "promocode"
    assert says.startswith(f"The use {USES}/")
    check_tickets(sold.services.store, lambda *_: None, repair=True)
    assert sold.findings() == []


def test_a_use_taken_past_the_service_is_found(sold, tampering):
    tampering.run(
        "UPDATE tickets SET order_id = ? WHERE order_id IS NULL AND set_id = ?", sold.first, USES
    )
    assert [kind for kind, _ in sold.findings()] == ["promocode"]


def test_a_place_more_than_the_limit_is_found(sold, tampering):
    tampering.run(
        "INSERT INTO tickets (id, show_id, set_id, number, seat, shuffle)"
        " SELECT set_id || '/99', show_id, set_id, 99, seat, 7 FROM tickets WHERE id = ?",
        f"{USES}/1",
    )
    assert [kind for kind, _ in sold.findings()] == ["promocode"]


def test_an_event_that_takes_a_use_of_another_order_is_found(sold, tampering):
    version, mine = next(
        (n, bytes(state).split(b'"uses":["')[1].split(b'"')[0])
        for n in range(1, 4)
        if b'"uses":["' in bytes(state := tampering.event(sold.first, n)[1])
    )
    theirs = next(row.id for row in sold.services.store.tickets(USES) if row.order == sold.third)
    tampering.edit(sold.first, version, mine, theirs.encode())
    tampering.rechain(sold.first)
    kinds = {kind for kind, _ in sold.findings()}
    assert "promocode" in kinds


def test_more_uses_than_the_limit_that_events_name_are_found(sold, tampering):
    for order in (sold.first, sold.second, sold.third):
        version = next(
            n for n in range(1, 5) if b'"limit":3' in bytes(tampering.event(order, n)[1])
        )
        tampering.edit(order, version, b'"limit":3', b'"limit":1')
        tampering.rechain(order)
    said = [says for kind, says in sold.findings() if kind == "promocode"]
    assert len(said) == 1
    assert "orders had 2 uses of" in said[0]
