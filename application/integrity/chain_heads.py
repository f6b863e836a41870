"""Moves the witness on with the log, and asks it for the digest over all orders' heads."""

import time
from collections.abc import Iterator, Sequence

import structlog

from application.integrity.merkle_tree import drawer, head_of, leaf, root_of
from application.ports.integrity_records import AuditRecords, Drawer, Head, Link
from application.ports.partitions import Range
from application.ports.store import Store

FACTS_AT_ONCE = 2000
DRAWERS_AT_ONCE = 64
BEYOND = "g"
"""Sorts after every digit of an id, so that a drawer is the range from its name to this."""

log = structlog.get_logger()


class WitnessMoved(Exception):
    """Another process moves the witness at the same time."""


class Sealed:
    """What the witness says at a position: the digest over all heads, and how many there are."""

    def __init__(self, position: int, drawers: list[Drawer]) -> None:
        self.position = position
        self.drawers = drawers
        self.root = root_of(drawers)
        self.orders = sum(each.orders for each in drawers)
        self.facts = sum(each.facts for each in drawers)


def advance(store: Store, till: int, pause: float = 0.0) -> None:
    """Have the witness see the log up to `till`, with pauses between steps. Raises `WitnessMoved`.

    A chain that was changed behind the witness's back is not taken over: it stays as it was seen,
    so that verification goes on to name it, whatever is signed from now on.
    """
    records = store.audit()
    position = records.witnessed()
    while position < till:
        facts = [each for each in store.log(position, FACTS_AT_ONCE) if each.id <= till]
        reached = facts[-1].id if facts else till
        orders = list(dict.fromkeys(str(fact.originator_id) for fact in facts))
        heads = list(_heads(records, orders, reached))
        if not records.witness(position, reached, heads):
            raise WitnessMoved
        position = reached
        time.sleep(pause)


def _heads(records: AuditRecords, orders: list[str], till: int) -> Iterator[Head]:
    """How the chains of these orders end now, of those that still begin as they were seen."""
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


def seal(store: Store, position: int) -> Sealed:
    """The digest over all heads, with the witness at `position`. Raises `WitnessMoved`."""
    records = store.audit()
    while names := records.unsealed(DRAWERS_AT_ONCE):
        drawers = [_drawer(records, position, name) for name in names]
        if not records.seal(position, drawers):
            raise WitnessMoved
    stands, sealed = records.drawers()
    if stands != position:
        raise WitnessMoved
    return Sealed(position, list(sealed))


def _drawer(records: AuditRecords, position: int, name: str) -> Drawer:
    stands, heads = records.heads_of_range(range_of(name))
    if stands != position:
        raise WitnessMoved
    of_drawer = sorted(heads.values(), key=lambda head: head.order)
    return drawer(name, sum(head.version for head in of_drawer), list(map(leaf, of_drawer)))


def range_of(name: str) -> Range:
    """The orders whose ids begin with a drawer's name."""
    return Range(0, name, name + BEYOND)
