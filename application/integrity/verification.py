"""Verifies a whole log: every chain, every checkpoint, tickets, read models, and no oversell.

It may run beside a service: things that are compared are read as of one position.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from time import monotonic
from typing import Any

import msgspec
import structlog

from application.integrity.admin_trail_check import admin_trail_findings
from application.integrity.catalog_check import catalog_checked, keeps_tickets
from application.integrity.checkpoint_check import Series, check_series
from application.integrity.clash_findings import order_at, oversold, used_twice
from application.integrity.findings import Finding, Kind
from application.integrity.head_check import Leaves
from application.integrity.holdings import Clash
from application.integrity.known import Known, check_known
from application.integrity.merkle_tree import bucket, root_of
from application.integrity.notice_check import unkept_findings
from application.integrity.partition_check import Task
from application.integrity.ranges import is_short, owned_by, parts_of, recorded_of
from application.integrity.record_check import number_findings, unrecorded_findings
from application.integrity.report import MOST_FINDINGS, Found, Report, Totals, counted
from application.integrity.signer_memory import SignerMemory
from application.integrity.statement import Statement, statement_of
from application.integrity.workers import Workers, here, in_processes, no_cycles_looked_for
from application.ports.integrity_records import NOT_PROVEN, Setback, SignedCheckpoint, Verification
from application.ports.read_models import Row
from application.ports.store import Store, StoreOpener
from application.read_models.changes import added_up
from application.read_models.registry import PROJECTIONS
from application.runtime.clock import from_ms, to_ms, written

"""The number of findings that are named; all are counted."""

HASH_BYTES = 32


log = structlog.get_logger()

Progress = Callable[[int, int], None]
"""Called with the number of checked events and about how many there are."""


def verify(
    store: Store,
    workers: Workers,
    progress: Progress,
    *,
    trusted: str | None = None,
    anchors: Sequence[SignedCheckpoint] = (),
    at_least: int = 0,
    memory: SignerMemory | None = None,
) -> Report:
    """Verify the log of `store`.

    `trusted` is the public key that the caller knows; `anchors` are checkpoints that were kept
    elsewhere and that the log has to agree with. The log has to reach position `at_least`.
    `memory` is the signer's, where the caller has access to it.
    """
    known = Known(trusted, anchors, at_least, memory)
    with no_cycles_looked_for():
        report = _verified(store, workers, progress, known)
    _note(store, report)
    return report


def _verified(store: Store, workers: Workers, progress: Progress, known: Known) -> Report:
    began, found = monotonic(), Found()
    series, setbacks = _check_checkpoints(store, known.trusted, found)
    not_proven = check_known(store.audit().checkpoints(), series, known, found)
    last = max(series.good, key=lambda each: each.number, default=None)
    scope = _scope_of(store, 0 if last is None else last.position)
    found.add(_too_short(scope.till, known.at_least))  # first: only so many are named
    tasks = _tasks(store, scope)
    first = [next(tasks)]  # with all that this process reads for the others
    with catalog_checked(store, wanted=scope.with_tickets) as of_catalog:
        report = partial(_progress, progress, scope.till)
        totals = _check(chain(first, tasks), workers, found, report)
        found.add(of_catalog.result())
    clashes = _check_whole(store, scope, totals, found)
    if last is not None:
        found.add(_against(store, workers, series.good, last, totals, found.count))
    anchors = [statement_of(each) for each in known.anchors]
    if scope.with_tickets:  # an imported log comes without it
        found.add(admin_trail_findings(store, [*series.good, *anchors]))
    for anchor in anchors:
        found.add(_against_anchor(store, workers, anchor))
    return _report(
        scope,
        totals,
        found,
        checkpoints=len(series.good),
        checkpoint=last,
        unsigned=totals.events - (0 if last is None else last.events),
        seconds=round(monotonic() - began, 3),
        oversold=len({each.ticket for each in clashes}),
        acknowledged=list(_acknowledged(setbacks, series)),
        not_proven=not_proven,
        notices=counted(totals.notices, store.notices().of_nobody()),
    )


def _progress(progress: Progress, till: int, done: int) -> None:
    progress(done, max(till, done))


def _report(scope: "_Scope", totals: Totals, found: Found, **known: Any) -> Report:
    """The report, of what the parts of the log added up to and what else is `known`."""
    records = totals.records
    return Report(
        position=scope.till,
        with_tickets=scope.with_tickets,
        events=totals.events,
        orders=totals.orders,
        holdings=totals.holders.count,
        tickets=totals.holders.tickets,
        recorded=records.proven + records.unproven + records.before,
        unproven=records.unproven,
        recorded_before=records.before,
        wrong=found.count,
        findings=found.kept,
        promocode_uses=totals.uses.holders.count,
        money=totals.money.balances(),
        **known,
    )


def _check_checkpoints(
    store: Store, trusted: str | None, found: Found
) -> tuple[Series, Sequence[Setback]]:
    """Check the checkpoints by themselves; return them and the setbacks of the log."""
    recorded = store.audit().recorded_checkpoint()  # first: one more may be made at any time
    checkpoints = store.audit().checkpoints()
    series = check_series(checkpoints, trusted)
    found.add(series.findings)
    found.add(_cut_off(checkpoints, recorded))
    setbacks = store.audit().setbacks()
    found.add(Finding(Kind.WENT_BACK, each.says) for each in setbacks if each.is_open)
    found.add(map(_set_aside, store.audit().recorded_heads_set_aside()))
    return series, setbacks


class _Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot to verify: the log up to `till`, with tickets if the database has some.

    `signed_till` is the position of the last good checkpoint; `summed` has, by read model that
    adds up, its position and its rows.
    """

    till: int
    signed_till: int
    with_tickets: bool
    summed: dict[str, tuple[int, dict[str, Row]]]


