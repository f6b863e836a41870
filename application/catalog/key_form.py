"""The form of keys that the service makes: `olk_`, 160 random bits, and a checksum.

The prefix lets scanners find a key that leaked into a repository. The checksum tells a mistyped
key from an unknown one without the database.
"""

import re
import secrets
import string
import zlib

PREFIX = "olk_"
RANDOM_BITS = 160
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_DIGITS = 27
CHECK_DIGITS = 6
OWN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_DIGITS + CHECK_DIGITS}}}\Z")
HEX = re.compile(r"[0-9a-fA-F]{32,128}\Z")


def new_key() -> str:
    """A new key."""
    body = PREFIX + _written(secrets.randbits(RANDOM_BITS), RANDOM_DIGITS)
    return body + _checksum(body)


def is_whole(key: str) -> bool:
    """Whether this is a key of the service's own form, with the right checksum."""
    return OWN.match(key) is not None and key[-CHECK_DIGITS:] == _checksum(key[:-CHECK_DIGITS])


def is_strong(key: str) -> bool:
    """Whether a catalogue file may bring this key: one of our own form, or long hex digits."""
    return HEX.match(key) is not None or is_whole(key)


def _checksum(body: str) -> str:
    return _written(zlib.crc32(body.encode()), CHECK_DIGITS)


def _written(number: int, length: int) -> str:
    """A number in base 62."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(DIGITS))
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))
