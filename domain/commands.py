"""What may be requested of an order, free of any wire format."""

from datetime import datetime

import msgspec

from domain.payment import PaymentSystem


class CommandMetadata(msgspec.Struct, frozen=True):
    """The actor, time and request of a command. It goes into every event."""

    at: datetime
    actor: str
    request: str


class TicketsById(msgspec.Struct, frozen=True):
    """Exactly these tickets are wanted."""

    tickets: tuple[str, ...]


class BestAvailable(msgspec.Struct, frozen=True):
    """As many tickets as said are wanted of each set, no matter which."""

    counts: dict[str, int]


TicketSelection = TicketsById | BestAvailable
"""The wanted end state of an order's tickets: what it does not name is let go."""


class Payment(msgspec.Struct, frozen=True):
    """How the buyer is going to pay. What is None stays as it was."""

    system: PaymentSystem | None = None
    success_url: str | None = None
    failure_url: str | None = None


class Customer(msgspec.Struct, omit_defaults=True):
    """What is known of the buyer. Fields that are None were never given."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    mobile: str | None = None
    lang: str | None = None
