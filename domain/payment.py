"""Payment systems: how a buyer pays, how long tickets are held for it, and who confirms."""

from enum import StrEnum

import msgspec


class ConfirmedBy(StrEnum):
    """Who may say that an order was paid."""

    VENDOR = "vendor"
    GATEWAY = "gateway"


class PaymentSystem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One way to pay. `hold_minutes` runs from the moment the payment starts."""

    id: str
    alias: str
    hold_minutes: int
    confirmed_by: ConfirmedBy
    redirect_url: str | None = None


def redirect_address(redirect_url: str, token: str) -> str:
    """Where the buyer is sent to pay: the system's address and who is coming."""
    joint = "&" if "?" in redirect_url else "?"
    return f"{redirect_url}{joint}customer={token}"
