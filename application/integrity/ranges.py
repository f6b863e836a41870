"""Splits a log into partitions, each with the derived records of its orders.

Derived records are read in one snapshot with its position. They are packed, since they stay in
memory until their partition is checked.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import TypeVar

import msgspec

from application.integrity.record_check import Recorded
from application.integrity.ticket_row_check import Owned
from application.ports.derived_records import RecordRow
from application.ports.partitions import Range, ranges_between
from application.ports.store import Store
from application.ports.tickets import OwnedRow

PART_EVENTS = 20_000
"""About how many events a partition has: few enough to be held in memory."""

PARTITIONS_TO_SHARE = 3
"""Fewer partitions are checked in one process: starting others would take longer."""

ROWS_AHEAD = 5000
"""So many rows are read at once, since no loop over single rows is needed then."""

_pack = msgspec.msgpack.Encoder().encode
_order_of = itemgetter(0)

RowOfOrder = TypeVar("RowOfOrder", OwnedRow, RecordRow)


def parts_of(store: Store, till: int) -> list[Range]:
    """The partitions of the orders that the log has up to a position."""
    count = max(1, till // PART_EVENTS)
    return ranges_between(store.split_keys(count))


def is_short(store: Store) -> bool:
    """Whether the log has too few partitions to share among processes."""
    return store.last_position() < PARTITIONS_TO_SHARE * PART_EVENTS


def owned_by(store: Store, partitions: Sequence[Range], *, tickets: bool) -> Iterator[Owned | None]:
    """The rows of tickets that have an order, by partition, all from one snapshot.

    None for each where there are no ticket rows.
    """
    if not tickets:
        yield from (None for _ in partitions)
        return
    with store.ownership().by_order() as (position, rows):
        packed = [_pack(rows_of_partition) for rows_of_partition in _cut(rows, partitions)]
    while packed:
        yield Owned(position, packed.pop(0))


def recorded_of(
    store: Store, partitions: Sequence[Range], *, tickets: bool
) -> Iterator[Recorded | None]:
    """The idempotency records of each partition, all from one snapshot.

    None for each where there are none, as in an imported log.
    """
    beside = store.derived_records()
    if not tickets and not beside.records_after(b"", 1):
        yield from (None for _ in partitions)
        return
    proven_from = beside.proven_from()
    with beside.records_by_order() as (position, rows):
        packed = [_pack(rows_of_partition) for rows_of_partition in _cut(rows, partitions)]
    while packed:
        yield Recorded(position, packed.pop(0), proven_from)


def _cut(rows: Iterator[RowOfOrder], partitions: Sequence[Range]) -> Iterator[list[RowOfOrder]]:
    """The rows of each partition; they come sorted by order."""
    ahead = list(islice(rows, ROWS_AHEAD))
    for partition in partitions:
        found: list[RowOfOrder] = []
        while ahead:
            upper = partition.upper
            end = len(ahead) if upper is None else bisect_left(ahead, upper, key=_order_of)
            found += ahead[:end]
            ahead = ahead[end:] or list(islice(rows, ROWS_AHEAD))
            if upper is not None and ahead and _order_of(ahead[0]) >= upper:
                break
        yield found
