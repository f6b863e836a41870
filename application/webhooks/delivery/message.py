"""A message to a webhook, and how long its receiver may take."""

import msgspec

from application.webhooks.delivery.signatures import SigningKeys


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long a receiver may take: to be connected to, to answer, and to end its answer."""

    connect: float = 3.0
    whole: float = 10.0
    body: float = 1.0
    body_bytes: int = 65_536


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be sent: `name` is its `webhook-id`, the same whenever it is sent again.

    `request` is the id of the request that brought its event about.
    """

    address: str
    name: str
    body: bytes
    keys: SigningKeys
    request: str = ""
