"""The digest by which an Idempotency-Key is known everywhere behind HTTP.

It stands in the event that a request brought about and is the key of the table `requests`, so that
the table can be verified and made again from the log. The key itself is kept nowhere.
"""

import hashlib

DOMAIN = b"orderlog idempotency key 1\0"
"""Keeps the digest apart from every other one; the number is that of this way to digest."""


def key_digest(partner: str, key: str) -> bytes:
    """The digest of a partner's Idempotency-Key: 32 bytes, and a stored format (docs/audit.md).

    Lengths are four bytes, big-endian: no two pairs have the same bytes.
    """
    return hashlib.sha256(DOMAIN + _counted(partner) + _counted(key)).digest()


def _counted(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(4) + data
