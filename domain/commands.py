"""The commands of an order, free of any wire format."""

from datetime import datetime

import msgspec

from domain.payment import PaymentSystem


class CommandMetadata(msgspec.Struct, frozen=True):
    """The actor, time and request of a command. It goes into every event."""

    at: datetime
    actor: str
    request: str


class TicketsById(msgspec.Struct, frozen=True):
    """A selection of exactly these tickets."""

    tickets: tuple[str, ...]


class BestAvailable(msgspec.Struct, frozen=True):
    """A selection of any tickets: how many of each set."""

    counts: dict[str, int]


TicketSelection = TicketsById | BestAvailable
"""The wanted state of an order's tickets: a ticket that is not selected is released."""


class Payment(msgspec.Struct, frozen=True):
    """How the buyer is going to pay. What is None stays as it was."""

    system: PaymentSystem | None = None
    success_url: str | None = None
    failure_url: str | None = None
    send_tickets: bool | None = None


class Customer(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The data of the buyer. A field that is None was never given."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    mobile: str | None = None
    lang: str | None = None


Plain = str | int | float | bool | None
"""A value without parts, as JSON has it."""


class VendorData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a vendor keeps with an order for itself. A field that is None was never given."""

    order_id: str | None = None
    raw: dict[str, Plain] | None = None
