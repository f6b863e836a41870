"""What can be asked of an order, said as a ticket seller would say it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from order_case import Ask
from order_states import (
    CREATED,
    HALL,
    NOW,
    NUMBER,
    ORDER,
    ORG,
    REQUEST,
    REST,
    SECRET,
    SELLER,
    SHOW,
    SYSTEM,
)

from domain.buyer import set_customer, set_vendor_data
from domain.commands import (
    BestAvailable,
    CommandMetadata,
    Customer,
    Payment,
    TicketsById,
    TicketSelection,
    VendorData,
)
from domain.order import Order
from domain.payment import PaymentSystem
from domain.shows import Show
from domain.status import Status


def metadata(at: datetime = NOW, actor: str = SELLER) -> CommandMetadata:
    return CommandMetadata(at, actor, REQUEST)


def an_order_is_made(
    command: TicketSelection = TicketsById(()),  # noqa: B008 - a frozen value
    *,
    vacant: Mapping[str, str] = HALL,
    show: Show = SHOW,
    at: datetime = CREATED,
    all_or_nothing: bool = False,
    vendor: str = ORG,
    deal: str | None = None,
) -> Ask:
    return lambda _: Order.create(
        ORDER,
        NUMBER,
        show,
        vendor=vendor,
        deal=deal,
        lang="ru",
        command=command,
        vacant=vacant,
        all_or_nothing=all_or_nothing,
        metadata=metadata(at),
    )


def tickets_are_requested(
    command: TicketSelection,
    *,
    vacant: Mapping[str, str] = REST,
    at: datetime = NOW,
    all_or_nothing: bool = False,
    sets: Sequence[str] = (),
) -> Ask:
    return lambda order: order.change_tickets(
        command, vacant, metadata(at), all_or_nothing=all_or_nothing, sets=sets
    )


def seats_are_requested(*seats: str, **more: Any) -> Ask:
    return tickets_are_requested(TicketsById(seats), **more)


def best_available_are_requested(counts: dict[str, int], **more: Any) -> Ask:
    return tickets_are_requested(BestAvailable(counts), **more)


def the_buyer_says(at: datetime = NOW, *, user: str | None = None, **said: str) -> Ask:
    return lambda order: set_customer(order, Customer(**said), metadata(at), user)


def the_vendor_keeps(at: datetime = NOW, **data: Any) -> Ask:
    return lambda order: set_vendor_data(order, VendorData(**data), metadata(at))


def payment_is_chosen(
    system: PaymentSystem | None = None, *, at: datetime = NOW, **more: Any
) -> Ask:
    return lambda order: order.choose_payment(Payment(system, **more), metadata(at))


def the_order_moves_to(status: Status, at: datetime = NOW, secret: str = SECRET) -> Ask:
    return lambda order: order.move_to(status, metadata(at), secret)


def the_sweeper_comes(at: datetime) -> Ask:
    return lambda order: order.expire(metadata(at, SYSTEM))
