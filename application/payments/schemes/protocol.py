"""What each scheme of signatures does, and what they share."""

import hmac
from collections.abc import Sequence
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


class Headers(Protocol):
    """A request's headers, each found by its name in small letters."""

    def get(self, name: str, /) -> str | None:
        """What a header says; None where it is missing."""


class Scheme(Protocol):
    """How a gateway signs its notices. `name` is how a catalogue file names the scheme."""

    name: str

    def verify(
        self, headers: Headers, body: bytes, secrets: Sequence[bytes], now: datetime
    ) -> str | None:
        """The notice's own id, or None where the body has it.

        One of the `secrets` has to fit. Raises `SignatureRefused`, and `BadSecret` where none fits
        and one of them cannot.
        """


def check_time(timestamp: str, now: datetime) -> None:
    """Refuse a signature that is too old, or of a time to come. Raises `SignatureRefused`."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= MOST_DIGITS):
        raise SignatureRefused("The time of the signature is not a number of seconds.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused("The signature is more than five minutes old, or of a time to come.")


def header_of(headers: Headers, name: str) -> str:
    """A header that a signature needs. Raises `SignatureRefused`."""
    value = headers.get(name)
    if not value:
        raise SignatureRefused(f"The header {name} is missing.")
    return value


def sha256_of(secret: bytes, signed: bytes) -> bytes:
    """The HMAC-SHA256 of what was signed."""
    return hmac.digest(secret, signed, "sha256")
