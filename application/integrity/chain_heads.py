"""Advances the recorded heads with the log, and computes the digest over all heads."""

import time
from collections.abc import Iterator, Sequence

import structlog

from application.integrity.merkle_tree import bucket, head_of, leaf, root_of
from application.ports.integrity_records import AuditRecords, Bucket, Head, Link, bucket_of
from application.ports.partitions import Range
from application.ports.store import Store

EVENTS_AT_ONCE = 2000
BUCKETS_AT_ONCE = 64
BEYOND = "g"
"""Sorts after every digit of an id, so that a bucket is the range from its name to this."""

log = structlog.get_logger()


class HeadsMoved(Exception):
    """Another process advances the recorded heads at the same time."""


class HeadsChanged(Exception):
    """The recorded heads of a bucket are not those that its digest was worked out from."""


class Finalised:
    """The digest over all heads at a position, and how many there are."""

    def __init__(self, position: int, buckets: list[Bucket]) -> None:
        self.position = position
        self.buckets = buckets
        self.root = root_of(buckets)
        self.orders = sum(each.orders for each in buckets)
        self.events = sum(each.events for each in buckets)


def advance(store: Store, till: int, pause: float = 0.0) -> None:
    """Record the heads up to the position `till`, with pauses between steps.

    Raises `HeadsMoved`, and `HeadsChanged` before it builds on heads that were changed.
    A chain that was changed after its head was recorded keeps the recorded head, so that every
    later verification still finds the change, whatever is signed from now on.
    """
    records = store.audit()
    position = records.recorded()
    finalised = {each.name: each for each in records.buckets()[1]} if position < till else {}
    while position < till:
        events = [each for each in store.log(position, EVENTS_AT_ONCE) if each.id <= till]
        reached = events[-1].id if events else till
        orders = list(dict.fromkeys(str(event.originator_id) for event in events))
        for name in dict.fromkeys(map(bucket_of, orders)):
            known = finalised.pop(name, None)
            if known is not None and _bucket(records, position, name) != known:
                raise HeadsChanged
        heads = list(_heads(records, orders, reached))
        if not records.record_heads(position, reached, heads):
            raise HeadsMoved
        position = reached
        time.sleep(pause)


def _heads(records: AuditRecords, orders: list[str], till: int) -> Iterator[Head]:
    """The present heads of these orders, leaving out chains that differ from what was recorded."""
    seen = records.heads(orders)
    for order, links in records.links(orders, till).items():
        before = seen.get(order)
        if before is None or _continues(links, before):
            yield head_of(order, links)
        else:
            log.error("order_changed_since_checkpoint", order=order, version=before.version)


def _continues(links: Sequence[Link], before: Head) -> bool:
    known = [link for link in links if link.version <= before.version]
    return bool(known) and head_of(before.order, known) == before


def finalise(store: Store, position: int) -> Finalised:
    """The digest over all heads, with the recorded heads at `position`. Raises `HeadsMoved`."""
    records = store.audit()
    while names := records.unfinalised(BUCKETS_AT_ONCE):
        buckets = [_bucket(records, position, name) for name in names]
        if not records.finalise(position, buckets):
            raise HeadsMoved
    recorded_at, finalised = records.buckets()
    if recorded_at != position:
        raise HeadsMoved
    return Finalised(position, list(finalised))


def _bucket(records: AuditRecords, position: int, name: str) -> Bucket:
    recorded_at, heads = records.heads_of_range(range_of(name))
    if recorded_at != position:
        raise HeadsMoved
    of_bucket = sorted(heads.values(), key=lambda head: head.order)
    return bucket(name, sum(head.version for head in of_bucket), list(map(leaf, of_bucket)))


def range_of(name: str) -> Range:
    """The orders whose ids begin with a bucket's name."""
    return Range(0, name, name + BEYOND)
