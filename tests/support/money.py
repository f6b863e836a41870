"""Has orders of a box office get money and give it back, as gateways and organisers would."""

from decimal import Decimal
from itertools import count

from application.orders.commands import Request
from application.payments.decisions import OrderDecisions
from application.runtime.ids import new_id
from domain.gateway import DisputeState, Late, PaymentNotice
from domain.order_money import note_dispute, note_failed, note_received, note_started
from domain.order_refunds import approve_refund, pay_refund, reject_refund, request_refund
from domain.refunds import Culprit

SYSTEM = "545b544a5d645a463e779d55"
_requests = count(1)


class Till:
    """Decides about the money of orders of `office`."""

    def __init__(self, office):
        self.office = office
        self._decisions = OrderDecisions(office.services.orders, office.services.clock)

    def decide(self, order, ask, actor="gateway:api/CARD"):
        """Have an order decide; return the order afterwards."""
        request = Request(self.office.caller(), f"notice-{next(_requests)}")

        def decide(loaded, decision):
            ask(loaded, decision.metadata)

        return self._decisions.carry_out(order, decide, request, actor=actor).order

    def receives(self, order, amount, payment="gw-1", currency="RUB", late=Late.REFUND):
        return self.decide(
            order,
            lambda loaded, metadata: note_received(
                loaded,
                notice(amount, payment, currency),
                metadata,
                "secret",
                due_in="RUB",
                late=late,
                refund=new_id(metadata.at),
            ),
        )

    def starts(self, order, amount="0.00", payment="gw-1"):
        return self.decide(
            order, lambda loaded, by: note_started(loaded, notice(amount, payment), by)
        )

    def fails(self, order, amount="0.00", payment="gw-1"):
        return self.decide(
            order, lambda loaded, by: note_failed(loaded, notice(amount, payment), by)
        )

    def disputes(self, order, amount, state=DisputeState.OPENED, payment="gw-1"):
        return self.decide(
            order, lambda loaded, by: note_dispute(loaded, notice(amount, payment), state, by)
        )

    def asks_back(self, order, tickets, show, culprit=Culprit.ORG):
        """Ask for a refund of these tickets; return its id."""
        refund = new_id(self.office.time)
        self.decide(
            order,
            lambda loaded, by: request_refund(
                loaded, refund, tickets, by, show=show, culprit=culprit
            ),
        )
        return refund

    def approves(self, order, refund, show):
        return self.decide(order, lambda loaded, by: approve_refund(loaded, refund, show, by))

    def rejects(self, order, refund):
        return self.decide(order, lambda loaded, by: reject_refund(loaded, refund, by))

    def pays(self, order, refund):
        return self.decide(order, lambda loaded, by: pay_refund(loaded, refund, by))


def notice(amount, payment="gw-1", currency="RUB"):
    return PaymentNotice(system=SYSTEM, payment=payment, amount=Decimal(amount), currency=currency)
