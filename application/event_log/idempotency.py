"""The digest by which an Idempotency-Key is known everywhere behind HTTP.

It stands in the event that a request brought about and is the key of the table `requests`, so that
the table can be verified and made again from the log. The key itself is kept nowhere.
"""

import hashlib
from datetime import datetime

import msgspec

from application.ports.store import Store
from application.ports.unit_of_work import IdempotencyRecord
from domain.events import Idempotency

FOR_EVER = 2**62
"""A position beyond all others."""

DOMAIN = b"orderlog idempotency key 1\0"
"""Keeps the digest apart from every other one; the number is that of this way to digest."""


class Claim(msgspec.Struct):
    """What any event says of its request, whether this version knows its kind or not."""

    at: datetime | None = None
    number: int = 0
    idempotency: Idempotency | None = None


_DECODE = msgspec.json.Decoder(Claim).decode


def key_digest(partner: str, key: str) -> bytes:
    """The digest of a partner's Idempotency-Key: 32 bytes, and a stored format (docs/audit.md).

    Lengths are four bytes, big-endian: no two pairs have the same bytes.
    """
    return hashlib.sha256(DOMAIN + _counted(partner) + _counted(key)).digest()


def _counted(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(4) + data


def claim_in(state: bytes) -> Claim:
    """An event; an empty one for bytes that are none: finding those is verification's task."""
    try:
        return _DECODE(state)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Claim()


def brought_about(store: Store, record: IdempotencyRecord, below: int = FOR_EVER) -> int | None:
    """The position, below another one, of an event that names the key of a record as its own."""
    for stored in store.events(record.order):
        if stored.originator_version == record.version and stored.id < below:
            by = claim_in(stored.state).idempotency
            return stored.id if by is not None and by.digest == record.digest else None
    return None
