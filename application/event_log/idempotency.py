"""The digest that stands for an Idempotency-Key everywhere behind HTTP.

It is in the event that a request recorded, and is the key of the table `requests`, so that the
table can be verified and made again from the log. The key itself is not stored.
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
"""Separates this digest from all others; the number is its version."""


class Claim(msgspec.Struct):
    """The fields about its request that any event has, known to this version or not."""

    at: datetime | None = None
    number: int = 0
    idempotency: Idempotency | None = None


_DECODE = msgspec.json.Decoder(Claim).decode


def key_digest(partner: str, key: str) -> bytes:
    """The digest of a partner's Idempotency-Key: 32 bytes, and a stored format (docs/audit.md).

    Lengths are four bytes, big-endian: no two pairs have the same bytes.
    """
    return hashlib.sha256(DOMAIN + _counted(partner) + _counted(key)).digest()


def notice_digest(system: str, notice: str) -> bytes:
    """The digest of the id that a payment system's gateway gave to a notice."""
    return key_digest(f"gateway:{system}", notice)


def _counted(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(4) + data


def claim_in(state: bytes) -> Claim:
    """Read these fields of an event; empty for unreadable bytes, which verification finds."""
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
