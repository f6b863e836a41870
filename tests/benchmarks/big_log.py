"""A log of as many events as one likes, made in bulk: orders of a few shows over some months.

Of ten orders six are paid (five events each), one is canceled, one expires, two are just made;
that is 3.6 events an order. The tickets' rows are left alone.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from application.event_log.event_mapper import EventMapper
from domain.events import CustomerSet, Event, OrderCreated, PaymentSystemSet, StatusChanged
from domain.payment import ConfirmedBy, PaymentSystem
from domain.pricing import Price
from domain.status import Status

START = datetime(2029, 11, 1, tzinfo=UTC)
ORG = "56810047f06c5a6ac62f4e1d"
SHOWS = [f"56a6253df06c5a059a9390{number:02x}" for number in range(20)]
SETS = [f"56a6254bf06c5a059b9390{number:02x}" for number in range(4)]
PRICES = {each: Price(each, Decimal("1000.00"), Decimal("50.50")) for each in SETS}
SYSTEM = PaymentSystem(
    id="545b544a5d645a463e779d53",
    alias="api/BASE",
    hold_minutes=30,
    confirmed_by=ConfirmedBy.VENDOR,
    redirect_url="https://pay.example/start",
)
ACTOR = "partner:56810047f06c5a6ac62f4e1d key:aa11bb22"


def big_log(count: int, seed: int = 1) -> Iterator[tuple[str, int, str, bytes]]:
    """`count` events in the order of their times: order id, version, stored name, bytes.

    Orders that are alive at the same time are mixed, a few hundred at once.
    """
    rng = random.Random(seed)
    mapper = EventMapper()
    waiting: list[Iterator[Event]] = []
    number = made = 0
    while made < count:
        if len(waiting) < 300:
            waiting.append(_life(number, rng))
            number += 1
            place = -1
        else:
            place = rng.randrange(len(waiting))
        event = next(waiting[place], None)
        if event is None:
            waiting.pop(place)
            continue
        stored = mapper.to_stored_event(event)
        yield str(stored.originator_id), stored.originator_version, stored.topic, stored.state
        made += 1


def _life(number: int, rng: random.Random) -> Iterator[Event]:
    at = START + timedelta(seconds=number * 4)
    order = f"{int(at.timestamp()):08x}{rng.getrandbits(40):010x}{number % 2**24:06x}"
    said: dict[str, Any] = {
        "originator_id": order,
        "actor": ACTOR,
        "request": f"{rng.getrandbits(64):016x}",
    }
    tickets = {
        f"{int(at.timestamp()):08x}{number * 4 + each:016x}": rng.choice(SETS)
        for each in range(rng.randint(1, 3))
    }
    yield OrderCreated(
        originator_version=1,
        at=at,
        number=497291903 + number,
        show=rng.choice(SHOWS),
        org=ORG,
        vendor=ORG,
        deal=None,
        lang="ru",
        prices=PRICES,
        tickets=tickets,
        reserved_till=at + timedelta(minutes=10),
        **said,
    )
    luck = rng.random()
    if luck < 0.2:
        return
    if luck < 0.4:
        ends = Status.CANCELED if luck < 0.3 else Status.EXPIRED
        at += timedelta(minutes=10)
        yield StatusChanged(originator_version=2, at=at, status=ends, **said)
        return
    at += timedelta(minutes=1)
    name = f"Buyer {number}"
    yield CustomerSet(
        originator_version=2, at=at, email=f"buyer{number}@mail.example", first_name=name, **said
    )
    yield PaymentSystemSet(originator_version=3, at=at, system=SYSTEM, **said)
    address = f"https://pay.example/start?customer={rng.getrandbits(160):040x}"
    yield StatusChanged(
        originator_version=4,
        at=at,
        status=Status.IN_PROGRESS,
        reserved_till=at + timedelta(minutes=30),
        redirect_url=address,
        **said,
    )
    barcodes = {ticket: f"{rng.getrandbits(64):020d}" for ticket in tickets}
    at += timedelta(minutes=2)
    yield StatusChanged(originator_version=5, at=at, status=Status.DONE, barcodes=barcodes, **said)
