"""Orders with money of every kind: what the page of money is looked at with."""

import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from console_data import CONCERT, HOUSE, PARTERRE, SHOP, ConsoleData
from gateway import NAME, SECRET, gate, notice, sent, signed, token_of
from server import Service

from application.catalog.keys import create_key
from application.catalog.scopes import AUDIT, EVENTS_READ, ORDERS_READ, PAYMENTS_WRITE
from application.payments.refund_service import RefundRequest
from domain.commands import BestAvailable
from domain.refunds import Culprit, RefundStatus
from domain.status import Status

GATE = "5f10c0de00000000000000f7"
WORTH = "5040.00"
"""What two tickets of the parterre are worth."""


class MoneyData(ConsoleData):
    """Sells tickets of the concert through a gateway, whose notices it sends."""

    def __init__(self, database: str, till: datetime) -> None:
        os.environ[NAME] = SECRET
        system = gate(id=GATE, alias="gate", hold_minutes=240, late="refund")
        super().__init__(database, till, system)
        self.clock.set(till - timedelta(hours=3))
        self.at_first = {}

    def to_pay(self, partner: str = HOUSE, count: int = 2) -> str:
        """An order on its way to the gateway."""
        tickets = BestAvailable({PARTERRE: count})
        order = self.create(CONCERT, partner=partner, tickets=tickets, customer=self.buyer())
        self.later(minutes=1)
        self.start_payment(order, "gate", partner=partner)
        self.later(minutes=1)
        return order

    def tell(self, order: str | None, kind: str = "payment.succeeded", **more) -> None:
        """Send a notice about an order; without one, about nobody's."""
        token = "f" * 40 if order is None else token_of(self.services.history.order(order).order)
        body = sent(notice(kind, token, **more))
        self.services.gateways.take(GATE, signed(body, self.time), body, "notice")
        self.later(seconds=50)

    def underpaid(self, partner: str = HOUSE) -> str:
        order = self.to_pay(partner)
        self.tell(order, "payment.failed", payment="gw-0")
        self.tell(order, amount="4000.00")
        return order

    def paid_twice(self, partner: str = HOUSE) -> str:
        order = self.to_pay(partner)
        self.tell(order, amount=WORTH, payment="gw-a")
        self.tell(order, amount=WORTH, payment="gw-b")
        return order

    def foreign(self) -> str:
        order = self.to_pay()
        self.tell(order, amount="70.00", currency="EUR")
        return order

    def late(self, partner: str = HOUSE) -> str:
        order = self.to_pay(partner)
        self.change(order, partner=partner, status=Status.CANCELED)
        self.tell(order, amount=WORTH)
        return order

    def disputed(self) -> str:
        order = self.to_pay()
        self.tell(order, amount=WORTH)
        self.tell(order, "dispute.opened", amount=WORTH)
        return order

    def refunded(self) -> str:
        """A paid order, half of which was given back."""
        order = self.to_pay()
        self.tell(order, amount=WORTH)
        tickets = list(self.services.history.order(order).order.tickets)
        asked = RefundRequest(order, Culprit.ORG, (tickets[0],))
        refund = self.services.refunds.request(asked, self.request(HOUSE)).document["id"]
        self.later(minutes=2)
        self.services.refunds.decide(refund, RefundStatus.APPROVED, self.request(HOUSE))
        self.later(minutes=2)
        self.services.refunds.pay(refund, self.request(HOUSE))
        return order

    def lacking(self) -> str:
        """An order that was paid back whole, and whose buyer's bank took the money, too."""
        order = self.to_pay()
        self.tell(order, amount=WORTH)
        asked = RefundRequest(order, Culprit.ORG, (), stay=True)
        refund = self.services.refunds.request(asked, self.request(HOUSE)).document["id"]
        self.services.refunds.decide(refund, RefundStatus.APPROVED, self.request(HOUSE))
        for kind in ("refund.succeeded", "dispute.opened", "dispute.lost"):
            self.tell(order, kind, amount=WORTH, refund=refund)
        return order

    def key(self, partner: str, *scopes: str) -> str:
        return create_key(self.store, partner, self.time, scopes).text


class MoneyConsole:
    """A running service with money, and the keys that look at it."""

    def __init__(self, database: str) -> None:
        self.database, self.address = database, ""
        data = MoneyData(database, datetime.now(UTC).replace(microsecond=0))
        self.refunded, self.lacking = data.refunded(), data.lacking()
        self.underpaid = [data.underpaid() for _ in range(3)]
        self.of_shop, self.late_of_shop = data.paid_twice(SHOP), data.late(SHOP)
        self.paid_twice = [data.paid_twice() for _ in range(3)]
        self.foreign, self.late, self.disputed = data.foreign(), data.late(), data.disputed()
        for payment in ("nobody-1", "nobody-2"):
            data.tell(None, amount="123.45", payment=payment)
        self.auditors_key = data.key(SHOP, AUDIT)
        self.accountants_key = data.key(HOUSE, AUDIT, PAYMENTS_WRITE)
        self.readers_key = data.key(HOUSE, ORDERS_READ, EVENTS_READ)
        self.shop_accountants_key = data.key(SHOP, AUDIT, PAYMENTS_WRITE)
        self.shop_readers_key = data.key(SHOP, ORDERS_READ, EVENTS_READ)
        data.catch_up()
        data.services.close()


@contextmanager
def running_with_money(folder):
    """Serve what has money of every kind, until the end of the block."""
    console = MoneyConsole(f"sqlite:///{folder / 'money.db'}")
    with Service(console.database, folder / "log", ORDERLOG_LOG_LEVEL="WARNING") as service:
        console.address = service.address
        yield console
