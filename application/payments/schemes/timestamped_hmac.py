"""Timestamped HMAC, as Stripe signs: `Stripe-Signature: t=1790000000,v1=<hex>,v1=<hex>`.

What is signed is the time, a dot and the body. The notice's id is in the body.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

from application.payments.schemes.protocol import (
    MOST_SIGNATURES,
    Headers,
    SignatureRefused,
    check_time,
    header_of,
    sha256_of,
)

HEADER = "stripe-signature"


class TimestampedHmac:
    """`v1` is HMAC-SHA256 in hex digits, with the whole text of the secret as its key."""

    name = "timestamped-hmac"

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime
    ) -> str | None:
        """None: the body names the notice."""
        parts = [each.strip().partition("=") for each in header_of(headers, HEADER).split(",")]
        if len(parts) > MOST_SIGNATURES + 1:
            raise SignatureRefused("There are too many signatures.")
        times = [value for name, _, value in parts if name == "t"]
        if len(times) != 1:
            raise SignatureRefused(f"The header {HEADER} has to name one time, as t=SECONDS.")
        check_time(times[0], now)
        signed = b"%s.%s" % (times[0].encode(), body)
        sent = [value.encode() for name, _, value in parts if name == "v1"]
        for secret in secrets:
            expected = sha256_of(secret, signed).hex().encode()
            if any(hmac.compare_digest(expected, each) for each in sent):
                return None
        raise SignatureRefused("No signature is of a secret of this payment system.")


SCHEME = TimestampedHmac()
