"""The events of an order's life.

These names, versions and fields are a stored format: a new version is added, an old one is
never edited (docs/events.md). An event carries all that replay needs; replay never looks at the
catalogue, the clock or the settings.
"""

from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

import msgspec

from domain.commands import Plain
from domain.gateway import DisputeState
from domain.payment import PaymentSystem
from domain.pricing import Price
from domain.promocodes import Discount, PromocodeTerms
from domain.refunds import Culprit
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
    lang: str | None = None
    prices: dict[str, Price]
    tickets: dict[str, str]
    reserved_till: datetime


class OrderCreatedWithPromocodes(OrderCreated, frozen=True, kw_only=True):
    """Version 2 of the same: the show had promo codes, so the order shows its discount."""


class TicketsChanged(Event, frozen=True, kw_only=True):
    """Tickets were added to an order or taken out of it. `added` maps a ticket to its set."""

    added: dict[str, str] = msgspec.field(default_factory=dict)
    removed: tuple[str, ...] = ()


class CustomerSet(Event, frozen=True, kw_only=True):
    """Data of the buyer was recorded: only the fields that changed.

    `user` is the id of the buyer with this address at this vendor.
    """

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    mobile: str | None = None
    lang: str | None = None
    user: str | None = None


class VendorDataSet(Event, frozen=True, kw_only=True):
    """The vendor keeps something with the order for itself: only what changed."""

    order_id: str | None = None
    raw: dict[str, Plain] | None = None


class PromocodesApplied(Event, frozen=True, kw_only=True):
    """An order has these promo codes from now on, in this order; none: they were taken off.

    `discounts` has by set what each ticket costs less. `uses` are the uses that it takes.
    """

    promocodes: tuple[PromocodeTerms, ...] = ()
    discounts: dict[str, Discount] = msgspec.field(default_factory=dict)
    uses: tuple[str, ...] = ()


class PromocodeUsesChanged(Event, frozen=True, kw_only=True):
    """The order takes these uses of its promo codes from now on; its discount is as it was."""

    uses: tuple[str, ...] = ()


class PaymentSystemSet(Event, frozen=True, kw_only=True):
    """How the buyer is going to pay, and where they return to afterwards."""

    system: PaymentSystem
    success_url: str | None = None
    failure_url: str | None = None
    send_tickets: bool | None = None


class StatusChanged(Event, frozen=True, kw_only=True):
    """The status of an order changed.

    The start of a payment has the hold and the address to pay at; its end has the barcodes, by
    ticket.
    """

    status: Status
    reserved_till: datetime | None = None
    redirect_url: str | None = None
    barcodes: dict[str, str] = msgspec.field(default_factory=dict)


class _OfAPayment(Event, frozen=True, kw_only=True):
    """The fields of the events of a payment, whose id is its gateway's own."""

    system: str
    payment: str
    amount: Decimal
    currency: str


class PaymentStarted(_OfAPayment, frozen=True, kw_only=True):
    """A gateway said that the buyer began to pay."""


class PaymentFailed(_OfAPayment, frozen=True, kw_only=True):
    """A gateway said that a payment failed."""


class PaymentReceived(_OfAPayment, frozen=True, kw_only=True):
    """A gateway said that money came. `due_in` is the currency that the order is sold in."""

    due_in: str


class DisputeChanged(_OfAPayment, frozen=True, kw_only=True):
    """A gateway said that the buyer's bank asks for money back, or how that ended."""

    state: DisputeState


class OrderReinstated(Event, frozen=True, kw_only=True):
    """Money came late, and the ended order got tickets again: by ticket, its set."""

    tickets: dict[str, str]


class RefundRequested(Event, frozen=True, kw_only=True):
    """Tickets of a done order are to be given back; `value` is what is paid back for them.

    `stay` are the tickets that stay, where the request named those.
    """

    refund: str
    culprit: Culprit
    tickets: tuple[str, ...]
    stay: tuple[str, ...] = ()
    value: Decimal
    currency: str


class RefundRequired(Event, frozen=True, kw_only=True):
    """Money that came has to go back, and no ticket with it; `reason` is a code."""

    refund: str
    reason: str
    value: Decimal
    currency: str


class RefundApproved(Event, frozen=True, kw_only=True):
    """A refund was approved: its tickets are worth nothing from now on.

    `resold` are those of them that go on sale again.
    """

    refund: str
    resold: tuple[str, ...] = ()


class RefundRejected(Event, frozen=True, kw_only=True):
    """A refund was rejected: its tickets stay good."""

    refund: str


class RefundPaid(Event, frozen=True, kw_only=True):
    """Money went back, as a gateway or the vendor said. `system` and `payment` are the gateway's.

    A refund that nobody asked for has the gateway's own id. A `note` is the operator's.
    """

    refund: str
    amount: Decimal
    currency: str
    system: str = ""
    payment: str = ""
    note: str = ""


class RefundFailed(Event, frozen=True, kw_only=True):
    """A gateway said that money could not be paid back."""

    refund: str
    system: str = ""
    payment: str = ""


class MoneyKept(Event, frozen=True, kw_only=True):
    """A person decided that money without tickets is kept."""

    amount: Decimal
    currency: str
    note: str


class ShortfallWaived(Event, frozen=True, kw_only=True):
    """A person decided that an order is done for less money than it is worth."""

    amount: Decimal
    currency: str
    note: str


STORED: MappingProxyType[str, type[Event]] = MappingProxyType(
    {
        "OrderCreated.1": OrderCreated,
        "OrderCreated.2": OrderCreatedWithPromocodes,
        "TicketsChanged.1": TicketsChanged,
        "CustomerSet.1": CustomerSet,
        "VendorDataSet.1": VendorDataSet,
        "PromocodesApplied.1": PromocodesApplied,
        "PromocodeUsesChanged.1": PromocodeUsesChanged,
        "PaymentSystemSet.1": PaymentSystemSet,
        "StatusChanged.1": StatusChanged,
        "PaymentStarted.1": PaymentStarted,
        "PaymentFailed.1": PaymentFailed,
        "PaymentReceived.1": PaymentReceived,
        "DisputeChanged.1": DisputeChanged,
        "OrderReinstated.1": OrderReinstated,
        "RefundRequested.1": RefundRequested,
        "RefundRequired.1": RefundRequired,
        "RefundApproved.1": RefundApproved,
        "RefundRejected.1": RefundRejected,
        "RefundPaid.1": RefundPaid,
        "RefundFailed.1": RefundFailed,
        "MoneyKept.1": MoneyKept,
        "ShortfallWaived.1": ShortfallWaived,
    }
)
"""Every stored name with its version, and the class that reads it."""

STORED_NAMES: MappingProxyType[type[Event], str] = MappingProxyType(
    {cls: name for name, cls in STORED.items()}
)
