"""The last checkpoint, as far as it can be read, and when the next one is late."""

from datetime import datetime

import msgspec

from application.integrity.statement import BadStatement, statement_of
from application.ports.store import Store

MOST_MISSED = 3
"""So many checkpoints may be due before that needs somebody."""


class LastCheckpoint(msgspec.Struct, frozen=True):
    """Its number, when it was made, and the position up to which it signs the log."""

    number: int
    at: datetime
    position: int


def last_checkpoint(store: Store) -> LastCheckpoint | None:
    """The last checkpoint; None if there is none that can be read."""
    found = store.audit().last_checkpoint()
    if found is None:
        return None
    try:
        statement = statement_of(found)
        return LastCheckpoint(
            found.number, datetime.fromisoformat(statement.at), statement.position
        )
    except (BadStatement, ValueError, TypeError):
        return None
