"""Standard Webhooks 1.0.0: https://github.com/standard-webhooks/standard-webhooks.

The library `standardwebhooks` verifies `v1` alone, by its own clock; so this is our own code.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from application.payments.schemes.protocol import (
    MOST_SIGNATURES,
    BadSecret,
    Headers,
    SignatureRefused,
    check_time,
    header_of,
    sha256_of,
)

SYMMETRIC, ASYMMETRIC = b"whsec_", b"whpk_"
LEAST_SECRET_BYTES = 16
NOTICE_ID = re.compile(r"[!-~]{1,255}\Z")


class StandardWebhooks:
    """`v1` is HMAC-SHA256 with a secret `whsec_…`, `v1a` Ed25519 with a public key `whpk_…`."""

    name = "standard-webhooks"

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime
    ) -> str | None:
        """The notice's id, which is signed with it."""
        notice = header_of(headers, "webhook-id")
        timestamp = header_of(headers, "webhook-timestamp")
        signatures = header_of(headers, "webhook-signature").split()
        if not NOTICE_ID.match(notice):
            raise SignatureRefused("webhook-id is not 1 to 255 visible ASCII characters.")
        check_time(timestamp, now)
        if len(signatures) > MOST_SIGNATURES:
            raise SignatureRefused("There are too many signatures.")
        signed = b"%s.%s.%s" % (notice.encode(), timestamp.encode(), body)
        bad: BadSecret | None = None
        for secret in secrets:
            try:
                if _fits(secret, signed, signatures):
                    return notice
            except BadSecret as error:
                bad = error
        raise bad or SignatureRefused("No signature is of a secret of this payment system.")


def _fits(secret: bytes, signed: bytes, signatures: Sequence[str]) -> bool:
    """Whether one of the signatures is of this secret. Raises `BadSecret`."""
    if secret.startswith(ASYMMETRIC):
        key = _public_key(secret)
        return any(_is_by(key, each, signed) for each in _of_version(signatures, "v1a"))
    expected = sha256_of(_shared_secret(secret), signed)
    return any(hmac.compare_digest(expected, each) for each in _of_version(signatures, "v1"))


def _of_version(signatures: Sequence[str], version: str) -> list[bytes]:
    """The bytes of the signatures of a version; what is no base64 is none."""
    found = []
    for each in signatures:
        prefix, _, written = each.partition(",")
        if prefix == version and (decoded := _decoded(written.encode())) is not None:
            found.append(decoded)
    return found


def _is_by(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


@lru_cache(256)
def _shared_secret(secret: bytes) -> bytes:
    decoded = _decoded(secret.removeprefix(SYMMETRIC))
    if decoded is None or len(decoded) < LEAST_SECRET_BYTES:
        raise BadSecret("is not a secret of Standard Webhooks: whsec_ and base64 of 24 to 64 bytes")
    return decoded


@lru_cache(256)
def _public_key(secret: bytes) -> Ed25519PublicKey:
    decoded = _decoded(secret.removeprefix(ASYMMETRIC))
    try:
        return Ed25519PublicKey.from_public_bytes(decoded or b"")
    except ValueError:
        raise BadSecret("is not a public key: whpk_ and base64 of 32 bytes") from None


def _decoded(written: bytes) -> bytes | None:
    try:
        return base64.b64decode(written, validate=True)
    except ValueError:
        return None


SCHEME = StandardWebhooks()
