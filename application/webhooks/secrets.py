"""The secrets with which a webhook's messages are signed.

They are derived from the installation's secret and never stored, so the database alone cannot sign.
A webhook has one secret, or two while its receiver changes to the newer one.
"""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from application.catalog.key_secret import KeySecret
from application.ports.webhooks import Webhook

OF_SECRETS = b"orderlog webhook 1\0"
OF_PRIVATE_KEYS = b"orderlog webhook 1a\0"
FIRST = 1
MOST_LIVE = 2


def secret_of(secret: KeySecret, webhook: str, generation: int) -> bytes:
    """A secret of a webhook, for `v1`. Raises `SecretMissing`."""
    return secret.derived(OF_SECRETS + _named(webhook, generation))


def seed_of(secret: KeySecret, webhook: str, generation: int) -> bytes:
    """The seed of a private key of a webhook, for `v1a`. Raises `SecretMissing`."""
    return secret.derived(OF_PRIVATE_KEYS + _named(webhook, generation))


def written_secret(secret: KeySecret, webhook: str, generation: int) -> str:
    """A secret as Standard Webhooks have it."""
    key = secret_of(secret, webhook, generation)
    return f"whsec_{base64.b64encode(key).decode()}"


def public_keys(secret: KeySecret, webhook: Webhook) -> list[str]:
    """The public keys of a webhook that signs `v1a` too, the newest first."""
    if not webhook.asymmetric:
        return []
    return [
        f"whpk_{base64.b64encode(_public(seed_of(secret, webhook.id, each))).decode()}"
        for each in reversed(webhook.generations)
    ]


def rotated(generations: tuple[int, ...], *, keep_old: bool) -> tuple[int, ...]:
    """The live secrets once there is a new one; at most one of the old ones stays."""
    kept = generations[-(MOST_LIVE - 1) :] if keep_old else ()
    return (*kept, generations[-1] + 1)


def _named(webhook: str, generation: int) -> bytes:
    return f"{webhook}{generation}".encode()


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
