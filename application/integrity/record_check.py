"""Checks idempotency records against the events that name their keys, and the order numbers.

A partition is checked by itself, but for keys that were used twice: an event whose record belongs
to another event is returned, and resolved once all partitions are done.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import msgspec

from application.event_log.idempotency import brought_about
from application.integrity.chain_check import Checked
from application.integrity.findings import Finding, Kind
from application.ports.store import Store
from application.ports.unit_of_work import IdempotencyRecord
from application.runtime.clock import to_ms
from domain.order import Order

AT_ONCE = 1000


class Recorded(msgspec.Struct, frozen=True):
    """The idempotency records of a range of orders, by order, at a position of the log.

    `rows` is packed, since it stays in memory until it is checked. Events up to `proven_from` do
    not name the key of their request.
    """

    position: int
    rows: bytes
    proven_from: int


class Unrecorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event that names a key whose record belongs to another event."""

    digest: bytes
    order: str
    version: int
    position: int


class Records(msgspec.Struct, kw_only=True):
    """The result of a comparison: how many records are proven by events, and how many are not.

    Records that are `unproven` belong to requests that changed nothing, those from `before` to
    events that did not name keys yet.
    """

    proven: int = 0
    unproven: int = 0
    before: int = 0
    unrecorded: list[Unrecorded] = msgspec.field(default_factory=list)

    def add(self, other: "Records") -> None:
        """Add the result of another partition."""
        self.proven += other.proven
        self.unproven += other.unproven
        self.before += other.before
        self.unrecorded += other.unrecorded


