"""One digest over the heads of all orders, and short proofs that a head is under it.

Heads lie in drawers, by the beginning of their orders' ids: the hour in which they were made. A
drawer's digest is the root of a hash tree over its heads; the root is that of a tree over the
drawers. Orders that have ended no longer change, so a new root costs only the latest drawers.

How a digest is made is a stored format: it never changes (docs/audit.md).
"""

import hashlib
from collections.abc import Iterable, Sequence
from struct import Struct, pack

import msgspec

from application.ports.integrity_records import Drawer, Head, Link

EMPTY = hashlib.sha256(b"").digest()

_NUMBERS = Struct(">Bq")
_DRAWER = Struct(">BQQ")
_sha256 = hashlib.sha256


def trail_of(positions: Sequence[int]) -> bytes:
    """The digest of the positions of an order's facts, by version."""
    return _sha256(pack(f">{len(positions)}q", *positions)).digest()


def head_of(order: str, links: Sequence[Link]) -> Head:
    """How a chain of at least one fact ends."""
    last = links[-1]
    return Head(order, last.version, last.hash, trail_of([link.position for link in links]))


def leaf(head: Head) -> bytes:
    """The digest of a head."""
    name = head.order.encode()
    return _sha256(
        b"".join((b"\0", _NUMBERS.pack(len(name), head.version), name, head.hash, head.trail))
    ).digest()


def drawer(name: str, facts: int, leaves: Sequence[bytes]) -> Drawer:
    """A drawer with these heads, which are sorted by their orders' ids."""
    return Drawer(name, len(leaves), facts, root(leaves))


def drawer_leaf(of: Drawer) -> bytes:
    """The digest of a drawer, as the tree over all of them has it."""
    name = of.name.encode()
    return _sha256(
        b"".join((b"\2", _DRAWER.pack(len(name), of.orders, of.facts), name, of.digest))
    ).digest()


def root_of(drawers: Iterable[Drawer]) -> bytes:
    """The digest over everything: the drawers are sorted by name."""
    return root([drawer_leaf(each) for each in drawers])


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of a hash tree: each level pairs the one below it; who is alone moves up."""
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
    """What stands beside a node on the way up: to its left or to its right."""

    left: bool
    digest: str


def path(leaves: Sequence[bytes], place: int) -> list[Step]:
    """What is needed to get from the leaf at `place` to the root."""
    steps = []
    level = leaves
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            steps.append(Step(beside < place, level[beside].hex()))
        level = _above(level)
        place //= 2
    return steps


def climb(start: bytes, steps: Iterable[Step]) -> bytes:
    """The root that a leaf and its path lead to."""
    node = start
    for step in steps:
        beside = bytes.fromhex(step.digest)
        left, right = (beside, node) if step.left else (node, beside)
        node = _sha256(b"\1" + left + right).digest()
    return node
