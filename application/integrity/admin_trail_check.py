"""Verifies the administrative trail: its chain, its end, and what checkpoints state of it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from application.event_log.admin_trail import FIRST_HASH, faults_of
from application.integrity.findings import Finding, Kind
from application.integrity.statement import BadStatement, Statement, statement_of
from application.ports.admin_trail import TrailEntry, TrailRecords
from application.ports.store import Store

AT_ONCE = 1000


def checked_admin_trail(store: Store) -> tuple[list[TrailEntry], list[str]]:
    """All entries, and sentences about what is wrong with them."""
    statements = []
    for signed in store.audit().checkpoints():  # first: a later one may name later entries
        with suppress(BadStatement):
            statements.append(statement_of(signed))
    counted = store.admin_trail().counted()
    entries = list(_all(store.admin_trail()))
    return entries, list(_faults(entries, counted, statements))


def admin_trail_findings(store: Store, statements: Sequence[Statement]) -> Iterator[Finding]:
    """Findings about the administrative trail, by itself and against signed statements."""
    counted = store.admin_trail().counted()
    for says in _faults(_all(store.admin_trail()), counted, statements):
        yield Finding(Kind.ADMIN_TRAIL, says)


def _all(records: TrailRecords) -> Iterator[TrailEntry]:
    after = 0
    while some := records.entries(after, AT_ONCE):
        yield from some
        after = some[-1].number


def _faults(
    entries: Iterable[TrailEntry], counted: int, statements: Sequence[Statement]
) -> Iterator[str]:
    signed = [each for each in statements if each.admin_trail is not None]
    hashes = {each.admin_trail_number: b"" for each in signed}
    last = 0

    def noted() -> Iterator[TrailEntry]:
        nonlocal last
        for entry in entries:
            last = entry.number
            if last in hashes:
                hashes[last] = entry.hash
            yield entry

    yield from faults_of(noted())
    hashes[0] = FIRST_HASH
    if counted > last:
        yield f"The administrative trail ends with entry {last}; it had {counted} at least."
    for each in signed:
        if hashes[each.admin_trail_number].hex() != each.admin_trail:
            yield (
                f"Checkpoint {each.number} was signed over another administrative trail,"
                f" of {each.admin_trail_number} entries."
            )
