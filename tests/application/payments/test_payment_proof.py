"""The money of a log is proven against what a gateway sent, and what differs names its order."""

from decimal import Decimal

import pytest
from gateway import CARD_ID, notice, sent, signed, token_of
from msgspec.structs import replace

from application.integrity.payment_proof import SentNotice, prove_payments
from application.integrity.verification import verify
from application.integrity.workers import here

PRICE = Decimal("100.00")


class Gate:
    """Sends notices, and remembers those that were taken."""

    def __init__(self, paying):
        self.paying = paying
        self.sent = []

    def tell(self, token, kind, payment, amount="100.00", currency="RUB"):
        more = {"payment": payment, "amount": amount, "currency": currency}
        body = sent(notice(kind, token, **more))
        name = f"evt_{token}_{payment}_{kind}"
        headers = signed(body, self.paying.clock(), name)
        self.paying.services.gateways.take(CARD_ID, headers, body, "notice")
        self.sent.append(
            SentNotice(
                id=name,
                system=CARD_ID,
                buyer=token,
                type=kind,
                payment=payment,
                amount=Decimal(amount),
                currency=currency,
                body=body,
            )
        )

    def prove(self, sent=None, price=PRICE):
        store = self.paying.services.store
        totals = verify(store, here(store), lambda *_: None).money
        return prove_payments(store, self.sent if sent is None else sent, price, totals)


@pytest.fixture
def gate(paying):
    return Gate(paying)


@pytest.fixture
def order(paying, gate):
    """An order that was paid in two parts, of which one is disputed and lost."""
    order = paying.order(paying.venue.a[0])
    gate.tell(token_of(order), "payment.succeeded", "gw-1", "60.00")
    gate.tell(token_of(order), "dispute.lost", "gw-1", "60.00")
    gate.tell(token_of(order), "payment.succeeded", "gw-2", "40.00")
    return order


def test_money_of_every_kind_is_proven_in_sum(paying, gate, order):
    twice = token_of(paying.order(paying.venue.a[1]))
    for payment in ("gw-1", "gw-2"):
        gate.tell(twice, "payment.started", payment)
        gate.tell(twice, "payment.succeeded", payment)
        gate.tell(twice, "payment.failed", payment)
    gate.tell(twice, "payment.succeeded", "gw-3", "7.00", "EUR")
    gate.tell("f" * 40, "payment.succeeded", "gw-1", "5.00")
    found = gate.prove()
    assert (found.missing, found.wrong) == ([], [])
    assert found.holds
    assert (found.notices, found.orders, found.unknown) == (11, 2, 1)
    assert found.sent == {"RUB": Decimal("300.00"), "EUR": Decimal("7.00")}
    assert found.of_nobody == {"RUB": Decimal("5.00")}
    euro, rubles = found.balances
    assert (euro.attention, euro.currency) == (Decimal("7.00"), "EUR")
    assert (rubles.received, rubles.earned) == (Decimal("300.00"), Decimal("140.00"))
    assert (rubles.charged_back, rubles.attention) == (Decimal("60.00"), Decimal("100.00"))


def test_a_cent_that_differs_names_its_order(gate, order):
    first, *others = gate.sent
    cent_more = replace(first, amount=first.amount + Decimal("0.01"))
    found = gate.prove([cent_more, *others])
    assert not found.holds
    assert found.wrong == [
        f"order {order.id}: received is 100.00 RUB, and the gateway knows of 100.01",
        f"order {order.id}: 100.01 RUB were sent, and 100.00 have a place",
    ]


def test_a_dispute_that_the_log_does_not_know_of_names_its_order(gate, order):
    lost = replace(gate.sent[1], payment="gw-2", amount=Decimal("40.00"))
    found = gate.prove([*gate.sent, lost])
    assert f"order {order.id}: charged_back is 60.00 RUB, and the gateway knows of 100.00" in (
        found.wrong
    )


def test_tickets_of_another_worth_name_their_order(gate, order):
    assert gate.prove(price=PRICE + 1).wrong == [
        f"order {order.id}: its tickets are worth 41.00, and 40.00 RUB are earned"
    ]


def test_money_that_nobody_sent_is_found(paying, gate, order):
    other = paying.order(paying.venue.a[1])
    gate.tell(token_of(other), "payment.succeeded", "gw-1")
    own = [each for each in gate.sent if each.buyer == token_of(order)]
    assert gate.prove(own).wrong == [
        "all orders received 200.00 RUB by the log, and 100.00 were sent"
    ]


@pytest.mark.parametrize(
    ("change", "values", "says"),
    [
        ("DELETE FROM gateway_notices", (), "was answered with 200 and is not in the log"),
        (
            "UPDATE gateway_notices SET body = ?",
            (b"{}",),
            "is in the log with other bytes than were sent",
        ),
        (
            "UPDATE gateway_notices SET state = ?",
            ("pending",),
            "is pending in the log: its order did not act on it",
        ),
    ],
)
def test_a_notice_that_was_answered_and_is_lost_is_named(
    gate, order, tampering, change, values, says
):
    name = gate.sent[0].id
    tampering.run(f"{change} WHERE notice = ?", *values, name)
    assert gate.prove().missing == [f"order {order.id}: notice {name} {says}"]


def test_a_notice_of_nobody_that_is_lost_is_named(gate, tampering):
    gate.tell("f" * 40, "payment.succeeded", "gw-1")
    tampering.run("DELETE FROM gateway_notices")
    [lost] = gate.prove().missing
    assert gate.sent[0].id in lost
