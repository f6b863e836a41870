"""When each key was last used: a table apart from the keys, so that no catalogue is loaded anew."""

from collections.abc import Iterable
from datetime import datetime

from application.runtime.clock import from_ms, to_ms
from application.storage.shared.database import Database

NOTE = (
    "INSERT INTO key_usage VALUES (?, ?) ON CONFLICT (key_id) DO UPDATE SET at = excluded.at"
    " WHERE excluded.at > key_usage.at"
)


class KeyUsageTable:
    """The port `KeyUsageRecords` (`application/ports/key_usage.py`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, keys: Iterable[str], at: datetime) -> None:
        """Note that these keys were used; never an earlier moment than is known."""
        with self._database.transaction() as session:
            session.run_each(NOTE, [(key, to_ms(at)) for key in sorted(keys)])

    def last(self) -> dict[str, datetime]:
        """When each key was last used; keys that never were are absent."""
        rows = self._database.rows("SELECT key_id, at FROM key_usage")
        return {key: from_ms(at) for key, at in rows}
