"""Checks signed checkpoints: each by itself, and that they follow each other."""

from collections.abc import Iterator, Sequence

import msgspec

from application.integrity.checkpoint import NO_PREDECESSOR
from application.integrity.findings import Finding, Kind
from application.integrity.statement import (
    BadStatement,
    Resumption,
    Statement,
    digest_of,
    is_signed,
    statement_of,
)
from application.ports.integrity_records import SignedCheckpoint


class Series(msgspec.Struct, kw_only=True):
    """Checked checkpoints: the good ones by number, and the findings about the others."""

    good: list[Statement] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    resumptions: list[tuple[Statement, Resumption]] = msgspec.field(default_factory=list)


def check_series(checkpoints: Sequence[SignedCheckpoint], trusted: str | None = None) -> Series:
    """Check all checkpoints of a log, by number.

    The first key is accepted as it is, as is the `trusted` one wherever it first signs. Every other
    key has to be announced by its predecessor. A key that announced another signs nothing after it.
    """
    series = Series()
    number, previous, position = 1, NO_PREDECESSOR, 0
    expected: str | None = None
    retired: set[str] = set()
    for checkpoint in checkpoints:
        allowed = trusted if trusted not in retired else None
        faults = list(_faults(checkpoint, number, previous, position, expected, allowed))
        series.findings += faults
        previous, number = digest_of(checkpoint), checkpoint.number + 1
        try:
            statement = statement_of(checkpoint)
        except BadStatement:
            expected = None
            continue
        expected = statement.next_key or statement.key
        position = statement.position
        if statement.resumes and not faults:
            series.resumptions += [(statement, each) for each in statement.resumes]
        if not faults:
            series.good.append(statement)
            if statement.next_key is not None:
                retired.add(statement.key)
    series.findings += _untrusted(series.good, trusted)
    return series


def _faults(
    checkpoint: SignedCheckpoint,
    number: int,
    previous: str,
    position: int,
    expected: str | None,
    trusted: str | None,
) -> Iterator[Finding]:
    if checkpoint.number != number and not _resumes(checkpoint):
        absent = f"Checkpoint {number} is missing."
        yield Finding(Kind.CHECKPOINT, absent, checkpoint=number)
    try:
        statement = statement_of(checkpoint)
    except BadStatement as error:
        says = f"Checkpoint {checkpoint.number} cannot be read: it {error}."
        yield Finding(Kind.CHECKPOINT, says, checkpoint=checkpoint.number)
        return
    says = ""
    if not is_signed(checkpoint, statement):
        says = "is not signed by the key that it names: it was changed"
    elif statement.number != checkpoint.number:
        says = f"is the one that was signed as number {statement.number}"
    elif (checkpoint.number == number or statement.resumes) and statement.previous != previous:
        says = "does not follow the one before it: one of them was changed or put in its place"
    elif statement.position < position and not statement.resumes:
        says = "is of an earlier position than the one before it"
    elif expected not in (None, statement.key) and statement.key != trusted:
        says = "is signed by a key that the one before it did not announce"
    if says:
        yield Finding(
            Kind.CHECKPOINT,
            f"Checkpoint {checkpoint.number} {says}.",
            position=statement.position,
            checkpoint=checkpoint.number,
        )


def _resumes(checkpoint: SignedCheckpoint) -> bool:
    """Whether a signed checkpoint states that those before it were lost with the log's end."""
    try:
        statement = statement_of(checkpoint)
    except BadStatement:
        return False
    return bool(statement.resumes) and is_signed(checkpoint, statement)


def _untrusted(good: Sequence[Statement], trusted: str | None) -> Iterator[Finding]:
    """Check that the trusted key has signed or announced the last checkpoint."""
    if trusted is None or not good:
        return
    key = None
    for statement in good:
        key = statement.next_key or statement.key if statement.key in {trusted, key} else None
    if key is None:
        says = f"Checkpoint {good[-1].number} is signed by another key than the one you trust."
        yield Finding(Kind.CHECKPOINT, says, checkpoint=good[-1].number)
