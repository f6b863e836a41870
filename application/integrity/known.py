"""Compares a log's checkpoints with what is known of them apart from the database."""

from collections.abc import Iterator, Sequence

import msgspec

from application.integrity.checkpoint_check import Series
from application.integrity.findings import Finding, Kind
from application.integrity.report import Found
from application.integrity.signer_memory import BadMemory, Remembered, SignerMemory
from application.integrity.statement import digest_of, is_signed, statement_of
from application.ports.integrity_records import SignedCheckpoint


class Known(msgspec.Struct, frozen=True):
    """What whoever verifies knows: a key, checkpoints, a position, the signer's memory."""

    trusted: str | None = None
    anchors: Sequence[SignedCheckpoint] = ()
    at_least: int = 0
    memory: SignerMemory | None = None


def check_known(
    checkpoints: Sequence[SignedCheckpoint], series: Series, known: Known, found: Found
) -> list[str]:
    """Add what contradicts it to the findings; return why the log is not proven, in sentences."""
    for anchor in known.anchors:
        found.add(_anchor_faults(anchor, checkpoints, series, known.trusted))
    reasons = []
    if not series.good:
        reasons.append("No good checkpoint covers the log: hashes made anew would not be noticed.")
    remembered = None
    try:
        remembered = None if known.memory is None else known.memory.read()
    except PermissionError:
        pass  # the memory is the service's; who verifies as somebody else knows the key
    except (BadMemory, OSError) as error:
        reasons.append(f"The signer's memory cannot be read: {error}")
    if remembered is not None:
        found.add(_contradictions(checkpoints, remembered))
        reasons += _missing(checkpoints, remembered)
    return reasons


def _contradictions(
    checkpoints: Sequence[SignedCheckpoint], remembered: Remembered
) -> Iterator[Finding]:
    last = remembered.last
    if last is None or remembered.left:
        return
    for each in checkpoints:
        if each.number == last.number and digest_of(each) != last.digest:
            says = f"Checkpoint {last.number} is another one than the signer remembers."
            yield Finding(Kind.CHECKPOINT, says, checkpoint=last.number)


def _missing(checkpoints: Sequence[SignedCheckpoint], remembered: Remembered) -> Iterator[str]:
    last = remembered.last
    there = max((each.number for each in checkpoints), default=0)
    if last is not None and not remembered.left and last.number > there:
        yield (
            f"The signer remembers checkpoint {last.number} up to position {last.position}; the"
            f" log has {f'checkpoints up to {there}' if there else 'none'}."
        )


def _anchor_faults(
    anchor: SignedCheckpoint,
    checkpoints: Sequence[SignedCheckpoint],
    series: Series,
    trusted: str | None,
) -> Iterator[Finding]:
    """A checkpoint that was kept elsewhere is by a known key, and no other one has its number.

    The keys of good checkpoints count, which the trusted one vouches for: each covers the one
    before it.
    """
    statement = statement_of(anchor)
    number, says = statement.number, ""
    others = (digest_of(each) for each in checkpoints if each.number == number)
    keys = {trusted, *(each.key for each in series.good)} if not series.findings else {trusted}
    if not is_signed(anchor, statement):
        says = "is not signed by the key that it names: it was changed."
    elif trusted is not None and statement.key not in keys:
        says = "is signed by another key than the one you trust."
    elif any(each != digest_of(anchor) for each in others):
        says = "is another one than the log has under this number: two were signed."
    if says:
        text = f"The checkpoint {number} that was kept elsewhere {says}"
        yield Finding(Kind.CHECKPOINT, text, position=statement.position, checkpoint=number)
