"""What can be asked of an order, said as a ticket seller would say it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from order_case import Ask
from states import (
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

from domain.commands import Asked, AtRandom, Customer, Payment, Seats, TicketWish
from domain.order import Order
from domain.payment import PaymentSystem
from domain.shows import Show
from domain.status import Status


def asked(at: datetime = NOW, actor: str = SELLER) -> Asked:
    return Asked(at, actor, REQUEST)


def an_order_is_made(
    wish: TicketWish = Seats(()),  # noqa: B008 - a frozen value
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
        wish=wish,
        vacant=vacant,
        all_or_nothing=all_or_nothing,
        asked=asked(at),
    )


def tickets_are_wished(
    wish: TicketWish,
    *,
    vacant: Mapping[str, str] = REST,
    at: datetime = NOW,
    all_or_nothing: bool = False,
    sets: Sequence[str] = (),
) -> Ask:
    return lambda order: order.change_tickets(
        wish, vacant, asked(at), all_or_nothing=all_or_nothing, sets=sets
    )


def seats_are_wished(*seats: str, **more: Any) -> Ask:
    return tickets_are_wished(Seats(seats), **more)


def seats_at_random_are_wished(counts: dict[str, int], **more: Any) -> Ask:
    return tickets_are_wished(AtRandom(counts), **more)


def the_buyer_says(at: datetime = NOW, **said: str) -> Ask:
    return lambda order: order.set_customer(Customer(**said), asked(at))


def payment_is_chosen(
    system: PaymentSystem | None = None, *, at: datetime = NOW, **urls: str
) -> Ask:
    return lambda order: order.choose_payment(Payment(system, **urls), asked(at))


def the_order_moves_to(status: Status, at: datetime = NOW, secret: str = SECRET) -> Ask:
    return lambda order: order.move_to(status, asked(at), secret)


def the_sweeper_comes(at: datetime) -> Ask:
    return lambda order: order.expire(asked(at, SYSTEM))
