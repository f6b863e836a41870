"""The integrity status of one order: whether its events are still those that were recorded.

It is computed on request, from the order's events and what was recorded of them. Verifying the
whole log (`verification.py`) proves more: that no order is missing and no ticket was sold twice.
"""

from collections.abc import Iterator

import msgspec

from application.integrity.chain_check import check_chain, check_recorded
from application.integrity.findings import Finding, Kind
from application.integrity.statement import BadStatement, Statement, is_signed, statement_of
from application.ports.integrity_records import LinkRow, SignedCheckpoint
from application.ports.partitions import Range
from application.ports.store import Store


class IntegrityStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The findings about an order's events, of which a checkpoint covers the first `signed`."""

    events: int
    signed: int
    checkpoint: Statement | None
    findings: list[Finding]


def integrity_status_of(store: Store, order: str) -> IntegrityStatus:
    """The integrity status of an existing order."""
    recorded, heads = store.audit().heads_of_range(Range(0, order, order + "\0"))
    rows = list(_rows(store, order))
    checked = check_chain(order, rows)
    findings = [*checked.findings, *check_recorded(checked, heads.get(order), recorded)]
    last = store.audit().last_checkpoint()
    statement = None if last is None else _good_statement(last)
    if last is not None and statement is None:
        says = "It is not signed by the key that it names."
        findings.append(Finding(Kind.CHECKPOINT, says, checkpoint=last.number))
    signed = 0 if statement is None else checked.count(statement.position)
    return IntegrityStatus(events=len(rows), signed=signed, checkpoint=statement, findings=findings)


def _rows(store: Store, order: str) -> Iterator[LinkRow]:
    """The order's events, each with its hash; empty where it has none."""
    events = store.events(order)
    links = store.audit().links([order], max(event.id for event in events)).get(order, ())
    hashes = {link.version: link.hash for link in links}
    for event in events:
        version = event.originator_version
        yield order, version, event.topic, event.state, event.id, hashes.get(version, b"")


def _good_statement(checkpoint: SignedCheckpoint) -> Statement | None:
    """The statement of a checkpoint, if its signature is good."""
    try:
        statement = statement_of(checkpoint)
    except BadStatement:
        return None
    return statement if is_signed(checkpoint, statement) else None
