"""The keys of the advisory locks, the same in every process."""

import hashlib

LOG_LOCK = (1_330_792_514, 1)
"""Every append holds it shared, from before it gets a position until it has ended."""

LAYOUT_LOCK = (1_330_792_514, 2)
"""Held exclusively while tables are made or changed."""

COPY_LOCK = (1_330_792_514, 3)
"""Held exclusively by a process that writes to an unfinished copy."""


def order_key(order: str) -> int:
    """The lock of an order: only its holder appends to the order."""
    return _key("order", order)


def request_key(digest: bytes) -> int:
    """The lock of a request, by the digest of its Idempotency-Key."""
    return _key("request", digest.hex())


def rebuild_key(name: str) -> int:
    """The lock of a rebuild of a read model."""
    return _key("rebuild", name)


def _key(*words: str) -> int:
    """The key of a name.

    If two names have the same key by chance, one waits for the other: no harm.
    """
    digest = hashlib.blake2b("\0".join(words).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
