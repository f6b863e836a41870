"""The hash chain of an order's events: each hash covers its predecessor's, and so all before it.

What is hashed is a stored format: it never changes (docs/audit.md).
"""

import hashlib
from collections.abc import Iterable, MutableMapping
from struct import Struct

from eventsourcing.persistence import StoredEvent

HASH_BYTES = 32
GENESIS = b"orderlog facts 1\0"
"""The prefix of an order's id in the hash that precedes its first event."""

_pack = Struct(">BHHq").pack
_sha256 = hashlib.sha256


def genesis(order: str) -> bytes:
    """The hash that precedes an order's first event."""
    return _sha256(GENESIS + order.encode()).digest()


def link(previous: bytes, order: str, version: int, name: str, state: bytes) -> bytes:
    """The hash of an event: over the hash before it, its order, version, stored name and bytes."""
    return link_of_bytes(previous, order.encode(), version, name.encode(), state)


def link_of_bytes(
    previous: bytes, id_bytes: bytes, version: int, name_bytes: bytes, state: bytes
) -> bytes:
    """The same, where the order's id and the stored name are bytes already."""
    lengths = _pack(len(previous), len(id_bytes), len(name_bytes), version)
    return _sha256(b"".join((lengths, previous, id_bytes, name_bytes, state))).digest()


def links(events: Iterable[StoredEvent], heads: MutableMapping[str, bytes]) -> list[bytes]:
    """The hashes of new events. `heads` has the last hash of each order, and is updated.

    An event whose predecessor is not known gets an empty predecessor, which verification finds.
    """
    found = []
    for event in events:
        order, version = str(event.originator_id), event.originator_version
        previous = genesis(order) if version == 1 else heads.get(order, b"")
        heads[order] = link(previous, order, version, event.topic, event.state)
        found.append(heads[order])
    return found
