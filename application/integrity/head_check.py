"""Checks the heads of a partition's chains against those that were recorded, and digests them."""

from collections.abc import Iterator, Mapping

import msgspec

from application.integrity.chain_check import Checked, check_recorded, gone
from application.integrity.findings import Finding
from application.integrity.merkle_tree import leaf
from application.ports.integrity_records import Head, bucket_of


class Leaves(msgspec.Struct, kw_only=True):
    """By bucket, the concatenated digests of its heads, and how many events they cover."""

    digests: dict[str, bytearray] = msgspec.field(default_factory=dict)
    events: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, order: str, events: int, digest: bytes) -> None:
        """Add the leaf of the next order's head; orders come sorted by id."""
        name = bucket_of(order)
        if name not in self.digests:
            self.digests[name], self.events[name] = bytearray(), 0
        self.digests[name] += digest
        self.events[name] += events

    def extend(self, others: "Leaves") -> None:
        """Add the leaves of orders that come after these."""
        for name, digests in others.digests.items():
            self.digests.setdefault(name, bytearray()).extend(digests)
            self.events[name] = self.events.get(name, 0) + others.events[name]


class HeadCheck:
    """Checks the orders of a partition; `leaves` are those of the heads that were signed.

    `position` is that up to which heads were recorded.
    """

    def __init__(self, signed_till: int, recorded: int, heads: Mapping[str, Head]) -> None:
        """`heads` were recorded of the log up to the position `recorded`."""
        self.leaves = Leaves()
        self._signed_till = signed_till
        self.position = recorded
        self._heads = heads
        self._unseen = dict(heads)
        self._alike: dict[str, bytes] = {}
        self._signed = 0

    def order(self, checked: Checked) -> None:
        """Add the order's leaf, and compare its head with what was recorded."""
        order = checked.order
        seen = self._unseen.pop(order, None)
        signed = checked.count(self._signed_till)
        if signed:
            self._signed += 1
            head = checked.head(signed)
            digest = leaf(head)
            self.leaves.add(order, head.version, digest)
            if head == seen:
                self._alike[order] = digest
                same = self.position == self._signed_till
                same = same or checked.count(self.position) == signed
                if same and not checked.findings:
                    return
        checked.findings += check_recorded(checked, seen, self.position)

    def recorded(self) -> Leaves:
        """The leaves of the recorded heads: the same ones, if they are the same heads."""
        if self._signed == len(self._alike) == len(self._heads):
            return self.leaves
        leaves = Leaves()
        for order, head in sorted(self._heads.items()):
            leaves.add(order, head.version, self._alike.get(order) or leaf(head))
        return leaves

    def left_over(self) -> Iterator[Finding]:
        """Findings for orders that were recorded and are not in the log."""
        return map(gone, self._unseen.values())
