"""Puts the drill's tickets on sale in an empty database."""

import gc
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from application.bootstrap import Services, build
from application.catalog.entries import CatalogFile
from application.catalog.file import read_catalog_file
from application.catalog.loading import load_catalog
from application.database_address import without_passwords
from application.settings import Settings
from domain.errors import UserError
from interface.load.buyers import ForSale
from interface.load.gateway import CURRENCY, GATE, LATE, PAGE
from interface.load.gateway_sender import KEY_VARIABLE, SCHEME

PARTNER = "d" * 24
NOMINAL, EXTRA = Decimal("100.00"), Decimal("5.00")
PRICE = NOMINAL + EXTRA


class NotEmpty(UserError):
    """The database of a drill already has something in it."""


@contextmanager
def opened(settings: Settings) -> Iterator[Services]:
    """The wired service, without its background work."""
    services = build(settings)
    try:
        yield services
    finally:
        services.store.close()


def for_sale(events: int = 1) -> list[ForSale]:
    """So many events, each with one set of tickets."""
    return [
        ForSale(event=f"{number:08x}".rjust(24, "e"), ticket_set=f"{number:08x}".rjust(24, "5"))
        for number in range(events)
    ]


def shares(total: int, parts: int) -> list[int]:
    """`total` in parts that are as equal as can be; the first ones are larger by one."""
    each, more = divmod(total, parts)
    return [each + (number < more) for number in range(parts)]


def put_on_sale(
    settings: Settings,
    tickets: int,
    events: int = 1,
    *,
    gateway: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> str:
    """Load a catalogue with so many tickets, spread over so many events; return the seller's key.

    With a `gateway` it has the payment systems that the gateway confirms. One event is loaded after
    the other, since a load has all its tickets in memory; `progress` is called with their part.
    Raises `NotEmpty`.
    """
    key = secrets.token_hex(16)
    systems = [{"id": "a" * 24, "alias": "drill/PAY", "hold_minutes": 30, "confirmed_by": "vendor"}]
    if gateway:
        systems += [_system(GATE, "drill/GATE"), _system(LATE, "drill/LATE", late="refund")]
    with opened(settings) as services:
        if services.store.catalog() or services.store.last_position():
            raise NotEmpty(
                f"{without_passwords(settings.database)} is not empty: a drill wants a database"
                " of its own."
            )
        counts = shares(tickets, events)
        for number, each in enumerate(for_sale(events)):
            progress(number / events)
            document = _catalog(_show(each, counts[number]), key, systems)
            file = _without_hold(read_catalog_file(json.dumps(document)))
            load_catalog(services.store, file, services.clock(), services.key_secret)
            gc.collect()  # a load leaves its tickets in a cycle
    return key


def _catalog(show: dict[str, Any], key: str, systems: list[dict[str, Any]]) -> dict[str, Any]:
    partner = {"id": PARTNER, "name": "Drill", "language": "en", "keys": [key]}
    return {
        "partners": [{**partner, "rate_per_second": 0}],
        "payment_systems": systems,
        "events": [show],
    }


def _show(sold: ForSale, tickets: int) -> dict[str, Any]:
    floor = {
        "id": sold.ticket_set,
        "name": "Floor",
        "rules": [
            {
                "id": sold.ticket_set.replace("5" * 16, "b" * 16),
                "nominal": str(NOMINAL),
                "extra": str(EXTRA),
            }
        ],
        "tickets": {"count": tickets},
    }
    return {
        "id": sold.event,
        "org": PARTNER,
        "title": "Drill",
        "starts_at": "2100-01-01T19:00:00Z",
        "ends_at": "2100-01-01T22:00:00Z",
        "currency": CURRENCY,
        "refunds": {"policy": "general", "resell": True},
        "sets": [floor],
    }


def _system(identity: str, alias: str, late: str = "equal_tickets") -> dict[str, Any]:
    return {
        "id": identity,
        "alias": alias,
        "hold_minutes": 30,
        "confirmed_by": "gateway",
        "redirect_url": PAGE,
        "late": late,
        "notifications": {"scheme": SCHEME, "secrets": [f"env:{KEY_VARIABLE}"]},
    }


def _without_hold(file: CatalogFile) -> CatalogFile:
    """Have the hold of late payments end as it starts; no file can say less than a minute."""
    systems = tuple(
        replace(each, hold_minutes=0) if each.id == LATE else each for each in file.payment_systems
    )
    return replace(file, payment_systems=systems)
