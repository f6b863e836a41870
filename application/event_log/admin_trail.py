"""The hashes that chain the administrative trail (`application/ports/admin_trail.py`)."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from application.ports.admin_trail import Deed, TrailEntry
from application.runtime.clock import to_ms

FIRST_HASH = sha256(b"orderlog admin trail 1").digest()
"""What stands for the predecessor of the first entry."""


def hash_of(number: int, deed: Deed, previous: bytes) -> bytes:
    """The hash of an entry over its predecessor's."""
    parts = (previous, deed.actor.encode(), deed.action.encode(), deed.about)
    head = number.to_bytes(8) + to_ms(deed.at).to_bytes(8)
    return sha256(head + b"".join(len(part).to_bytes(8) + part for part in parts)).digest()


def faults_of(entries: Iterable[TrailEntry]) -> Iterator[str]:
    """Sentences about entries of the whole administrative trail that were changed or removed."""
    number, previous = 0, FIRST_HASH
    for entry in entries:
        if entry.number != number + 1:
            yield f"Entry {number + 1} of the administrative trail is missing."
        elif hash_of(entry.number, entry.deed, previous) != entry.hash:
            yield f"Entry {entry.number} of the administrative trail was changed."
        number, previous = entry.number, entry.hash
