"""A venue whose orders are paid through a gateway, and who sends its notices."""

import json

import pytest
from catalog import Venue
from gateway import CARD_ID, NAME, SECRET, gate, notice, sent, signed, token_of

from application.catalog.access import Caller
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from domain.commands import TicketsById
from domain.status import Status


class Paying:
    """Sells a venue's tickets and sends the notices of its gateway."""

    def __init__(self, services, clock, **gateway):
        self.services, self.clock = services, clock
        self.venue = Venue()
        self.load(gateway)

    def load(self, gateway, change=lambda _: None):
        document = self.venue.document
        document["payment_systems"] = [*document["payment_systems"][:2], gate(**gateway)]
        change(document)
        load_catalog(
            self.services.store, read_catalog_file(json.dumps(document)), self.services.clock()
        )
        self.services.catalog._look_again = 0.0

    def request(self, partner=None):
        return Request(Caller(partner or self.venue.org, "key", "en"), "request")

    def order(self, *tickets, show=None, selection=None, status=Status.IN_PROGRESS):
        """An order of these tickets on its way to the gateway."""
        command = ChangeOrder(
            tickets=selection or TicketsById(tuple(tickets)),
            payment=ChoosePayment(CARD_ID),
            status=status,
        )
        return self.services.orders.create(
            show or self.venue.evening, command, self.request()
        ).order

    def cancel(self, order):
        self.services.orders.change(order.id, ChangeOrder(status=Status.CANCELED), self.request())

    def tell(self, order, kind="payment.succeeded", *, notice_id=None, services=None, **more):
        body = sent(notice(kind, token_of(order), **more))
        headers = signed(body, self.clock(), notice_id)
        taken = (services or self.services).gateways.take(CARD_ID, headers, body, "notice")
        return "repeated" if taken.repeated else "kept"

    def now(self, order):
        caller = Caller(self.venue.org, "key", "en")
        return self.services.history.order(order.id, caller).order

    def names(self, order):
        return [
            each["name"]
            for each in self.services.history.history(
                order.id, Caller(self.venue.org, "key", "en")
            )["events"]
        ]


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv(NAME, SECRET)


@pytest.fixture
def paying(services, clock):
    return Paying(services, clock)