def _scope_of(store: Store, signed_till: int) -> _Scope:
    summed = {name: _summed(store, name) for name, each in PROJECTIONS.items() if each.table.sums}
    till = store.last_position()  # after the read models: they can only show what is in it
    tickets = keeps_tickets(store)
    return _Scope(till=till, signed_till=signed_till, with_tickets=tickets, summed=summed)


def _tasks(store: Store, scope: _Scope) -> Iterator[Task]:
    """The tasks of the workers, one for each partition."""
    sums = {name: position for name, (position, _) in scope.summed.items()}
    partitions = parts_of(store, scope.till)
    owned = owned_by(store, partitions, tickets=scope.with_tickets)
    recorded = recorded_of(store, partitions, tickets=scope.with_tickets)
    for partition, its_owned, its_records in zip(partitions, owned, recorded, strict=True):
        yield Task(
            partition=partition,
            till=scope.till,
            signed_till=scope.signed_till,
            sums=sums,
            owned=its_owned,
            recorded=its_records,
            notices=its_records is not None,
        )


def _check_whole(store: Store, scope: _Scope, totals: Totals, found: Found) -> list[Clash]:
    """Check what needs all partitions together; return the tickets that were sold twice."""
    found.add(_gaps(store, scope.till, totals.events))
    found.add(_wrong_sums(scope.summed, totals))
    found.add(unrecorded_findings(store, totals.records.unrecorded))
    found.add(unkept_findings(store, totals.notices.unkept))
    found.add(number_findings(store, totals.numbers, order_at))
    found.add(used_twice(store, each) for each in totals.uses.clashes())
    found.add(totals.uses.above_limit())
    clashes = list(totals.holders.clashes())
    found.add(oversold(store, each) for each in clashes)
    return clashes


def _acknowledged(setbacks: Sequence[Setback], series: Series) -> Iterator[Finding]:
    """The acknowledged setbacks of the log, as stored and as signed."""
    signed = {each.id: (statement, each) for statement, each in series.resumptions}
    for setback in setbacks:
        if setback.is_open:
            continue
        statement, _ = signed.pop(setback.id, (None, None))
        at = written(from_ms(setback.acknowledged_at or 0))
        says = f"{setback.says} Acknowledged by {setback.acknowledged_by} at {at}: {setback.reason}"
        number = None if statement is None else statement.number
        yield Finding(Kind.WENT_BACK, says, position=setback.position, checkpoint=number)
    for statement, each in signed.values():
        says = (
            f"The log went back: {each.seen_by} had seen its position {each.position}; it went up"
            f" to position {each.found}. Acknowledged by {each.by} at {each.at}: {each.reason}"
        )
        number = statement.number
        yield Finding(Kind.WENT_BACK, says, position=each.position, checkpoint=number)


def _note(store: Store, report: Report) -> None:
    """Store the outcome for the metrics, if the database can be written."""
    outcome = Verification(
        at=to_ms(store.moment()),
        took=round(report.seconds * 1000),
        position=report.position,
        events=report.events,
        findings=NOT_PROVEN if report.good and report.not_proven else report.wrong,
        oversold=report.oversold,
    )
    try:
        store.audit().note_verification(outcome)
    except Exception as error:  # noqa: BLE001 - a database that is only read has been verified, too
        log.warning("verification_not_noted", reason=str(error))


def workers_for(store: Store, opener: StoreOpener, count: int) -> Workers:
    """`count` processes, or this one alone where the log is short."""
    alone = count == 1 or is_short(store)
    return here(store) if alone else in_processes(opener, count)


def _check(
    tasks: Iterable[Task], workers: Workers, found: Found, progress: Callable[[int], None]
) -> Totals:
    totals = Totals()
    for report in workers(tasks):
        totals.events += report.events
        totals.orders += report.orders
        totals.holders.add(report.holdings)
        totals.leaves.extend(report.leaves)
        totals.recorded.extend(report.recorded)
        totals.records.add(report.records)
        totals.numbers.extend(report.numbers)
        totals.money.extend(report.money)
        totals.notices.add(report.notices)
        totals.uses.add(report.uses)
        for name, rows in report.sums.items():
            totals.sums.setdefault(name, []).extend(rows)
        found.add(report.findings)
        progress(totals.events)
    return totals


