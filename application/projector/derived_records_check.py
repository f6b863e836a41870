"""Compares derived records with the log, and repairs those that differ.

Records and counters change in the same commit as the events. So a record that is missing for an
event that was read will not appear later, and writers need not wait: the log is read in batches,
and only corrections are written, each batch in a short transaction. If this is killed, corrections
already made stay; it can be repeated.
"""

from collections.abc import Iterator, Sequence

from eventsourcing.persistence import Notification

from application.event_log.idempotency import FOR_EVER, Claim, brought_about, claim_in
from application.ports.derived_records import DerivedRecords
from application.ports.read_models import Row
from application.ports.store import Store
from application.ports.unit_of_work import IdempotencyRecord
from application.projector.comparison import Difference
from application.projector.generations import Progress
from application.projector.rebuild import SHOWN, Outcome
from application.read_models import numbers, requests

BATCH = 2000


class _Differences:
    """Counts differences and keeps the first."""

    def __init__(self) -> None:
        self.count = 0
        self.shown: list[Difference] = []

    def add(self, key: str, live: Row | None, new: Row | None) -> None:
        self.count += 1
        if len(self.shown) < SHOWN:
            self.shown.append(Difference(key, live, new))

    def outcome(self, position: int, *, repair: bool) -> Outcome:
        repaired = repair and self.count > 0
        return Outcome(
            position=position,
            differences=self.count,
            shown=tuple(self.shown),
            needs_acceptance=self.count > 0 and not repaired,
            swapped=repaired,
        )


def check_requests(
    store: Store, progress: Progress, *, repair: bool = False, batch: int = BATCH
) -> Outcome:
    """Compare the idempotency records with the log; with `repair` correct those that differ.

    If two events have the same key, the record is that of the first. No event names the records of
    requests that changed nothing, or those from before events named their keys: they stay as they
    are. Records of versions that no order has are removed.
    """
    beside, found, position = store.derived_records(), _Differences(), store.last_position()
    for events in _batches(store, position, progress, batch):
        wrong = list(_wrong_records(store, beside, events))
        for record, kept in wrong:
            live = None if kept is None else requests.row_of(kept)
            found.add(record.digest.hex(), live, requests.row_of(record))
        if repair and wrong:
            beside.put_records([record for record, _ in wrong])
    for orphans in _orphans(store, beside, batch):
        for each in orphans:
            found.add(each.digest.hex(), requests.row_of(each), None)
        if repair and orphans:
            beside.remove_records(orphans)
    return found.outcome(position, repair=repair)


def check_numbers(store: Store, progress: Progress, *, repair: bool = False) -> Outcome:
    """Compare the counters with the log; with `repair` raise those that are below it."""
    beside, found, position = store.derived_records(), _Differences(), store.last_position()
    highest = 0
    for events in _batches(store, position, progress):
        highest = max(highest, *(event.number for _, event in events))
    assigned, stored = beside.positions()
    for counter, last, should, put_right in (
        (numbers.POSITIONS, assigned, stored, beside.raise_assigned),
        (numbers.ORDERS, beside.last_number(), highest, beside.raise_number),
    ):
        if last is None or last < should:
            live = None if last is None else numbers.row_of(counter, last)
            found.add(counter, live, numbers.row_of(counter, should))
            if repair:
                put_right(should)
    return found.outcome(position, repair=repair)


def _batches(
    store: Store, till: int, progress: Progress, batch: int = BATCH
) -> Iterator[list[tuple[Notification, Claim]]]:
    """The log up to a position, or a little further, in batches."""
    position = 0
    while position < till and (stored := store.log(position, batch)):
        position = stored[-1].id
        yield [(each, claim_in(each.state)) for each in stored]
        progress(position, max(position, till))


def _wrong_records(
    store: Store, beside: DerivedRecords, events: Sequence[tuple[Notification, Claim]]
) -> Iterator[tuple[IdempotencyRecord, IdempotencyRecord | None]]:
    """Each record that is missing or wrong, with what is stored in its place."""
    should: dict[bytes, tuple[int, IdempotencyRecord]] = {}
    for stored, event in events:
        by = event.idempotency
        if by is not None and event.at is not None:
            order = str(stored.originator_id)
            version = stored.originator_version
            record = IdempotencyRecord(by.digest, by.fingerprint, order, version, event.at)
            should.setdefault(by.digest, (stored.id, record))
    kept = beside.records(list(should)) if should else {}
    for position, record in should.values():
        there = kept.get(record.digest)
        if there == record:
            continue
        if there is None or not brought_about(store, there, below=position):
            yield record, there


def _orphans(store: Store, beside: DerivedRecords, batch: int) -> Iterator[list[IdempotencyRecord]]:
    """Records of versions that no order has, batch by batch."""
    digest = b""
    while kept := beside.records_after(digest, batch):
        digest = kept[-1].digest
        links = store.audit().links(list({each.order for each in kept}), FOR_EVER)
        versions = {order: {link.version for link in found} for order, found in links.items()}
        yield [each for each in kept if each.version not in versions.get(each.order, ())]
