"""The events of an order's life.

These names, versions and fields are a stored format: a new version is added, an old one is
never edited (docs/events.md). An event carries all that replay needs; replay never looks at the
catalogue, the clock or the settings.
"""

from datetime import datetime
from types import MappingProxyType

import msgspec

from domain.payment import PaymentSystem
from domain.pricing import Price
from domain.status import Status


class Idempotency(msgspec.Struct, frozen=True, kw_only=True):
    """The digest of a request's Idempotency-Key, and the fingerprint of the request.

    Both are bytes; they are stored as base64.
    """

    digest: bytes
    fingerprint: bytes


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of every event: its order, version, time, actor and request.

    `idempotency` is on the last event that a request with an Idempotency-Key brought about: the
    idempotency record of the request is of that version and that time.
    """

    originator_id: str = msgspec.field(name="order")
    originator_version: int = msgspec.field(name="version")
    at: datetime
    actor: str
    request: str
    idempotency: Idempotency | None = None


class OrderCreated(Event, frozen=True, kw_only=True):
    """An order was made: for which show, by whom, at which prices, with which tickets held."""

    number: int
    show: str
    org: str
    vendor: str
    deal: str | None
    lang: str
    prices: dict[str, Price]
    tickets: dict[str, str]
    reserved_till: datetime


class TicketsChanged(Event, frozen=True, kw_only=True):
    """Tickets were added to an order or taken out of it. `added` maps a ticket to its set."""

    added: dict[str, str] = msgspec.field(default_factory=dict)
    removed: tuple[str, ...] = ()


class CustomerSet(Event, frozen=True, kw_only=True):
    """Data of the buyer was recorded: only the fields that changed."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    mobile: str | None = None
    lang: str | None = None


class PaymentSystemSet(Event, frozen=True, kw_only=True):
    """How the buyer is going to pay, and where they return to afterwards."""

    system: PaymentSystem
    success_url: str | None = None
    failure_url: str | None = None


class StatusChanged(Event, frozen=True, kw_only=True):
    """The status of an order changed.

    The start of a payment has the hold and the address to pay at; its end has the barcodes, by
    ticket.
    """

    status: Status
    reserved_till: datetime | None = None
    redirect_url: str | None = None
    barcodes: dict[str, str] = msgspec.field(default_factory=dict)


STORED: MappingProxyType[str, type[Event]] = MappingProxyType(
    {
        "OrderCreated.1": OrderCreated,
        "TicketsChanged.1": TicketsChanged,
        "CustomerSet.1": CustomerSet,
        "PaymentSystemSet.1": PaymentSystemSet,
        "StatusChanged.1": StatusChanged,
    }
)
"""Every stored name with its version, and the class that reads it."""

STORED_NAMES: MappingProxyType[type[Event], str] = MappingProxyType(
    {cls: name for name, cls in STORED.items()}
)