# What can only be checked over all partitions.


def _summed(store: Store, name: str) -> tuple[int, dict[str, Row]]:
    """A read model that adds up, and the position that it shows."""
    models = store.read_models()
    with models.snapshot(models.state(name)) as (position, rows):
        return position, {row.key: row for row in rows}


def _wrong_sums(summed: dict[str, tuple[int, dict[str, Row]]], totals: Totals) -> Iterator[Finding]:
    for name, (position, there) in summed.items():
        rows = added_up(PROJECTIONS[name].table, totals.sums.get(name, []))
        should = {row.key: row for row in rows}
        for key in {**should, **there}:
            if should.get(key) != there.get(key):
                says = f"The row {key} of the read model {name} is not what the events add up to."
                yield Finding(Kind.READ_MODEL, says, position=position, model=name)


def _cut_off(checkpoints: Sequence[SignedCheckpoint], recorded: int) -> Iterator[Finding]:
    """Findings for checkpoints that are missing at the end of the series."""
    last = max((each.number for each in checkpoints), default=0)
    for number in range(last + 1, recorded + 1):
        yield Finding(Kind.CHECKPOINT, f"Checkpoint {number} is missing.", checkpoint=number)


def _set_aside(file: str) -> Finding:
    says = (
        f"What was seen of the log was damaged and is set aside as {file}; it was made anew from"
        " the log as it is now. Move the file away once it was looked at."
    )
    return Finding(Kind.RECORDED_HEADS, says)


def _gaps(store: Store, till: int, events: int) -> Iterator[Finding]:
    """Findings for missing events, where no position may be empty."""
    if events == till:
        return
    for first, last in store.audit().gaps(till, MOST_FINDINGS):
        where = f"position {first} is" if first == last else f"positions {first} to {last} are"
        says = f"The event at {where} missing." if first == last else f"The {where} missing."
        yield Finding(Kind.MISSING, says, position=first)


def _too_short(till: int, at_least: int) -> Iterator[Finding]:
    """The finding for a log that is known to have been longer."""
    if till < at_least:
        says = f"The log ends at position {till}; it went to position {at_least} at least."
        yield Finding(Kind.MISSING, says, position=till)


def _root(leaves: Leaves) -> str:
    buckets = [
        bucket(
            name,
            leaves.events[name],
            [
                bytes(digests[place : place + HASH_BYTES])
                for place in range(0, len(digests), HASH_BYTES)
            ],
        )
        for name, digests in sorted(leaves.digests.items())
    ]
    return root_of(buckets).hex()


def _against(
    store: Store,
    workers: Workers,
    good: Sequence[Statement],
    last: Statement,
    totals: Totals,
    known: int,
) -> Iterator[Finding]:
    """Compare the log and the recorded heads with what was signed."""
    root = _root(totals.leaves)
    log_agrees = root == last.root
    recorded_at = store.audit().recorded()
    recorded_root = root if totals.recorded == totals.leaves else _root(totals.recorded)
    recorded_agree = recorded_at != last.position or recorded_root == last.root
    if not recorded_agree:
        says = (
            f"What was recorded up to position {last.position} was changed: it is not what"
            f" checkpoint {last.number} was signed over."
        )
        yield Finding(Kind.RECORDED_HEADS, says, position=last.position, checkpoint=last.number)
    if log_agrees:
        return
    says = f"The log up to position {last.position} is not the one that was signed."
    if not known:
        broken = _first_broken(store, workers, good)
        before = max((each.position for each in good if each.number < broken.number), default=0)
        says += (
            f" Checkpoint {broken.number} is the first that it disagrees with: what was changed is"
            f" of an order that had events at positions {before + 1} to {broken.position}."
        )
    yield Finding(Kind.CHECKPOINT, says, position=last.position, checkpoint=last.number)


def _first_broken(store: Store, workers: Workers, good: Sequence[Statement]) -> Statement:
    """The first checkpoint that the log disagrees with; it disagrees with all later ones, too."""
    low, high = 0, len(good) - 1
    while low < high:
        middle = (low + high) // 2
        if root_at(store, workers, good[middle].position) == good[middle].root:
            low = middle + 1
        else:
            high = middle
    return good[high]


def _against_anchor(store: Store, workers: Workers, anchor: Statement) -> Iterator[Finding]:
    if root_at(store, workers, anchor.position) != anchor.root:
        says = (
            f"The log up to position {anchor.position} is not the one that the checkpoint"
            f" {anchor.number} of {anchor.at} was signed over."
        )
        yield Finding(Kind.CHECKPOINT, says, position=anchor.position, checkpoint=anchor.number)


def root_at(store: Store, workers: Workers, position: int) -> str:
    """The Merkle root over all heads of the log up to a position."""
    tasks = [
        Task(partition=partition, till=position, signed_till=position)
        for partition in parts_of(store, position)
    ]
    leaves = Leaves()
    for report in workers(tasks):
        leaves.extend(report.leaves)
    return _root(leaves)
