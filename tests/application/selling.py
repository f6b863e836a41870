"""How these tests ask the service: clocks, callers and requests in few words."""

from datetime import timedelta
from itertools import count

import pytest
from mixed_orders import NOON

from application.catalog.access import Caller
from application.orders.service import OrderWish, PaymentWish, Request
from domain.commands import AtRandom, Seats
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
    return OrderWish(Seats(ids), **more)


def at_random(counts, **more):
    return OrderWish(AtRandom(counts), **more)


def pays_with(system, **more):
    return OrderWish(payment=PaymentWish(system), **more)


START_PAYING = OrderWish(status=Status.IN_PROGRESS)
CANCEL = OrderWish(status=Status.CANCELED)
DONE = OrderWish(status=Status.DONE)
EMPTY = OrderWish()
