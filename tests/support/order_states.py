"""Orders in the states that a ticket seller would name, each told as a list of events.

The order is made at `CREATED`, its payment is chosen a minute later and starts two minutes after
creation; one minute more and it has ended. What a test asks is asked at `NOW`, five minutes after.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from order_case import numbered

from domain.events import Event, OrderCreated, PaymentSystemSet, StatusChanged
from domain.payment import ConfirmedBy, PaymentSystem, buyer_token, redirect_address
from domain.pricing import Price, PriceRule
from domain.shows import Show, TicketSet
from domain.status import Status

CREATED = datetime(2016, 1, 26, 9, 25, 19, 378000, tzinfo=UTC)


def after(minutes: int, *, ms: int = 0) -> datetime:
    """So long after the order was made."""
    return CREATED + timedelta(minutes=minutes, milliseconds=ms)


NOW = after(5)
ORDER = "56a73b7ff06c5a21c393806b"
NUMBER = 497291903
ORG = "org"
SELLER = "partner:org key:1"
SYSTEM = "system"
REQUEST = "request"

PARTERRE, BALCONY, LOGE = "parterre", "balcony", "loge"
A1, A2, A3, B1, B2, L1 = "A1", "A2", "A3", "B1", "B2", "L1"
HALL = {A1: PARTERRE, A2: PARTERRE, A3: PARTERRE, B1: BALCONY, B2: BALCONY}
REST = {A3: PARTERRE, B1: BALCONY, B2: BALCONY}
"""The hall without what `an_executed_order` holds."""

PARTERRE_PRICE = Price("rule-parterre", Decimal("100.00"), Decimal("0.00"))
BALCONY_PRICE = Price("rule-balcony", Decimal("33.33"), Decimal("3.34"))
PRICES = {PARTERRE: PARTERRE_PRICE, BALCONY: BALCONY_PRICE}


def a_set(name: str, *rules: PriceRule) -> TicketSet:
    return TicketSet(name, name.title(), rules, 3)


def a_show(*sets: TicketSet) -> Show:
    return Show(
        id="show",
        org=ORG,
        title="Sample evening",
        starts_at=CREATED,
        ends_at=CREATED,
        sets=sets,
    )


def always(price: Price) -> PriceRule:
    """A rule without a window."""
    return PriceRule(price.rule, price.nominal, price.extra)


SHOW = a_show(
    a_set(PARTERRE, always(PARTERRE_PRICE)), a_set(BALCONY, always(BALCONY_PRICE)), a_set(LOGE)
)
"""A show with a dear and a cheap set, and one (loge) that has no price yet."""

BASE = PaymentSystem(
    id="system-base",
    alias="api/BASE",
    hold_minutes=30,
    confirmed_by=ConfirmedBy.VENDOR,
    redirect_url="https://pay.example/go",
)
CASH = PaymentSystem(
    id="system-cash", alias="api/CASH", hold_minutes=720, confirmed_by=ConfirmedBy.VENDOR
)
GATEWAY = PaymentSystem(
    id="system-card",
    alias="api/CARD",
    hold_minutes=15,
    confirmed_by=ConfirmedBy.GATEWAY,
    redirect_url="https://card.example/?shop=7",
)
SECRET = "b6cbe4bd8a338159bdf0f4b059652f7023330898"
TOKEN = buyer_token(ORDER, SECRET)


def event(kind: type[Event], at: datetime = NOW, actor: str = SELLER, **fields: Any) -> Event:
    """An event about the order, with no place in its timeline yet."""
    return kind(
        originator_id=ORDER, originator_version=0, at=at, actor=actor, request=REQUEST, **fields
    )


def creation(tickets: dict[str, str], **fields: Any) -> Event:
    """The event that the order was made with these tickets."""
    usual: dict[str, Any] = {
        "number": NUMBER,
        "show": "show",
        "org": ORG,
        "vendor": ORG,
        "deal": None,
        "lang": "ru",
        "prices": PRICES,
        "tickets": tickets,
        "reserved_till": after(10),
    }
    return event(OrderCreated, CREATED, **usual | fields)


def an_empty_order() -> list[Event]:
    return numbered([creation({})])


def an_executed_order() -> list[Event]:
    """Two seats in the parterre, held for ten minutes; nothing is known of the payment."""
    return numbered([creation({A1: PARTERRE, A2: PARTERRE})])


def a_mixed_order() -> list[Event]:
    """One dear seat and one cheap one."""
    return numbered([creation({A1: PARTERRE, B1: BALCONY})])


def an_order_about_to_be_paid(system: PaymentSystem = BASE) -> list[Event]:
    """Its payment system is chosen, its payment has not started."""
    chosen = event(PaymentSystemSet, after(1), system=system)
    return numbered([*an_executed_order(), chosen])


def an_order_in_payment(system: PaymentSystem = BASE) -> list[Event]:
    """Its payment has started: held by the system's own time, thirty minutes for the base one."""
    address = system.redirect_url
    started = event(
        StatusChanged,
        after(2),
        status=Status.IN_PROGRESS,
        reserved_till=after(2 + system.hold_minutes),
        redirect_url=redirect_address(address, TOKEN) if address else None,
    )
    return numbered([*an_order_about_to_be_paid(system), started])


def a_paid_order() -> list[Event]:
    barcodes = {A1: "00000000000000000001", A2: "00000000000000000002"}
    done = event(StatusChanged, after(3), status=Status.DONE, barcodes=barcodes)
    return numbered([*an_order_in_payment(), done])


def a_canceled_order() -> list[Event]:
    canceled = event(StatusChanged, after(3), status=Status.CANCELED)
    return numbered([*an_executed_order(), canceled])


def an_expired_order() -> list[Event]:
    """Its hold has ended and the sweeper has said so."""
    expired = event(StatusChanged, after(10), SYSTEM, status=Status.EXPIRED)
    return numbered([*an_executed_order(), expired])
