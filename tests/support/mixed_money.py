"""Gives mixed orders money of every kind: notices, refunds, and what persons resolve."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from gateway import kept_notice

from application.catalog.access import Caller
from application.orders.commands import Request
from application.payments.decisions import OrderDecisions
from application.runtime.service_clock import ServiceClock
from domain.gateway import DisputeState, Late, PaymentNotice
from domain.order_money import (
    Resolution,
    TicketsNeeded,
    attention_of,
    note_dispute,
    note_failed,
    note_received,
    note_refund_failed,
    note_refund_paid,
    note_started,
    resolve,
)
from domain.order_refunds import approve_refund, pay_refund, reject_refund, request_refund
from domain.payment import ConfirmedBy
from domain.refunds import Culprit, RefundStatus
from domain.status import LET_GO, Status

SECRET = "5ec4e7" * 7
CENTS = tuple(map(Decimal, ("0.00", "0.00", "-5.00", "-5.00", "5.00")))


@dataclass
class Cashier:
    """Lets time bring money to the orders that it has looked at."""

    services: object
    orders: object
    rng: object
    clock: object
    waiting: dict = field(default_factory=dict)
    steps: int = 0

    def look(self, order):
        """Look after an order from now on, as it is."""
        if order.version and (order.status is Status.DONE or _by_gateway(order)):
            self.waiting[order.id] = order

    def round(self):
        """Ask something about some of the orders."""
        decisions = OrderDecisions(self.orders, ServiceClock(self.clock))
        for order in list(self.waiting.values()):
            if self.rng.random() < 0.4:
                self.steps += 1
                step = self._step(order)
                request, kept = self._came_by(step, order)
                decisions.carry_out(
                    order.id,
                    step,
                    request,
                    actor="gateway:api/INVOICE",
                    seats=tuple(order.tickets),
                    notice=kept,
                )

    def _came_by(self, step, order):
        """The request of a step, with the notice that it came by."""
        if isinstance(step, Noted):
            return kept_notice(step.type, step.about, self.clock())
        return Request(Caller(order.org, "aa11bb22", "en"), f"money-{self.steps}"), None

    def _step(self, order):
        if attention_of(order) == ["underpaid"] and order.status is Status.IN_PROGRESS:
            return self._resolved(Resolution.ACCEPT)
        refunds = list(order.money.refunds.values()) if order.money else []
        choices = [self._noted(order)] if _by_gateway(order) else []
        if order.status is Status.DONE and order.tickets:
            choices.append(self._asked_back(order))
        choices += [self._decided(refund) for refund in refunds]
        choices += [self._resolved(self.rng.choice(list(Resolution)))] if order.money else []
        return self.rng.choice(choices or [lambda *_: None])

    def _noted(self, order):
        notice = PaymentNotice(
            system="545b544a5d645a463e779d13",
            payment=self.rng.choice(("gw-1", "gw-1", "gw-2")),
            amount=max(Decimal("0.01"), order.worth.full + self.rng.choice(CENTS)),
            currency="RUB",
        )
        state = self.rng.choice(list(DisputeState))
        late = self.rng.choice(list(Late))
        return self.rng.choice(
            (
                Noted("payment.started", notice, _plainly(note_started)),
                Noted("payment.failed", notice, _plainly(note_failed)),
                Noted("payment.succeeded", notice, partial(_received, late=late)),
                Noted("payment.succeeded", notice, partial(_received, late=late)),
                Noted(f"dispute.{state}", notice, partial(_disputed, state=state)),
            )
        )

    def _asked_back(self, order):
        tickets, refund = list(order.tickets)[:1], f"{self.steps:024x}"
        show = self.services.catalog.current().show(order.show)
        culprit = self.rng.choice(list(Culprit))
        return lambda order, to: request_refund(
            order, refund, tickets, to.metadata, show=show, culprit=culprit
        )

    def _decided(self, refund):
        notice = PaymentNotice(
            system="545b544a5d645a463e779d13",
            payment="gw-1",
            amount=refund.value,
            currency=refund.currency,
            refund=refund.id,
        )
        if refund.status is RefundStatus.NEW:
            return self.rng.choice(
                (
                    lambda order, to: approve_refund(
                        order,
                        refund.id,
                        self.services.catalog.current().show(order.show),
                        to.metadata,
                    ),
                    lambda order, to: reject_refund(order, refund.id, to.metadata),
                )
            )
        return self.rng.choice(
            (
                lambda order, to: pay_refund(order, refund.id, to.metadata),
                Noted("refund.succeeded", notice, _plainly(note_refund_paid)),
                Noted("refund.failed", notice, _plainly(note_refund_failed)),
                Noted("refund.failed", notice, _plainly(note_refund_failed)),
            )
        )

    def _resolved(self, resolution):
        refund = f"{self.steps:024x}"
        return lambda order, to: resolve(
            order,
            resolution,
            to.metadata,
            currency="RUB",
            note="As agreed by phone.",
            refund=refund,
            secret=SECRET,
        )


def _by_gateway(order):
    return order.system is not None and order.system.confirmed_by is ConfirmedBy.GATEWAY


@dataclass
class Noted:
    """What an order decides on a notice of a gateway."""

    type: str
    about: PaymentNotice
    decide: Callable

    def __call__(self, order, to):
        self.decide(order, self.about, to)


def _plainly(note):
    return lambda order, notice, to: note(order, notice, to.metadata)


def _disputed(order, notice, to, state):
    note_dispute(order, notice, state, to.metadata)


def _received(order, notice, to, late):
    asked = {"due_in": "RUB", "late": late, "refund": f"{to.loaded.position:024x}"}
    try:
        note_received(order, notice, to.metadata, SECRET, **asked)
    except TicketsNeeded as needed:
        vacant = {seat.id: seat.set for seat in to.loaded.seats if seat.order in {None, order.id}}
        tickets = vacant if vacant.keys() == needed.tickets.keys() else {}
        if order.status not in LET_GO:
            tickets = needed.tickets
        note_received(order, notice, to.metadata, SECRET, **asked, tickets=tickets)
