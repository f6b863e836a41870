"""Verifies the administrative trail: its chain, and what checkpoints state of it."""

from collections.abc import Sequence

from application.event_log.admin_trail import FIRST_HASH, faults_of
from application.integrity.checkpoint import statement_of
from application.ports.admin_trail import TrailEntry
from application.ports.store import Store


def admin_trail_faults(store: Store, entries: Sequence[TrailEntry]) -> list[str]:
    """Sentences about what is wrong with the whole administrative trail."""
    faults = list(faults_of(entries))
    signed = store.audit().last_checkpoint()
    if signed is None:
        return faults
    statement = statement_of(signed)
    hashes = {entry.number: entry.hash for entry in entries}
    found = hashes.get(
        statement.admin_trail_number, FIRST_HASH if not statement.admin_trail_number else b""
    )
    if statement.admin_trail is not None and found.hex() != statement.admin_trail:
        faults.append(
            f"Checkpoint {statement.number} was signed over another administrative trail,"
            f" of {statement.admin_trail_number} entries."
        )
    return faults
