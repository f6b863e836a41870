"""How these tests ask the service: clocks, callers and requests in few words."""

from datetime import timedelta
from itertools import count

import pytest
from mixed_orders import NOON

from application.catalog.access import Caller
from application.orders.commands import ChangeOrder, ChoosePayment, Request
from domain.commands import BestAvailable, TicketsById
from domain.status import Status

MOMENT = timedelta(milliseconds=1)
TEN_MINUTES = timedelta(minutes=10)

_turn = count(1)

on_one_store = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
"""For what no store has a hand in."""


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def wait(self, **time):
        self.now += timedelta(**time)


def asks(partner, **more):
    """A request of this partner."""
    return Request(Caller(partner, "aa11bb22", "ru"), f"request-{next(_turn)}", **more)


def seats(*ids, **more):
    return ChangeOrder(TicketsById(ids), **more)


def at_random(counts, **more):
    return ChangeOrder(BestAvailable(counts), **more)


def pays_with(system, **more):
    return ChangeOrder(payment=ChoosePayment(system), **more)


START_PAYING = ChangeOrder(status=Status.IN_PROGRESS)
CANCEL = ChangeOrder(status=Status.CANCELED)
DONE = ChangeOrder(status=Status.DONE)
EMPTY = ChangeOrder()
