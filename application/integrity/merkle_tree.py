"""The Merkle tree over the heads of all orders, and proofs of inclusion for a head.

Heads are grouped in buckets by the first digits of their orders' ids, that is by the hour in which
the orders were created. A bucket's digest is the root of a tree over its heads; the root of all is
that of a tree over the buckets. Orders that have ended no longer change, so a new root only needs
the latest buckets.

How a digest is made is a stored format: it never changes (docs/audit.md).
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from struct import Struct

import msgspec

from application.ports.integrity_records import Bucket, Head, Link

EMPTY = hashlib.sha256(b"").digest()

_NUMBERS = Struct(">Bq")
_BUCKET = Struct(">BQQ")
_sha256 = hashlib.sha256


def position_digest_of(positions: Sequence[int]) -> bytes:
    """The position digest: over the positions of an order's events, by version."""
    return _sha256(_positions(len(positions)).pack(*positions)).digest()


@lru_cache(maxsize=1024)
def _positions(count: int) -> Struct:
    return Struct(f">{count}q")


def head_of(order: str, links: Sequence[Link]) -> Head:
    """The head of a chain of at least one event."""
    last = links[-1]
    return Head(
        order, last.version, last.hash, position_digest_of([link.position for link in links])
    )


def leaf(head: Head) -> bytes:
    """The digest of a head."""
    name = head.order.encode()
    return _sha256(
        b"".join(
            (b"\0", _NUMBERS.pack(len(name), head.version), name, head.hash, head.position_digest)
        )
    ).digest()


def bucket(name: str, events: int, leaves: Sequence[bytes]) -> Bucket:
    """A bucket with these heads, which are sorted by their orders' ids."""
    return Bucket(name, len(leaves), events, root(leaves))


def bucket_leaf(of: Bucket) -> bytes:
    """The digest of a bucket as a leaf of the tree over all buckets."""
    name = of.name.encode()
    return _sha256(
        b"".join((b"\2", _BUCKET.pack(len(name), of.orders, of.events), name, of.digest))
    ).digest()


def root_of(buckets: Iterable[Bucket]) -> bytes:
    """The root over all buckets, which are sorted by name."""
    return root([bucket_leaf(each) for each in buckets])


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of a hash tree: each level pairs the one below; an unpaired node moves up."""
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def _above(level: Sequence[bytes]) -> list[bytes]:
    even = len(level) // 2 * 2
    paired = [
        _sha256(b"\1" + left + right).digest()
        for left, right in zip(level[0:even:2], level[1:even:2], strict=True)
    ]
    paired += level[even:]
    return paired


class Step(msgspec.Struct, frozen=True):
    """The sibling of a node on a path, to its left or to its right."""

    left: bool
    digest: str


def path(leaves: Sequence[bytes], place: int) -> list[Step]:
    """The path from the leaf at `place` to the root."""
    steps = []
    level = leaves
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            steps.append(Step(beside < place, level[beside].hex()))
        level = _above(level)
        place //= 2
    return steps


def verify_inclusion(start: bytes, steps: Iterable[Step]) -> bytes:
    """The root that follows from a leaf and its path."""
    node = start
    for step in steps:
        beside = bytes.fromhex(step.digest)
        left, right = (beside, node) if step.left else (node, beside)
        node = _sha256(b"\1" + left + right).digest()
    return node
