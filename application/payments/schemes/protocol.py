"""What each scheme of signatures does, and what they share."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

TOLERANCE_SECONDS = 300
"""How old a signature may be, and how far ahead of our clock its time may lie."""
MOST_SIGNATURES = 20
"""Of a header with more signatures, none is looked at."""
MOST_DIGITS = 12


class SignatureRefused(Exception):
    """The notice was not signed with one of the secrets, or not lately. The text says why."""


class BadSecret(Exception):
    """A secret does not have the form that its scheme needs."""


class Scheme(Protocol):
    """How a gateway signs its notices. `name` is how a catalogue file names the scheme."""

    name: str

    def verify(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: datetime
    ) -> str | None:
        """The notice's own id, or None where the body has it.

        `headers` are by their names in small letters. One of the `secrets` has to fit. Raises
        `SignatureRefused`, and `BadSecret` where none fits and one of them cannot.
        """


def check_time(timestamp: str, now: datetime) -> None:
    """Refuse a signature that is too old, or of a time to come. Raises `SignatureRefused`."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= MOST_DIGITS):
        raise SignatureRefused("The time of the signature is no number of seconds.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused("The signature is more than five minutes old, or of a time to come.")


def header_of(headers: Mapping[str, str], name: str) -> str:
    """A header that a signature needs. Raises `SignatureRefused`."""
    value = headers.get(name)
    if not value:
        raise SignatureRefused(f"The header {name} is missing.")
    return value


def sha256_of(secret: bytes, signed: bytes) -> bytes:
    """The HMAC-SHA256 of what was signed."""
    return hmac.digest(secret, signed, "sha256")