class Numbers:
    """The numbers of some orders, each with the position at which the order got it."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.positions = array("q")

    def note(self, order: Order, position: int) -> None:
        """Add the number of an order that was created at a position."""
        self.numbers.append(order.number)
        self.positions.append(position)

    def extend(self, others: "Numbers") -> None:
        """Add the numbers of other orders."""
        self.numbers.extend(others.numbers)
        self.positions.extend(others.positions)


class RecordCheck:
    """Checks the orders of a partition with their records; without `recorded` it does nothing."""

    def __init__(self, recorded: Recorded | None) -> None:
        self._recorded = recorded
        self._kept: defaultdict[str, list[tuple[int, bytes | None, bytes, int]]] = defaultdict(list)
        for order, *row in () if recorded is None else msgspec.msgpack.decode(recorded.rows):
            self._kept[order].append(tuple(row))
        self.records = Records()

    def pass_over(self, order: str) -> None:
        """Leave out an order whose events cannot be read."""
        self._kept.pop(order, None)

    def order(self, checked: Checked) -> None:
        """Compare the records of an order with its events."""
        if self._recorded is None:
            return
        should: dict[bytes, tuple[int, bytes, int]] = {}
        for event, position in zip(checked.events, checked.positions, strict=True):
            by = event.idempotency
            if by is not None and position <= self._recorded.position:
                version = event.originator_version
                if by.digest in should:
                    self._unrecorded(by.digest, checked, version)
                else:
                    should[by.digest] = (version, by.fingerprint, to_ms(event.at))
        for version, digest, *said in self._kept.pop(checked.order, ()):
            expected = None if digest is None else should.pop(digest, None)
            if expected == (version, *said):
                self.records.proven += 1
            elif expected is not None:
                says = "The idempotency record of the request that made this event was changed."
                checked.findings.append(self._finding(says, checked, expected[0]))
            else:
                checked.findings += self._without_event(checked, version, digest)
        for digest, (version, _, _) in should.items():
            self._unrecorded(digest, checked, version)

    def _unrecorded(self, digest: bytes, checked: Checked, version: int) -> None:
        position = checked.positions[version - 1]
        self.records.unrecorded.append(
            Unrecorded(digest=digest, order=checked.order, version=version, position=position)
        )

    def _without_event(
        self, checked: Checked, version: int, digest: bytes | None
    ) -> Iterator[Finding]:
        """Check a record whose key no event of its order names."""
        if digest is None:
            says = "An idempotency record has a digest that is none."
            yield Finding(Kind.IDEMPOTENCY, says, checked.order, version)
        elif not 1 <= version <= len(checked.events):
            says = f"An idempotency record names version {version}, which the order does not have."
            yield Finding(Kind.IDEMPOTENCY, says, checked.order, version)
        elif self._recorded and checked.positions[version - 1] <= self._recorded.proven_from:
            self.records.before += 1
        else:
            self.records.unproven += 1

    @staticmethod
    def _finding(says: str, checked: Checked, version: int) -> Finding:
        position = checked.positions[version - 1]
        return Finding(Kind.IDEMPOTENCY, says, checked.order, version, position)

    def left_over(self) -> Iterator[Finding]:
        """Findings for records of orders that are not in the log."""
        for order, rows in self._kept.items():
            for version, *_ in rows:
                says = "An idempotency record names an order that is not in the log."
                yield Finding(Kind.IDEMPOTENCY, says, order, version)


# What can only be checked over all partitions.


def unrecorded_findings(store: Store, found: Sequence[Unrecorded]) -> Iterator[Finding]:
    """Findings for the records of these events: missing, of another event, or used twice."""
    ordered = sorted(found, key=lambda each: each.position)
    seen: dict[bytes, Unrecorded] = {}
    for start in range(0, len(ordered), AT_ONCE):
        batch = ordered[start : start + AT_ONCE]
        records = store.derived_records().records([each.digest for each in batch])
        for each in batch:
            first = seen.setdefault(each.digest, each)
            record = records.get(each.digest)
            if first is not each:
                yield _twice(each, first.order, first.version, first.position)
            elif record is None:
                says = "The idempotency record of the request that made this event is missing."
                yield _finding(Kind.IDEMPOTENCY, says, each)
            else:
                yield from _another(store, each, record)


def _another(store: Store, event: Unrecorded, record: IdempotencyRecord) -> Iterator[Finding]:
    """Check a record that is of another version, or that appeared after it was looked for."""
    if (record.order, record.version) == (event.order, event.version):
        says = "The idempotency record of the request that made this event was missing for a while."
        yield _finding(Kind.IDEMPOTENCY, says, event)
        return
    position = brought_about(store, record)
    if position is not None:
        yield _twice(event, record.order, record.version, position)
        return
    says = (
        "The idempotency record of the request that made this event names version"
        f" {record.version} of order {record.order} instead."
    )
    yield _finding(Kind.IDEMPOTENCY, says, event)


def _twice(event: Unrecorded, order: str, version: int, position: int) -> Finding:
    says = (
        "The request that made this event was carried out twice: its Idempotency-Key also made"
        f" version {version} of order {order}, at position {position}."
    )
    return _finding(Kind.REPEATED, says, event)


def _finding(kind: Kind, says: str, event: Unrecorded) -> Finding:
    return Finding(kind, says, event.order, event.version, event.position)


def number_findings(
    store: Store, numbers: Numbers, order_at: Callable[[Store, int], tuple[str, int]]
) -> Iterator[Finding]:
    """Findings for order numbers that are not unique, and for counters below what they assigned."""
    if len(set(numbers.numbers)) != len(numbers.numbers):
        first: dict[int, int] = {}
        for number, position in sorted(
            zip(numbers.numbers, numbers.positions, strict=True), key=lambda each: each[1]
        ):
            if first.setdefault(number, position) != position:
                order, version = order_at(store, position)
                other, _ = order_at(store, first[number])
                says = f"The order has the number {number}, which the order {other} has."
                yield Finding(Kind.NUMBER, says, order, version, position)
    beside = store.derived_records()
    for name, last, assigned in (
        ("order numbers", beside.last_number() or 0, max(numbers.numbers, default=0)),
        ("positions", *beside.positions()),
    ):
        if last < assigned:
            says = (
                f"The counter of {name} stands at {last}, below {assigned}, which is in the log:"
                " orderlog projection rebuild numbers repairs it."
            )
            yield Finding(Kind.NUMBER, says)
