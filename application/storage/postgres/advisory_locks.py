"""The names of what is locked by agreement (advisory locks), the same in every process."""

import hashlib

LOG_LOCK = (1_330_792_514, 1)
"""Shared by every append from before it gets a position until it has ended."""

LAYOUT_LOCK = (1_330_792_514, 2)
"""Taken alone by whoever makes or changes tables."""

COPY_LOCK = (1_330_792_514, 3)
"""Taken alone by whoever writes to a copy that is not finished."""


def order_key(order: str) -> int:
    """The lock of an order: who has it is the only one to append to it."""
    return _key("order", order)


def request_key(digest: bytes) -> int:
    """The lock of a request, by the digest of its Idempotency-Key."""
    return _key("request", digest.hex())


def rebuild_key(name: str) -> int:
    """The lock of whoever makes a generation of a read model."""
    return _key("rebuild", name)


def _key(*words: str) -> int:
    """Two names may share a key by chance; then one waits for the other, and nothing is wrong."""
    digest = hashlib.blake2b("\0".join(words).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
