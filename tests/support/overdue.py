"""Orders whose holds have ended without anybody having recorded it yet."""

from contextlib import closing
from datetime import timedelta

from box_office import ORGANISER, PARTERRE, SHOW

from application.bootstrap import build
from application.catalog.access import Caller
from application.orders.commands import ChangeOrder, Request
from application.runtime.clock import now
from application.settings import Settings
from domain.commands import BestAvailable

LONG_AGO = timedelta(minutes=11)
"""Longer than a new order is held."""


def overdue_orders(url, count):
    """Make orders with a ticket each, long ago; return their ids."""
    ago = now() - LONG_AGO
    caller = Caller(ORGANISER, "key", "ru")
    command = ChangeOrder(BestAvailable({PARTERRE: 1}))
    with closing(build(Settings(database=url), lambda: ago)) as services:
        create = services.orders.create
        return [create(SHOW, command, Request(caller, "early")).order.id for _ in range(count)]


def expirations(store, order):
    """How often it was recorded that the order's hold has ended."""
    return sum(b'"expired"' in event.state for event in store.events(order))
