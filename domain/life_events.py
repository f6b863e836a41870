"""How each event of an order's life changes it. What happened is never refused.

The events of its money are in `money_events.py`, those of its promo codes in `promocode_events.py`,
those about its buyer in `buyer.py`.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.buyer import Buyer
from domain.events import (
    Event,
    OrderCreated,
    OrderCreatedWithPromocodes,
    PaymentSystemSet,
    StatusChanged,
    TicketsChanged,
)
from domain.status import Status

if TYPE_CHECKING:
    from domain.order import Order


def _created(order: "Order", event: OrderCreated) -> None:
    order.id = event.originator_id
    order.number = event.number
    order.show = event.show
    order.org = event.org
    order.vendor = event.vendor
    order.deal = event.deal
    order.shows_discount = type(event) is OrderCreatedWithPromocodes
    order.customer = Buyer(lang=event.lang)
    order.prices = event.prices
    order.tickets = dict(event.tickets)
    order.created_at = order.updated_at = event.at
    order.reserved_till = event.reserved_till


def _tickets(order: "Order", event: TicketsChanged) -> None:
    for ticket in event.removed:
        del order.tickets[ticket]
    order.tickets.update(event.added)
    order.updated_at = event.at


def _payment(order: "Order", event: PaymentSystemSet) -> None:
    order.system = event.system
    order.success_url = event.success_url
    order.failure_url = event.failure_url
    order.send_tickets = event.send_tickets


def _status(order: "Order", event: StatusChanged) -> None:
    order.status = event.status
    if event.reserved_till is not None:
        order.reserved_till = event.reserved_till
        order.updated_at = event.at
    if event.status is Status.IN_PROGRESS and order.system is not None:
        order.engaged = order.system.id
        order.redirect_url = event.redirect_url
    if event.barcodes:
        order.barcodes = event.barcodes


LIFE_APPLY: MappingProxyType[type[Event], Callable[[Any, Any], None]] = MappingProxyType(
    {
        OrderCreated: _created,
        OrderCreatedWithPromocodes: _created,
        TicketsChanged: _tickets,
        PaymentSystemSet: _payment,
        StatusChanged: _status,
    }
)
