"""Payment systems: how a buyer pays, how long tickets are held for it, and who confirms."""

from enum import StrEnum

import msgspec

TOKEN_DIGITS = 40
ID_DIGITS = 24
CUSTOMER = "customer"
"""The parameter of the address that has the token."""


class ConfirmedBy(StrEnum):
    """Who may say that an order was paid."""

    VENDOR = "vendor"
    GATEWAY = "gateway"


class PaymentSystem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One way to pay. `hold_minutes` runs from the moment the payment starts.

    `requires` names what the buyer has to say of themselves before.
    """

    id: str
    alias: str
    hold_minutes: int
    confirmed_by: ConfirmedBy
    redirect_url: str | None = None
    requires: tuple[str, ...] = ()


def redirect_address(redirect_url: str, token: str) -> str:
    """Where the buyer is sent to pay: the system's address and who is coming."""
    joint = "&" if "?" in redirect_url else "?"
    return f"{redirect_url}{joint}{CUSTOMER}={token}"


def token_of_address(redirect_url: str | None) -> str:
    """The token that a buyer was sent to pay with; empty for one who was not."""
    return (redirect_url or "").rpartition(f"{CUSTOMER}=")[2]


def buyer_token(order: str, secret: str) -> str:
    """The token that names a buyer to a payment system: 40 hex digits.

    It begins with the order's id, so that a notice of the payment finds its order by nothing else
    than the token. The 64 bits after it are secret.
    """
    return f"{order}{secret}"[:TOKEN_DIGITS]


def order_of_token(token: str) -> str:
    """The id of the order that a buyer's token names, if it is one of ours."""
    return token[:ID_DIGITS]
