"""Signs a message according to Standard Webhooks 1.0.0, with each live secret."""

import base64
import hmac
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from application.feed.thin_event import FeedEvent
from application.ports.webhooks import Webhook

MOST_KEYS = 1024
"""How many private keys stay in memory: creating one takes longer than signing with it."""


class SigningKeys(msgspec.Struct, frozen=True):
    """The live secrets of a webhook, newest first, and the seeds of the private keys for `v1a`."""

    secrets: Sequence[bytes]
    seeds: Sequence[bytes] = ()


KeysOf = Callable[[Webhook], SigningKeys]
"""Finds the live secrets of a webhook."""


def message_name(event: FeedEvent) -> str:
    """The `webhook-id` of an event, the same whenever it is sent, also from a copy of the log.

    It has the time of the event, too: a log that went back may use a version for another event.
    """
    return f"msg_{event.order}_{event.version}_{round(event.at.timestamp() * 1e6):x}"


def signed_headers(keys: SigningKeys, name: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of the message `name`, sent at `at` (seconds since 1970)."""
    signed = f"{name}.{at}.".encode() + body
    parts = [f"v1,{_text(hmac.digest(each, signed, 'sha256'))}" for each in keys.secrets]
    parts += [f"v1a,{_text(_private_key(each).sign(signed))}" for each in keys.seeds]
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(parts),
    }


@lru_cache(MOST_KEYS)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _text(signature: bytes) -> str:
    return base64.b64encode(signature).decode()
